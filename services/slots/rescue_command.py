"""``diemcau rescue``: finds out why neither slot gets there, and tells the neighbours."""

import io
import time
from pathlib import Path

import click

from appliance.base.errors import FactFileError
from appliance.base.fact_file import UPDATE_FILE
from services.slots.current_slot import SLOT_FILES, running_slot, slot_file
from services.slots.header import HEADER, read_header
from services.slots.integrity import damage
from services.slots.record import Outcome, SlotRecord, Trial, read_record, write_record
from services.slots.rescue import FOLDER, UNREADABLE, damaged, facts, failed, starts
from services.slots.state import SLOTS
from services.slots.verdict_command import reached


class InTime(io.FileIO):
    """A slot that is read until `end` (monotonic s) and no longer: the endpoint waits for it.

    Then each read raises `TimeoutError`.
    """

    def __init__(self, path: Path, end: float) -> None:
        super().__init__(path)
        self._end = end

    def read(self, size: int | None = -1, /) -> bytes:
        """As `io.FileIO.read`."""
        if time.monotonic() > self._end:
            raise TimeoutError("not all was read in time")
        return super().read(-1 if size is None else size) or b""


@click.command("rescue")
@click.option("--folder", default=FOLDER, show_default=True, type=click.Path(path_type=Path),
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
    """Run once at a start that is beyond the budget. Never ends it: it is said what fails."""
    end = time.monotonic() + within
    record = read_record(data)
    trials = {
        slot: trial
        for slot in SLOTS
        if (trial := _examined(slot, slot_file(slot_files, slot), data, record, end)) is not None
    }
    for slot, trial in trials.items():
        click.echo(f"slot {slot}, {trial.version}: {trial.reason}")
    _keep(data, record, trials)
    try:
        told = facts(starts(folder), running_slot(root), trials)
        UPDATE_FILE.write(run_path, told, time.time())
    except FactFileError as error:
        click.echo(str(error), err=True)


def _examined(slot: str, file: Path, data: Path, record: SlotRecord, end: float) -> Trial | None:
    """None where nothing was ever written into the slot."""
    version = ""
    try:
        with InTime(file, end) as image:
            header = read_header(image)
            if header is None:
                image.seek(0)
                empty = not any(image.read(HEADER))
                return None if empty else Trial("", Outcome.FAILED, "header is damaged")
            version = header.version
            here = reached(data, slot) == header.root.digest.hex()
            return failed(slot, header, record, reached=here, damage=lambda: damage(image, header))
    except TimeoutError as error:
        return Trial(version, Outcome.FAILED, str(error))
    except OSError as error:
        return Trial(version, Outcome.FAILED, f"{UNREADABLE}: {error.strerror}")


def _keep(data: Path, record: SlotRecord, trials: dict[str, Trial]) -> None:
    """Damage stays; what may have been a cut of the power is asked anew at the next such start."""
    after = record
    for slot, trial in trials.items():
        if trial.version and damaged(trial.reason):
            after = after.with_trial(slot, trial)
    if after == record:
        return
    try:
        write_record(data, after)
    except OSError as error:
        click.echo(f"what was found cannot be kept: {error}", err=True)
