"""What a box knows of the present, by which grants are allowed or refused."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from appliance.base.clock import SystemClock
from appliance.core.versions import made_at
from hardware.vitals.identity import release

TIMESYNC = Path("var/lib/systemd/timesync/clock")
"""Its modification time is one that this box had before: systemd-timesyncd sets it to the clock's
once a minute (timesyncd.conf(5), SaveIntervalSec), also where no time server was ever heard."""


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """What is known of the present."""

    now: datetime
    """The machine's clock; means nothing unless it is `trusted`."""
    trusted: bool
    past: datetime
    """The newest moment that is known to have passed."""


def trusted_time(root: Path, trust: str) -> TrustedTime:
    """Of the machine whose system is below `root`; `trust` is the site file's ``clock.trust``.

    Used grants' times of issue do not count: one laptop with a wrong year would close the box to
    all that follow.
    """
    past = max(release_made(root), kept_hour(root))
    clock = SystemClock(trust=trust, floor=past)
    now = datetime.fromtimestamp(clock.now(), UTC)
    return TrustedTime(now, clock.trusted(), datetime.fromtimestamp(past, UTC))


def release_made(root: Path) -> float:
    """When the running release was committed (POSIX s); 0 on a machine that is no image of ours."""
    try:
        return made_at(release(root))
    except ValueError:
        return 0.0


def kept_hour(root: Path) -> float:
    """The hour that this box kept last (POSIX s); 0 where it kept none."""
    try:
        return (root / TIMESYNC).stat().st_mtime
    except OSError:
        return 0.0
