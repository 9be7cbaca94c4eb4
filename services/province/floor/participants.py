"""The participants of a meeting as rows: when they joined, left and raised a hand; and the lease.

Several copies of the program may watch one meeting. One of them is in the room, by a lease in the
database; when it dies another takes over and finds everything here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.province.storage.tables import Floor, Participation

LEASE_S = 10.0
"""A copy that did not renew its lease for so long is dead; their clocks agree far better."""

RETURN_S = 30.0
"""A room may for a moment not list who is in it, when a copy of the program joins it anew."""


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in the room, as the room lists them; `number` is the room's own id."""

    number: int
    name: str
    hand: bool = False
    mic: bool | None = None
    returned: bool = False
    """It has given the floor back."""
    site: str = ""
    """The site that this one has proved to be, "" for a guest, whatever the name."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom the chair has chosen: a participant, or a site that proved itself, with its name."""

    number: int | None = None
    site: str = ""
    name: str = ""

    def among(self, participants: Iterable[Participant]) -> Participant | None:
        """Who that is now, None where they are not in.

        A site may have come back under another number, while its old one has not yet timed out: the
        one that came last counts.
        """
        found = None
        for one in participants:
            if one.site == self.site if self.site else one.number == self.number:
                found = one
        return found


@dataclass(frozen=True, slots=True)
class OccurrenceKey:
    """One occurrence of one meeting; `instance` is when its rule has it begin (POSIX s)."""

    meeting_id: int
    instance: float


def floor_of(session: Session, key: OccurrenceKey) -> Floor:
    """Its row, made where there is none."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    blank = {
        Floor.meeting_id: key.meeting_id, Floor.instance: key.instance, Floor.wanted: "",
        Floor.shown: "", Floor.lease_holder: "", Floor.lease_end: 0.0, Floor.problem: "",
    }  # fmt: skip
    session.execute(insert(Floor).values(blank).on_conflict_do_nothing())
    found = session.get(Floor, (key.meeting_id, key.instance), populate_existing=True)
    if found is None:
        raise AssertionError(key)
    return found


def acquire_lease(session: Session, key: OccurrenceKey, copy: str, now: float) -> bool:
    """Take or renew the lease of the room for `copy`; False while another copy has it."""
    floor_of(session, key)
    taken = session.execute(
        update(Floor)
        .where(Floor.meeting_id == key.meeting_id, Floor.instance == key.instance)
        .where(or_(Floor.lease_holder == copy, Floor.lease_end < now))
        .values(lease_holder=copy, lease_end=now + LEASE_S)
        .returning(Floor.lease_holder)
    )
    return taken.first() is not None


def release_lease(session: Session, key: OccurrenceKey, copy: str) -> None:
    """End the lease of `copy`; another copy may go in at once."""
    session.execute(
        update(Floor)
        .where(Floor.meeting_id == key.meeting_id, Floor.instance == key.instance)
        .where(Floor.lease_holder == copy)
        .values(lease_end=0.0)
    )


def holder_of(floor: Floor) -> Choice:
    """To whom the floor is given."""
    return Choice(floor.holder_number, floor.holder_site or "", floor.wanted)


def leader_of(floor: Floor) -> Choice:
    """Whom the chair's page names as the person in the chair."""
    return Choice(floor.leader_number, floor.leader_site or "", floor.leader or "")


def give_floor(floor: Floor, choice: Choice) -> None:
    """Give the floor to this participant; `Choice()` takes it back."""
    floor.wanted = choice.name
    floor.returned_by = floor.returned_at = None
    floor.holder_number, floor.holder_site = choice.number, choice.site or None


def name_leader(floor: Floor, choice: Choice) -> None:
    """Name this participant as the person in the chair; `Choice()` names nobody."""
    floor.leader = choice.name or None
    floor.leader_number, floor.leader_site = choice.number, choice.site or None


def update_participations(
    session: Session, key: OccurrenceKey, participants: Iterable[Participant], now: float
) -> None:
    """Bring the rows in step with who is in the room now.

    A hand keeps the time at which it was first seen, so that hands have one order whichever copy
    looks. The proof of a participant who has left is worth nothing: another may have taken its id.
    """
    here = {one.number: one for one in participants}
    for row in present_participations(session, key):
        participant = here.pop(row.number, None)
        if participant is None:
            row.left_at, row.hand_at = now, None
            continue
        row.name, row.mic = participant.name, participant.mic
        row.site_id = participant.site or None
        if participant.hand and row.hand_at is None:
            row.hand_at, row.hands = now, row.hands + 1
        elif not participant.hand:
            row.hand_at = None
    former = _numbers_that_left(session, key, now - RETURN_S) if here else set()
    for participant in here.values():
        row = Participation(
            meeting_id=key.meeting_id,
            instance=key.instance,
            number=participant.number,
            name=participant.name,
            site_id=None if participant.number in former else participant.site or None,
            came_at=now,
            hand_at=now if participant.hand else None,
            hands=1 if participant.hand else 0,
            mic=participant.mic,
        )
        session.add(row)


def clear_returned_floor(
    session: Session, key: OccurrenceKey, participants: Iterable[Participant], now: float
) -> str:
    """Clear the floor whose holder has given it back, and note who did: the name, "" for none."""
    floor = floor_of(session, key)
    name = floor.wanted
    holder = holder_of(floor).among(participants) if name else None
    if holder is None or not holder.returned:
        return ""
    give_floor(floor, Choice())
    floor.returned_by, floor.returned_at = name, now
    return name


def end_participations(session: Session, key: OccurrenceKey, now: float) -> None:
    """End all: the meeting is over, or nobody is in the room any more."""
    for row in present_participations(session, key):
        row.left_at, row.hand_at = now, None


def present_participations(session: Session, key: OccurrenceKey) -> Sequence[Participation]:
    """Those who are in now, by when they joined."""
    return session.scalars(_rows(key).where(Participation.left_at.is_(None))).all()


def all_participations(session: Session, key: OccurrenceKey) -> Sequence[Participation]:
    """All of an occurrence, by when they joined."""
    return session.scalars(_rows(key)).all()


def _numbers_that_left(session: Session, key: OccurrenceKey, before: float) -> set[int]:
    rows = select(Participation.number).where(
        Participation.meeting_id == key.meeting_id,
        Participation.instance == key.instance,
        Participation.left_at < before,
    )
    return set(session.scalars(rows))


def _rows(key: OccurrenceKey) -> Select[Participation]:
    return (
        select(Participation)
        .where(Participation.meeting_id == key.meeting_id, Participation.instance == key.instance)
        .order_by(Participation.came_at, Participation.id)
    )
