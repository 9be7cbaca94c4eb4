"""``diemcau slot-good``: notes that the running slot is good, and why the other did not start."""

import time
from pathlib import Path

import click

from appliance.base.errors import FactFileError
from appliance.base.fact_file import UPDATE_FILE
from appliance.wire.facts import UpdateFacts
from services.slots.attempt_marks import (
    RESCUE_FOLDER,
    forget_mark,
    is_marked,
    leave_rescue,
    reached_data,
)
from services.slots.boot_state_disk import DISK, read_state
from services.slots.current_slot import SLOT_FILES, release_in, running_slot, slot_file
from services.slots.failure_reason import new_failure
from services.slots.header import read_header
from services.slots.integrity import damage
from services.slots.record import Outcome, SlotRecord, SlotResult, read_record, write_record
from services.slots.state import SLOTS


@click.command("slot-good")
@click.option("--disk", default=DISK, show_default=True, type=click.Path(path_type=Path))
@click.option("--slots", "slot_files", default=SLOT_FILES, show_default=True,
              help="Where a slot is, {} its letter.")  # fmt: skip
@click.option("--data", default="/data", show_default=True, type=click.Path(path_type=Path))
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
@click.option("--rescue", "rescue_folder", default=RESCUE_FOLDER, show_default=True,
              type=click.Path(path_type=Path),
              help="Where the initramfs says that this is a rescue.")  # fmt: skip
def slot_good(
    disk: Path, slot_files: str, data: Path, run_path: Path, root: Path, rescue_folder: Path
) -> None:
    """Run once the slot is marked good. What it finds stands in `diemcau slots show` from then on.

    Never ends a start: what cannot be read or kept is said in the journal.
    """
    try:
        leave_rescue(rescue_folder, data)
    except OSError as error:
        click.echo(f"the count of starts cannot be taken back: {error}", err=True)
    running = running_slot(root)
    other = next(one for one in SLOTS if one != running)
    before = read_record(data)
    version = release_in(slot_file(slot_files, running))
    record = before.with_result(running, SlotResult(version, Outcome.GOOD))
    failure = _other_failure(other, disk, slot_file(slot_files, other), data, record)
    if failure is not None:
        record = record.with_result(other, failure)
        click.echo(f"slot {other}, {failure.version}: {failure.reason}")
    if record != before or is_marked(data, running):
        try:
            write_record(data, record)
            forget_mark(data, running)
        except OSError as error:
            click.echo(f"what became of the slots cannot be kept: {error}", err=True)
    if run_path.is_dir():
        _tell(run_path, update_facts(record, running, other, version))


def update_facts(record: SlotRecord, running: str, other: str, version: str) -> UpdateFacts:
    """For the other programs: health tells the province, and an update what not to try again."""
    result = record.results.get(other)
    if result is not None and result.outcome is Outcome.FAILED:
        state, wanted, detail = "fell-back", result.version, result.reason
    elif record.refused is not None:
        state, wanted, detail = "refused", record.refused.bundle, record.refused.reason
    else:
        state, wanted, detail = "running", "", ""
    return UpdateFacts(state=state, release=version, slot=running, wanted=wanted, detail=detail)


def _other_failure(
    other: str, disk: Path, file: Path, data: Path, record: SlotRecord
) -> SlotResult | None:
    try:
        attempts = read_state(disk).attempts(other)
        with file.open("rb") as image:
            header = read_header(image)
            return new_failure(
                other,
                header,
                attempts,
                record,
                reached=header is not None and reached_data(data, other, header.root.digest),
                damage=lambda: damage(image, header) if header else "",
            )
    except OSError as error:
        click.echo(f"slot {other} cannot be examined: {error}", err=True)
        return None


def _tell(run_path: Path, facts: UpdateFacts) -> None:
    try:
        UPDATE_FILE.write(run_path, facts, time.time())
    except FactFileError as error:
        click.echo(str(error), err=True)
