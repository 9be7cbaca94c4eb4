"""May this box download or reboot now: never so that a meeting notices it.

* no download from 30 minutes before a meeting until its end: the line is tested then, and people
  begin to use it;
* no reboot from 2 hours before a meeting until its end: a restart that fails must leave somebody
  the time to find out and to telephone.

Only meetings that name an address count: an all-day entry of the calendar that nobody can join must
not keep a site from its updates for ever. A meeting that was hung up by hand does count, since Join
takes the hang-up back. Under a clock that is not trusted nobody can say that no meeting is on, so
neither is allowed.
"""

from appliance.wire.meeting import Meeting

NO_DOWNLOAD_S = 30 * 60.0
NO_REBOOT_S = 2 * 3600.0


def may_download(meetings: tuple[Meeting, ...], now: float, *, clock_trusted: bool) -> bool:
    """Whether a large download may run at `now` (POSIX s)."""
    return clock_trusted and _free(meetings, now, NO_DOWNLOAD_S)


def may_reboot(meetings: tuple[Meeting, ...], now: float, *, clock_trusted: bool) -> bool:
    """Whether this box may restart by itself at `now` (POSIX s)."""
    return clock_trusted and _free(meetings, now, NO_REBOOT_S)


def _free(meetings: tuple[Meeting, ...], now: float, before_s: float) -> bool:
    return not any(m.address and m.begin - before_s <= now < m.end for m in meetings)
