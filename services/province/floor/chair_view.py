"""The chair's page as values: who is in and missing, hands in their order, who has the floor."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from appliance.core.decision import Phase
from services.province.fleet.overview import standings_of
from services.province.fleet.readiness import Standing, near
from services.province.floor.participants import Key, open_stays
from services.province.floor.room_monitor import GIVEN
from services.province.schedule.feeds import Schedule, changes_of
from services.province.schedule.ical import Occurrence, occurrences
from services.province.schedule.meetings import get_meeting
from services.province.sites.tree import Tree
from services.province.storage.tables import Floor, Meeting

DAY_S = 86400.0


def _nobodys(key: Key) -> Floor:
    return Floor(meeting_id=key.meeting_id, instance=key.instance, wanted="", shown="", trouble="")


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody in the meeting: a site, or another in its room. ``hand_at``: since when it is up."""

    name: str
    site: str
    came_at: float
    hand_at: float | None = None
    mic: bool | None = None
    line: str = ""
    in_room: bool = True


@dataclass(frozen=True, slots=True)
class Missing:
    """An invited site that is not in."""

    site: str
    name: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class ChairView:
    """All that the chair's page shows."""

    meeting: Meeting
    occurrence: Occurrence | None
    floor: Floor
    hands: tuple[Seat, ...]
    seats: tuple[Seat, ...]
    missing: tuple[Missing, ...]
    gives: bool
    """Whether the floor can be given from here."""
    told: bool
    """Whether the sites are told of it by us, as over SIP: a room shows it to everyone."""


def occurrence_of(session: Session, key: Key) -> Occurrence | None:
    """The occurrence that a key means; None where there is none (any more)."""
    meeting = get_meeting(session, key.meeting_id)
    changes = changes_of(session, [meeting.id]).get(meeting.id, [])
    # One that was moved is far from where its rule has it: all of the series' moves are looked at.
    moved = [c.begin for c in changes if c.instance == key.instance and c.begin is not None]
    at = moved[0] if moved else key.instance
    found = occurrences(meeting, changes, at - DAY_S, at + DAY_S)
    return next((one for one in found if one.instance == key.instance), None)


def chair_view(session: Session, key: Key, now: float) -> ChairView:
    """How the meeting stands; raises `NotFoundError` for one that is not there."""
    occurrence = occurrence_of(session, key)
    meeting = get_meeting(session, key.meeting_id)
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, now - DAY_S)
    invited = schedule.guests.get(meeting.id, set()) & set(tree.sites)
    close = occurrence is not None and near(now, occurrence.begin, occurrence.end)
    standings = standings_of(session, invited, now, close=close)
    seats = [
        Seat(stay.name, stay.site_id or "", stay.came_at, stay.hand_at, stay.mic)
        for stay in open_stays(session, key)
    ]
    here = {seat.site for seat in seats}
    uid = occurrence.uid if occurrence is not None else ""
    for site in sorted(invited - here):
        standing = standings[site]
        # While the console is not in the room, what the sites say of themselves counts.
        if standing.phase == Phase.IN_MEETING and standing.meeting == uid:
            hand = standing.hand_since or None
            heard = standing.heard_at or now
            seats.append(Seat(tree.sites[site].name, site, heard, hand, in_room=False))
            here.add(site)
    hands = [seat for seat in seats if seat.hand_at is not None]
    missing = [Missing(site, tree.sites[site].name, standings[site]) for site in invited - here]
    return ChairView(
        meeting,
        occurrence,
        session.get(Floor, (key.meeting_id, key.instance)) or _nobodys(key),
        tuple(sorted(hands, key=lambda seat: (seat.hand_at or 0.0, seat.name))),
        tuple(sorted(seats, key=lambda seat: (not seat.site, seat.name))),
        tuple(sorted(missing, key=lambda one: one.name)),
        meeting.address.startswith(GIVEN),
        meeting.address.startswith("sip"),
    )
