"""``diemcau confirm``: waits until the slot check is passed, then has RAUC mark the slot good."""

import subprocess
import time
from math import inf
from pathlib import Path

import click

from appliance.base.fact_file import ENDPOINT_FILE, SITE_FILE
from appliance.core.rescue import NOT_PASSED
from services.slots.current_slot import SLOT_FILES, release_in, running_slot, slot_file
from services.slots.record import Outcome, SlotResult, read_record, write_record
from services.slots.slot_check import missing

FRESH_S = 20.0
"""The endpoint writes its facts at least every 5 s."""
POLL_INTERVAL_S = 2.0
MARK_GOOD = ("rauc", "status", "mark-good")
MARK_GOOD_DEADLINE_S = 60.0
"""RAUC's client gives up after 25 s, which a slow card may take, while its service goes on."""
SCREEN_SOCKET = "/tmp/.X11-unix/X0"  # noqa: S108 - where X puts it


@click.command("confirm")
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--data", default="/data", show_default=True,
              type=click.Path(path_type=Path), help="The data partition.")  # fmt: skip
@click.option("--screen", default=SCREEN_SOCKET, show_default=True,
              type=click.Path(path_type=Path, readable=False),
              help="The compositor's socket.")  # fmt: skip
@click.option("--slots", "slot_files", default=SLOT_FILES, show_default=True,
              help="Where a slot is, {} its letter.")  # fmt: skip
@click.option("--within", default=600.0, show_default=True, help="Seconds until it gives up.")
def confirm(run_path: Path, data: Path, screen: Path, slot_files: str, within: float) -> None:
    """Exit code 0 once the slot check is passed and the slot good, 1 where not in time."""
    until = time.monotonic() + within
    printed = None
    while True:
        lacking = missing(
            ENDPOINT_FILE.read(run_path, time.time(), FRESH_S),
            settings=(data / "site" / "site.toml").exists(),
            looked=_looked(run_path),
            screen=screen.exists(),
        )
        if lacking != printed:
            click.echo(f"waiting for: {lacking}" if lacking else "the slot check is passed")
            printed = lacking
        # A good slot must not be left because RAUC answers late.
        lacking = lacking or _mark()
        if not lacking:
            return
        if time.monotonic() >= until:
            click.echo(f"the slot check is not passed: {lacking}", err=True)
            _keep(data, slot_files, f"{NOT_PASSED}: {lacking}")
            raise SystemExit(1)
        time.sleep(POLL_INTERVAL_S)


def _looked(run: Path) -> bool:
    """Whether first boot has come to its end in this start, with whatever it found."""
    told = SITE_FILE.read(run, time.time(), inf)
    return told is not None and told.ended


def _mark() -> str:
    """What hinders RAUC from marking the running slot good; "" once it is marked."""
    try:
        done = subprocess.run(
            MARK_GOOD, capture_output=True, text=True, timeout=MARK_GOOD_DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"rauc: {error}"
    output = (done.stdout + done.stderr).strip()
    click.echo(output)
    return "" if done.returncode == 0 else f"rauc: {output[-200:]}"


def _keep(data: Path, slot_files: str, reason: str) -> None:
    """For the slot that runs after this one: it reads why."""
    slot = running_slot()
    try:
        result = SlotResult(release_in(slot_file(slot_files, slot)), Outcome.FAILED, reason)
        before = read_record(data)
        if (after := before.with_result(slot, result)) != before:
            write_record(data, after)
    except OSError as error:
        click.echo(f"the reason cannot be kept: {error}", err=True)
