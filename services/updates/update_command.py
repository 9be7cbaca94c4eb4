"""``diemcau update BUNDLE``: installs a bundle into the other slot, and keeps why not."""

import time
from dataclasses import replace
from pathlib import Path

import click

from appliance.base.site_file import SiteFileError, read_site
from services.slots.current_slot import running_slot
from services.slots.record import Refused, SlotRecord, read_record, write_record
from services.slots.rescue import COUNT
from services.updates.budgeted_install import metered

DEADLINE_S = 3600.0
"""300 MB over a line of 1 Mbit/s take forty minutes."""
INSTALL = ("rauc", "install")
HANDLER = "Pre-install handler error"
MIB = 2**20


@click.command("update")
@click.argument("bundle")
@click.option("--data", default="/data", show_default=True, type=click.Path(path_type=Path))
@click.option("--most", default=400.0, show_default=True, type=click.FloatRange(min=0),
              help="MiB that may come over the line; beyond it the update ends.")  # fmt: skip
@click.option("--ca", type=click.Path(path_type=Path),
              help="Authority of the server's certificate; the site file's province.")  # fmt: skip
def update(bundle: str, data: Path, most: float, ca: Path | None) -> None:
    """Install BUNDLE, a file or an https address; the next start tries it.

    Of an address only those blocks are fetched that the running slot does not have. Exit code 0
    where it is installed, 1 where it is refused; the reason stays in `diemcau slots`.
    """
    authority = ca or _authority(data)
    words = (*INSTALL, *(("--tls-ca", str(authority)) if authority else ()), bundle)
    over_a_line = "://" in bundle
    done = metered(words, round(most * MIB) if over_a_line else None, DEADLINE_S)
    click.echo(f"{done.said}{done.received / MIB:.1f} MiB came over the line")
    reason = "" if done.code == 0 else reason_of(done.said)
    try:
        write_record(data, after(read_record(data), bundle, reason))
        if not reason:
            # A remedy is tried with a whole budget, and may fall back again.
            (data / COUNT).unlink(missing_ok=True)
    except OSError as error:
        click.echo(f"the outcome cannot be kept: {error}", err=True)
    if reason:
        raise SystemExit(1)


def _authority(data: Path) -> str:
    """The province's own, where the settings name one."""
    try:
        return read_site(data / "site" / "site.toml").province.ca
    except SiteFileError:
        return ""


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
    """RAUC's word on why not: its property LastError, as its client prints it; ours comes after."""
    words = [
        line.partition("LastError: ")[2] for line in said.splitlines() if "LastError: " in line
    ]
    words = words or [line for line in said.splitlines() if line.strip()]
    return words[-1].strip()[:400] if words else "rauc said nothing"
