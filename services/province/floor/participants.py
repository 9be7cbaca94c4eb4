"""What the room showed, as rows: who came and left, whose hand rose when; and who keeps the room.

Several copies of the program may watch one meeting. One of them is in the room, by a lease in the
database; when it dies another goes in and finds everything here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.province.storage.tables import Floor, Stay

LEASE_S = 10.0
"""A copy that has not been heard for so long is dead; their clocks agree far better than that."""


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody in the room, as the room tells."""

    number: int
    name: str
    hand: bool = False
    mic: bool | None = None
    returned: bool = False
    """It has given the floor back."""


@dataclass(frozen=True, slots=True)
class Key:
    """One occurrence of one meeting."""

    meeting_id: int
    instance: float


def floor_of(session: Session, key: Key) -> Floor:
    """Its floor, made where nobody has asked for it before."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    blank = {"wanted": "", "shown": "", "keeper": "", "kept_until": 0.0, "trouble": ""}
    session.execute(
        insert(Floor)
        .values(meeting_id=key.meeting_id, instance=key.instance, **blank)
        .on_conflict_do_nothing()
    )
    found = session.get(Floor, (key.meeting_id, key.instance), populate_existing=True)
    if found is None:
        raise AssertionError(key)
    return found


def take_keeping(session: Session, key: Key, copy: str, now: float) -> bool:
    """Take or renew the lease of the room for `copy`; False while another copy has it."""
    floor_of(session, key)
    taken = session.execute(
        update(Floor)
        .where(Floor.meeting_id == key.meeting_id, Floor.instance == key.instance)
        .where(or_(Floor.keeper == copy, Floor.kept_until < now))
        .values(keeper=copy, kept_until=now + LEASE_S)
        .returning(Floor.keeper)
    )
    return taken.first() is not None


def give_back(session: Session, key: Key, copy: str) -> None:
    """The copy leaves the room; another may go in at once."""
    session.execute(
        update(Floor)
        .where(Floor.meeting_id == key.meeting_id, Floor.instance == key.instance)
        .where(Floor.keeper == copy)
        .values(kept_until=0.0)
    )


def write_people(
    session: Session, key: Key, people: Iterable[Present], sites: dict[str, str], now: float
) -> None:
    """Bring the stays in step with who is in the room now; `sites` gives ids by names.

    A hand keeps the moment at which it was first seen, so that hands stand in their order whichever
    copy looks.
    """
    here = {present.number: present for present in people}
    for stay in open_stays(session, key):
        present = here.pop(stay.number, None)
        if present is None:
            stay.left_at, stay.hand_at = now, None
            continue
        stay.name, stay.mic = present.name, present.mic
        stay.site_id = sites.get(present.name)
        if present.hand and stay.hand_at is None:
            stay.hand_at, stay.hands = now, stay.hands + 1
        elif not present.hand:
            stay.hand_at = None
    for present in here.values():
        stay = Stay(
            meeting_id=key.meeting_id,
            instance=key.instance,
            number=present.number,
            name=present.name,
            site_id=sites.get(present.name),
            came_at=now,
            hand_at=now if present.hand else None,
            hands=1 if present.hand else 0,
            mic=present.mic,
        )
        session.add(stay)


def take_back_returned(session: Session, key: Key, people: Iterable[Present]) -> str:
    """Nobody has the floor any more where who had it has given it back; the name, "" for none."""
    floor = floor_of(session, key)
    name = floor.wanted
    if not name or not any(one.returned and one.name == name for one in people):
        return ""
    floor.wanted = ""
    return name


def close_stays(session: Session, key: Key, now: float) -> None:
    """The meeting is over, or nobody sees the room any more."""
    for stay in open_stays(session, key):
        stay.left_at, stay.hand_at = now, None


def open_stays(session: Session, key: Key) -> Sequence[Stay]:
    """Who is in, by when they came."""
    return session.scalars(_stays(key).where(Stay.left_at.is_(None))).all()


def all_stays(session: Session, key: Key) -> Sequence[Stay]:
    """All stays of an occurrence."""
    return session.scalars(_stays(key)).all()


def _stays(key: Key) -> Select[Stay]:
    return (
        select(Stay)
        .where(Stay.meeting_id == key.meeting_id, Stay.instance == key.instance)
        .order_by(Stay.came_at, Stay.id)
    )
