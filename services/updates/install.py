"""Installs a release into the other slot, and restarts the box into it.

By hand, from a stick or from an address: `diemcau update`, `diemcau stick` and `diemcau updater`
call the same functions.
"""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

from appliance.base.paths import Paths
from appliance.core.maintenance_window import Work
from services.slots.attempt_marks import forget_failed_starts
from services.slots.current_slot import running_slot
from services.slots.record import Refused, SlotRecord, read_record, write_record
from services.support import shell
from services.updates import box
from services.updates.budgeted_install import Finished, Stop, run_rauc
from services.updates.bundle_size import download_budget
from services.updates.release_address import AddressError, release_at
from services.updates.window import Window

DEADLINE_S = 3600.0
"""300 MB over a line of 1 Mbit/s take forty minutes."""
INSTALL = ("rauc", "install")
REBOOT = ("systemctl", "--no-block", "reboot")
HANDLER_REFUSED = "Pre-install handler error"
"""How RAUC's reason begins where `diemcau admit` has refused; that command keeps why."""
MAX_REASON_CHARS = 400


class Ending(Enum):
    """What became of an install."""

    INSTALLED = auto()
    FAILED = auto()
    """RAUC refused the bundle, or the line was gone."""
    OVER_BUDGET = auto()
    """More than the budget has come over the line."""
    STOPPED = auto()
    """A meeting came near; nothing was wrong with the bundle."""


@dataclass(frozen=True, slots=True)
class Install:
    """How one install ended."""

    ending: Ending
    reason: str = ""
    """Why it is not installed; kept in `diemcau slots show` as well."""
    output: str = ""
    """What RAUC printed."""
    received: int = 0
    """Bytes over the line."""
    not_kept: str = ""
    """Why the outcome could not be kept on the data partition."""


def is_address(bundle: str) -> bool:
    """Whether `bundle` comes over a line."""
    return "://" in bundle


def install(
    bundle: str,
    paths: Paths,
    *,
    why_stop: Callable[[], str],
    max_bytes: int | None = None,
    authority: str = "",
) -> Install:
    """Install `bundle`, a file or an https address, into the other slot; the next start tries it.

    `why_stop` is asked every few seconds whether it may go on. `max_bytes` bounds what comes over
    the line; None for a share of the bundle (`DOWNLOAD_SHARE`), for whose size RAUC is then asked.
    `authority` is a file with the one that the server's certificate has to be from; "" for the one
    that the settings name. The outcome stays in the slots' record.
    """
    authority = authority or _authority(paths)
    words = (*INSTALL, *(("--tls-ca", authority) if authority else ()), bundle)
    if not is_address(bundle):
        max_bytes = None
    elif max_bytes is None:
        try:
            max_bytes = download_budget(release_at(bundle, authority).size)
        except AddressError as error:
            return _kept(paths, bundle, Install(Ending.FAILED, str(error)))
    done = run_rauc(words, max_bytes, DEADLINE_S, why_stop=why_stop)
    ending = _ending(done)
    reason = "" if ending is Ending.INSTALLED else reason_of(done.output)
    return _kept(paths, bundle, Install(ending, reason, done.output, done.received))


def restart(window: Window) -> str:
    """Restart the box into what was installed. Why not now; "" where it is on its way down."""
    if reason := window.why_wait(Work.RESTART):
        return reason
    try:
        done = subprocess.run(
            REBOOT, capture_output=True, text=True, timeout=shell.DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"systemd cannot be asked: {error}"
    return done.stderr.strip() or "systemd will not" if done.returncode else ""


def reason_of(output: str) -> str:
    """RAUC's last word on why not: its property LastError, as its client prints it."""
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line.partition("LastError: ")[2] for line in lines if "LastError: " in line]
    words = errors or lines
    return words[-1].strip()[:MAX_REASON_CHARS] if words else "rauc said nothing"


def after(record: SlotRecord, bundle: str, reason: str) -> SlotRecord:
    """The record once RAUC is done with `bundle`; `reason` is "" where it is installed."""
    if reason:
        known = record.refused
        if reason.startswith(HANDLER_REFUSED) and known is not None:
            reason = known.reason
        return replace(record, refused=Refused(bundle, reason, time.time()))
    # The other slot holds something new: what became of the old is no longer of interest.
    running = running_slot()
    kept = {slot: one for slot, one in record.results.items() if slot == running}
    return SlotRecord(kept)


def _ending(done: Finished) -> Ending:
    if done.code == 0:
        return Ending.INSTALLED  # also where the stop came after the last block
    endings = {Stop.BYTES: Ending.OVER_BUDGET, Stop.WINDOW: Ending.STOPPED}
    return endings.get(done.stop, Ending.FAILED) if done.stop else Ending.FAILED


def _kept(paths: Paths, bundle: str, done: Install) -> Install:
    """`done`, once its outcome is kept, with the reason as it was kept."""
    record = after(read_record(paths.data), bundle, done.reason)
    try:
        write_record(paths.data, record)
        if done.ending is Ending.INSTALLED:
            # A remedy is tried with a whole budget, and may fall back again.
            forget_failed_starts(paths.data)
    except OSError as error:
        done = replace(done, not_kept=str(error))
    return replace(done, reason=record.refused.reason if record.refused else "")


def _authority(paths: Paths) -> str:
    """The province's own, where the settings name one."""
    site = box.settings(paths.data)
    return site.province.ca if site else ""
