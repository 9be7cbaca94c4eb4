"""``diemcau rescue``: finds out why neither slot becomes good, and tells the other programs."""

import io
import time
from collections.abc import Mapping
from pathlib import Path

import click

from appliance.base.errors import FactFileError
from appliance.base.fact_file import UPDATE_FILE
from services.slots.attempt_marks import RESCUE_FOLDER, failed_starts, reached_data
from services.slots.current_slot import SLOT_FILES, running_slot, slot_file
from services.slots.header import HEADER_BYTES, read_header
from services.slots.integrity import damage
from services.slots.record import Outcome, SlotRecord, SlotResult, read_record, write_record
from services.slots.rescue import UNREADABLE, failed_result, is_damaged, rescue_facts
from services.slots.state import SLOTS


class DeadlineFile(io.FileIO):
    """A slot that is read until `deadline` (monotonic s) and no longer: the endpoint waits for it.

    Then each read raises `TimeoutError`.
    """

    def __init__(self, path: Path, deadline: float) -> None:
        super().__init__(path)
        self._deadline = deadline

    def read(self, size: int | None = -1, /) -> bytes:
        """As `io.FileIO.read`."""
        if time.monotonic() > self._deadline:
            raise TimeoutError("not all was read in time")
        return super().read(-1 if size is None else size) or b""


@click.command("rescue")
@click.option("--folder", default=RESCUE_FOLDER, show_default=True,
              type=click.Path(path_type=Path),
              help="Where the initramfs says that this is a rescue.")  # fmt: skip
@click.option("--slots", "slot_files", default=SLOT_FILES, show_default=True,
              help="Where a slot is, {} its letter.")  # fmt: skip
@click.option("--data", default="/data", show_default=True, type=click.Path(path_type=Path))
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
@click.option("--within", default=45.0, show_default=True,
              help="Seconds that both slots may be read.")  # fmt: skip
def rescue(
    folder: Path, slot_files: str, data: Path, run_path: Path, root: Path, within: float
) -> None:
    """Run once at a start in rescue. Never ends that start: what cannot be done is said."""
    deadline = time.monotonic() + within
    record = read_record(data)
    results = {
        slot: result
        for slot in SLOTS
        if (result := _examine(slot, slot_file(slot_files, slot), data, record, deadline))
    }
    for slot, result in results.items():
        click.echo(f"slot {slot}, {result.version}: {result.reason}")
    _keep_damage(data, record, results)
    try:
        facts = rescue_facts(failed_starts(folder), running_slot(root), results)
        UPDATE_FILE.write(run_path, facts, time.time())
    except FactFileError as error:
        click.echo(str(error), err=True)


def _examine(
    slot: str, file: Path, data: Path, record: SlotRecord, deadline: float
) -> SlotResult | None:
    """None where nothing was ever written into the slot."""
    version = ""
    try:
        with DeadlineFile(file, deadline) as image:
            header = read_header(image)
            if header is None:
                image.seek(0)
                empty = not any(image.read(HEADER_BYTES))
                return None if empty else SlotResult("", Outcome.FAILED, "header is damaged")
            version = header.version
            reached = reached_data(data, slot, header.root.digest)
            return failed_result(
                slot, header, record, reached=reached, damage=lambda: damage(image, header)
            )
    except TimeoutError as error:
        return SlotResult(version, Outcome.FAILED, str(error))
    except OSError as error:
        return SlotResult(version, Outcome.FAILED, f"{UNREADABLE}: {error.strerror}")


def _keep_damage(data: Path, record: SlotRecord, results: Mapping[str, SlotResult]) -> None:
    """Damage stays; what may have been a cut of the power is asked anew at the next such start."""
    after = record
    for slot, result in results.items():
        if result.version and is_damaged(result.reason):
            after = after.with_result(slot, result)
    if after == record:
        return
    try:
        write_record(data, after)
    except OSError as error:
        click.echo(f"what was found cannot be kept: {error}", err=True)
