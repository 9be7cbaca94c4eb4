"""``diemcau verdict``: notes that the running slot is good, and why the other one did not start."""

import time
from pathlib import Path

import click

from appliance.base.errors import FactFileError
from appliance.base.fact_file import UPDATE_FILE
from appliance.wire.facts import UpdateFacts
from services.slots.current_slot import SLOT_FILES, release_in, running_slot, slot_file
from services.slots.failure_reason import judge
from services.slots.header import read_header
from services.slots.integrity import damage
from services.slots.record import Outcome, SlotRecord, Trial, read_record, write_record
from services.slots.rescue import FOLDER, leave
from services.slots.slots_command import DISK, read
from services.slots.state import SLOTS

REACHED = "boot/reached-{}"
"""Below the data partition, written by the initramfs: the root hash of what has mounted it and is
not yet known to be good."""


@click.command("verdict")
@click.option("--disk", default=DISK, show_default=True, type=click.Path(path_type=Path))
@click.option("--slots", "slot_files", default=SLOT_FILES, show_default=True,
              help="Where a slot is, {} its letter.")  # fmt: skip
@click.option("--data", default="/data", show_default=True, type=click.Path(path_type=Path))
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
@click.option("--rescue", "rescue_folder", default=FOLDER, show_default=True,
              type=click.Path(path_type=Path), help="What the initramfs left.")  # fmt: skip
def verdict(
    disk: Path, slot_files: str, data: Path, run_path: Path, root: Path, rescue_folder: Path
) -> None:
    """Run once the slot is marked good. What it finds stands in `diemcau slots show` from then on.

    Never ends a start: what cannot be read or kept is said in the journal.
    """
    try:
        leave(rescue_folder, data)
    except OSError as error:
        click.echo(f"the count of starts cannot be taken back: {error}", err=True)
    running = running_slot(root)
    other = next(one for one in SLOTS if one != running)
    before = read_record(data)
    version = release_in(slot_file(slot_files, running))
    record = before.with_trial(running, Trial(version, Outcome.GOOD))
    found = _other(other, disk, slot_file(slot_files, other), data, record)
    if found is not None:
        record = record.with_trial(other, found)
        click.echo(f"slot {other}, {found.version}: {found.reason}")
    if record != before or (data / REACHED.format(running)).exists():
        try:
            write_record(data, record)
            (data / REACHED.format(running)).unlink(missing_ok=True)
        except OSError as error:
            click.echo(f"the verdict cannot be kept: {error}", err=True)
    if run_path.is_dir():
        _tell(run_path, facts(record, running, other, version))


def facts(record: SlotRecord, running: str, other: str, version: str) -> UpdateFacts:
    """For the neighbours (`diemcau health`, which tells the province)."""
    trial = record.trials.get(other)
    if trial is not None and trial.outcome is Outcome.FAILED:
        state, wanted, detail = "fell-back", trial.version, trial.reason
    elif record.refused is not None:
        state, wanted, detail = "refused", record.refused.bundle, record.refused.reason
    else:
        state, wanted, detail = "running", "", ""
    return UpdateFacts(state=state, release=version, slot=running, wanted=wanted, detail=detail)


def _other(other: str, disk: Path, file: Path, data: Path, record: SlotRecord) -> Trial | None:
    try:
        attempts = read(disk).attempts(other)
        with file.open("rb") as image:
            header = read_header(image)
            return judge(
                other,
                header,
                attempts,
                record,
                reached=header is not None and reached(data, other) == header.root.digest.hex(),
                damage=lambda: damage(image, header) if header else "",
            )
    except OSError as error:
        click.echo(f"slot {other} cannot be examined: {error}", err=True)
        return None


def reached(data: Path, slot: str) -> str:
    """The root hash of the release in `slot` that has last mounted the data partition; "" of none.

    A slot that was marked good since has none, either.
    """
    try:
        return (data / REACHED.format(slot)).read_text().strip()
    except OSError:
        return ""


def _tell(run_path: Path, told: UpdateFacts) -> None:
    try:
        UPDATE_FILE.write(run_path, told, time.time())
    except FactFileError as error:
        click.echo(str(error), err=True)
