"""Doubts a feed that has lost most of its future, until it says the same again minutes later.

A calendar server that starts up, a full disk or a wrong filter answers with a perfectly good and
nearly empty calendar. Believed at once it wipes the evening's meeting from every site.
"""

from dataclasses import dataclass

from appliance.wire.calendar.agenda import Agenda

CONFIRM_AFTER_S = 180.0
"""A second look sooner than this sees the same hiccup."""

MIN_INTERVAL_S, DEFAULT_INTERVAL_S, MAX_INTERVAL_S = 60.0, 300.0, 900.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a feed no longer names, and since when (POSIX s) it has been saying so."""

    lost: frozenset[str]
    since: float


def lost_meetings(kept: Agenda, received: Agenda, now: float) -> frozenset[str]:
    """The uids of meetings still ahead or running that `received` no longer has.

    A meeting is there under its uid or at its time (some servers make new uids each time); one that
    is cancelled by name is not lost.
    """
    uids = {meeting.uid for meeting in received.meetings}
    times = {(meeting.begin, meeting.end) for meeting in received.meetings}
    return frozenset(
        meeting.uid
        for meeting in kept.meetings
        if meeting.end > now
        and meeting.uid not in uids
        and (meeting.begin, meeting.end) not in times
        and not _cancelled(meeting.uid, received.cancelled)
    )


def judge(
    kept: Agenda,
    received: Agenda,
    doubt: Doubt | None,
    now: float,
    *,
    confirm_after_s: float = CONFIRM_AFTER_S,
) -> Doubt | None:
    """None: take `received`. A doubt: keep what there is, and ask again with this doubt.

    Both agendas must be of the same window. A shrunken feed is taken when it has been without the
    same meetings for `confirm_after_s`; one that lacks others than before starts the wait anew.
    """
    lost = lost_meetings(kept, received, now)
    ahead = frozenset(meeting.uid for meeting in kept.meetings if meeting.end > now)
    if 2 * len(lost) <= len(ahead):
        return None
    agrees = doubt is not None and doubt.lost & ahead <= lost
    if doubt is None or not agrees or now < doubt.since:
        return Doubt(lost, now)
    return None if now - doubt.since >= confirm_after_s else doubt


def poll_interval_s(refresh_s: float | None, jitter: float, *, doubted: bool = False) -> float:
    """Seconds until the next poll: what the feed asks for, within 1 to 15 minutes.

    `jitter` is a random number of [0, 1): the pause is shortened by up to a fifth, so that 135
    sites that were powered on together do not stay in step. A doubted feed is asked again as soon
    as the answer can count.
    """
    if doubted:
        return CONFIRM_AFTER_S + 20.0 * jitter
    wanted = DEFAULT_INTERVAL_S if refresh_s is None else refresh_s
    base = min(max(wanted, MIN_INTERVAL_S / 0.8), MAX_INTERVAL_S)
    return base * (1.0 - 0.2 * jitter)


def _cancelled(uid: str, cancelled: frozenset[str]) -> bool:
    return uid in cancelled or uid.rpartition("/")[0] in cancelled
