"""``diemcau update BUNDLE``: installs a bundle into the other slot, and keeps why not."""

import subprocess
import time
from dataclasses import replace
from pathlib import Path

import click

from services.boot.running import running_slot
from services.boot.slot_record import Refused, SlotRecord, read_record, write_record

DEADLINE_S = 3600.0
"""300 MB over a line of 1 Mbit/s take forty minutes."""
INSTALL = ("rauc", "install")
HANDLER = "Pre-install handler error"


@click.command("update")
@click.argument("bundle")
@click.option("--data", default="/data", show_default=True, type=click.Path(path_type=Path))
def update(bundle: str, data: Path) -> None:
    """Install BUNDLE, a file or an https address; the next start tries it.

    Exit code 0 where it is installed, 1 where it is refused; the reason stays in `diemcau slots`.
    """
    try:
        done = subprocess.run(
            (*INSTALL, bundle), capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        code, said = done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        code, said = 1, f"LastError: not done within {DEADLINE_S:.0f} s"
    click.echo(said)
    reason = "" if code == 0 else reason_of(said)
    try:
        write_record(data, after(read_record(data), bundle, reason))
    except OSError as error:
        click.echo(f"the outcome cannot be kept: {error}", err=True)
    if reason:
        raise SystemExit(1)


def after(record: SlotRecord, bundle: str, reason: str) -> SlotRecord:
    """The record once RAUC is done with `bundle`; `reason` is "" where it is installed."""
    if reason:
        known = record.refused
        if reason.startswith(HANDLER) and known is not None:
            # RAUC says that the handler refused; why, `diemcau admit` has kept.
            reason = known.reason
        return replace(record, refused=Refused(bundle, reason, time.time()))
    # The other slot holds something new: what became of the old is no longer of interest.
    running = running_slot()
    kept = {slot: trial for slot, trial in record.trials.items() if slot == running}
    return SlotRecord(kept)


def reason_of(said: str) -> str:
    """RAUC's own word on why not: its property LastError, as its client prints it."""
    for line in said.splitlines():
        _, found, reason = line.partition("LastError: ")
        if found:
            return reason.strip()[:400]
    last = [line for line in said.splitlines() if line.strip()]
    return last[-1].strip()[:400] if last else "rauc said nothing"
