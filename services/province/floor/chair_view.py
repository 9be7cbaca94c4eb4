"""The data of the chair's page: who is in or missing, hands in their order, who has the floor."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from appliance.core.decision import Phase
from services.province.fleet.overview import statuses_of
from services.province.fleet.readiness import SiteStatus, is_near
from services.province.floor.attendance import folded
from services.province.floor.ended import Ended, can_be_ended, ended_of
from services.province.floor.participants import (
    OccurrenceKey,
    Participant,
    holder_of,
    leader_of,
    present_participations,
)
from services.province.floor.room_monitor import FLOOR_SCHEMES
from services.province.schedule.feeds import Schedule, changes_of
from services.province.schedule.ical import Occurrence, occurrences
from services.province.schedule.meetings import get_meeting
from services.province.sites.tree import Tree
from services.province.storage.tables import Floor, Meeting

DAY_S = 86400.0
WAITING, OVERTIME = "waiting", "overtime"
"""Words of a site's report for the period of its meeting (docs/wire.md)."""


def _blank_floor(key: OccurrenceKey) -> Floor:
    return Floor(meeting_id=key.meeting_id, instance=key.instance, wanted="", shown="", problem="")


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody in the meeting: a site, or a guest in its room. ``hand_at``: since when it is up.

    ``number`` is the participant's; ``unproved``: bears an invited site's name without proof.
    """

    number: int
    name: str
    site: str
    came_at: float
    hand_at: float | None = None
    mic: bool | None = None
    line: str = ""
    in_room: bool = True
    unproved: bool = False


@dataclass(frozen=True, slots=True)
class MissingSite:
    """An invited site that is not in."""

    site: str
    name: str
    status: SiteStatus


@dataclass(frozen=True, slots=True)
class ChairView:
    """All that the chair's page shows."""

    meeting: Meeting
    occurrence: Occurrence | None
    floor: Floor
    hands: tuple[Attendee, ...]
    attendees: tuple[Attendee, ...]
    missing: tuple[MissingSite, ...]
    can_give_floor: bool
    over_sip: bool
    """Whether the sites get the floor from us; a room shows it to everyone."""
    holder: int | None = None
    """The number of who has the floor and is in."""
    leader: int | None = None
    """The number of the person in the chair, whom all sites see."""
    waiting: int = 0
    """So many of the sites that are in wait for the opening."""
    overtime: int = 0
    """So many are past the end and stay."""
    can_be_ended: bool = False
    ended: Ended | None = None
    """Who ended it, and when; None: it goes on as planned."""
    over_s: float = 0.0
    """So long it is past its end; below 0 before that."""

    @property
    def sites_in(self) -> int:
        """How many of the invited sites are in."""
        return len({one.site for one in self.attendees if one.site})


def occurrence_of(session: Session, key: OccurrenceKey) -> Occurrence | None:
    """The occurrence of a key; None where there is none (any more)."""
    meeting = get_meeting(session, key.meeting_id)
    changes = changes_of(session, [meeting.id]).get(meeting.id, [])
    # One that was moved is far from where its rule has it: all of the series' moves are looked at.
    moved = [c.begin for c in changes if c.instance == key.instance and c.begin is not None]
    at = moved[0] if moved else key.instance
    found = occurrences(meeting, changes, at - DAY_S, at + DAY_S)
    return next((one for one in found if one.instance == key.instance), None)


def chair_view(session: Session, key: OccurrenceKey, now: float) -> ChairView:
    """The page's data at `now`; raises `NotFoundError` for a meeting that does not exist."""
    occurrence = occurrence_of(session, key)
    meeting = get_meeting(session, key.meeting_id)
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, now - DAY_S)
    invited = schedule.guests.get(meeting.id, set()) & set(tree.sites)
    close = occurrence is not None and is_near(now, occurrence.begin, occurrence.end)
    statuses = statuses_of(session, invited, now, close=close)
    names = {folded(tree.sites[site].name) for site in invited}
    present = present_participations(session, key)
    attendees = [
        Attendee(
            one.number,
            one.name,
            one.site_id or "",
            one.came_at,
            one.hand_at,
            one.mic,
            unproved=one.site_id is None and folded(one.name) in names,
        )
        for one in present
    ]
    here = {one.site for one in attendees}
    uid = occurrence.uid if occurrence is not None else ""
    over_s = now - occurrence.end if occurrence is not None else 0.0
    for site in sorted(invited - here):
        status = statuses[site]
        # While the console is not in the room, the sites' own reports count.
        if status.phase == Phase.IN_MEETING and status.meeting == uid:
            hand = status.hand_since or None
            since = status.heard_at or now
            attendees.append(Attendee(0, tree.sites[site].name, site, since, hand, in_room=False))
            here.add(site)
    inside = [one for one in statuses.values() if one.in_meeting and one.meeting == uid]
    hands = [one for one in attendees if one.hand_at is not None]
    missing = [MissingSite(site, tree.sites[site].name, statuses[site]) for site in invited - here]
    floor = session.get(Floor, (key.meeting_id, key.instance)) or _blank_floor(key)
    people = [Participant(one.number, one.name, site=one.site_id or "") for one in present]
    holder = holder_of(floor).among(people) if floor.wanted else None
    leader = leader_of(floor).among(people) if floor.leader else None
    return ChairView(
        meeting,
        occurrence,
        floor,
        tuple(sorted(hands, key=lambda one: (one.hand_at or 0.0, one.name))),
        tuple(sorted(attendees, key=lambda one: (not one.site, one.name))),
        tuple(sorted(missing, key=lambda one: one.name)),
        meeting.address.startswith(FLOOR_SCHEMES),
        meeting.address.startswith("sip"),
        holder.number if holder is not None else None,
        leader.number if leader is not None else None,
        sum(one.period == WAITING for one in inside),
        sum(one.period == OVERTIME for one in inside),
        occurrence is not None and can_be_ended(occurrence, now),
        ended_of(session, occurrence) if occurrence is not None else None,
        over_s,
    )
