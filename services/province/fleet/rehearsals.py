"""Rehearsals: an hour before a meeting, or at a click, its sites call in waves.

Nothing is kept of a rehearsal that comes by itself: which are due follows from the schedule, so
that two copies of the program, and one that starts anew, wish the same of the sites.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.province.schedule.feeds import Schedule
from services.province.schedule.ical import Occurrence
from services.province.sites.tree import Tree
from services.province.storage.tables import Rehearsal

AHEAD_S = 3600.0
"""By itself so long before the begin: whatever is found can still be mended by telephone."""
WAVE_S = 60.0
"""A site dials, stays for twenty seconds and leaves."""
WAVE_SITES = 12
"""At an MCU with twenty places others may be in a meeting of their own."""
MAX_WAVES = 20
"""Larger waves rather than more of them: the last is over half an hour before the meeting."""
ASK_AHEAD_S = 7 * 24 * 3600.0
"""A rehearsal can be asked for a week before the meeting."""
SHOWN_S = 1800.0
"""The wish stands for so long after a click; a site that was away takes its turn late."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One site's part in a rehearsal; see `appliance.wire.desired.Desired`."""

    name: str
    at: float
    meeting: str
    address: str = ""


def turns(session: Session, now: float, *, test_room: str = "") -> dict[str, Turn]:
    """What each site is to rehearse; of two meetings the one that begins first.

    `test_room` is the province's, "" for the meeting's own address.
    """
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, now)
    asked = {
        (row.meeting_id, row.instance): row.asked_at
        for row in session.scalars(select(Rehearsal).where(Rehearsal.asked_at > now - SHOWN_S))
    }
    found: dict[str, Turn] = {}
    for one in schedule.between(now, now + (ASK_AHEAD_S if asked else AHEAD_S)):
        asked_at = asked.get((one.meeting_id, one.instance))
        near = one.begin <= now + AHEAD_S
        address = test_room or schedule.meetings[one.meeting_id].address
        if not address or one.begin <= now or not (near or asked_at):
            continue
        base = asked_at or one.begin - AHEAD_S
        sites = sorted(schedule.invited(one) & set(tree.sites))
        for site, at in waves(sites, base).items():
            found.setdefault(site, Turn(f"{one.uid}@{base:.0f}", at, one.uid, test_room))
    return found


def waves(sites: Iterable[str], begin: float) -> Mapping[str, float]:
    """When each site's turn is (POSIX s), from `begin` on."""
    ordered = list(sites)
    size = max(WAVE_SITES, -(-len(ordered) // MAX_WAVES))
    return {site: begin + WAVE_S * (number // size) for number, site in enumerate(ordered)}


def ask(session: Session, occurrence: Occurrence, now: float) -> None:
    """Let all sites of this occurrence rehearse from `now` on, once more where they have."""
    key = (occurrence.meeting_id, occurrence.instance)
    row = session.get(Rehearsal, key)
    if row is None:
        session.add(Rehearsal(meeting_id=key[0], instance=key[1], asked_at=now))
    else:
        row.asked_at = now
