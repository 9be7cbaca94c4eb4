"""``diemcau trim``: tell the card once a week which blocks hold nothing any more (fstrim(8)).

A card that is never told moves dead blocks about for ever: it writes ever more slowly and wears
sooner. A timer calls this while the box is on: systemd's own fstrim.timer works on Monday at
midnight, when a commune's box is switched off, and asks nobody whether a meeting is on.
"""

import logging
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import click

from appliance.base.atomic_file import write_atomically
from appliance.base.journal import open_journal
from appliance.base.paths import Paths
from appliance.core.maintenance_window import Work
from hardware.vitals.mounts import disk_of, mount_of
from hardware.vitals.sysfs import whole
from services.updates.tools.options import box_options
from services.updates.window import Window

log = logging.getLogger("diemcau.trim")

INTERVAL_S = 7 * 86400.0
DEADLINE_S = 600.0
"""A full card of 128 GB takes seconds; one that takes longer than this is left alone for a week."""
FSTRIM = ("fstrim", "--verbose")
LAST_FILE = "boot/trimmed"
"""Below the data partition: POSIX seconds of the last try."""


@click.command("trim")
@box_options
def trim(run_path: Path, data: Path, root: Path) -> None:
    """Give the card's dead blocks back, once a week, where no meeting notices it.

    Exit code 0 whatever is found: the journal says what, and the timer looks again.
    """
    open_journal("trim")
    log.info("%s", look(Window(Paths(data, run_path, root), attended=False)))


def look(window: Window, fstrim: Sequence[str] = FSTRIM) -> str:
    """Trim where it is time; what became of it."""
    paths = window.paths
    mount = mount_of(paths.root, str(paths.data))
    disk = "" if mount is None else disk_of(mount.device)
    if not whole(paths.root / "sys/block" / disk / "queue/discard_max_bytes"):
        return f"the disk {disk or 'of no name'} takes no discards"
    now, last = window.now(), _last(paths.data / LAST_FILE)
    # A clock that was wrong has perhaps left a time that is still to come.
    if last is not None and 0.0 <= now - last < INTERVAL_S:
        return "trimmed within the last week"
    if reason := window.why_wait(Work.INSTALL):
        return f"not trimmed now: {reason}"
    try:
        # Before the work: what ends the box in the middle of it must not do so at each start.
        write_atomically(paths.data / LAST_FILE, f"{now:.0f}\n".encode())
    except OSError as error:
        return f"not trimmed: {error}"
    return _trimmed([*fstrim, str(paths.data)])


def _trimmed(command: Sequence[str]) -> str:
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"not trimmed: {error}"
    said = " ".join((done.stdout + done.stderr).split())[:200]
    return f"{said or f'exit code {done.returncode}'} ({time.monotonic() - began:.1f} s)"


def _last(file: Path) -> float | None:
    try:
        return float(file.read_text())
    except (OSError, ValueError):
        return None
