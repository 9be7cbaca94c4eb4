"""How many people are in the hall of a site, as the clerk there or the console says it."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from appliance.wire.head_count import head_count_proof
from services.province.errors import WrongInputError
from services.province.floor.participants import OccurrenceKey
from services.province.schedule.feeds import Schedule
from services.province.schedule.room_keys import site_key
from services.province.sites.tree import Tree
from services.province.storage.tables import HeadCount, Meeting

MAX_PEOPLE = 5000
"""No commune's hall holds more; a slip of the finger does."""
EARLY_S, LATE_S = 30 * 60.0, 60 * 60.0
"""The page on the TV's code is there from so long before the begin until so long after the end."""


@dataclass(frozen=True, slots=True)
class Hall:
    """What the code on a TV stands for: one site in one occurrence."""

    key: OccurrenceKey
    meeting: Meeting
    begin: float
    site: str
    name: str


def hall_of(session: Session, site: str, proof: str, now: float) -> Hall | None:
    """The hall that `proof` opens at `now`, None where it opens none."""
    tree = Tree.load(session)
    if site not in tree.sites:
        return None
    schedule = Schedule.load(session, tree, now - LATE_S)
    for one in schedule.between(now - LATE_S, now + EARLY_S):
        meeting = schedule.meetings[one.meeting_id]
        if site not in schedule.invited(one) or not meeting.secret:
            continue
        right = head_count_proof(site_key(meeting.secret, site), one.uid)
        if hmac.compare_digest(right.encode(), proof.encode()):
            key = OccurrenceKey(one.meeting_id, one.instance)
            return Hall(key, meeting, one.begin, site, tree.sites[site].name)
    return None


def people_of(text: str) -> int | None:
    """The number that somebody entered, None for "not counted".

    Raises `WrongInputError` for what is no number from 0 to `MAX_PEOPLE`.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_PEOPLE))):
        raise WrongInputError(N_("“{value}” is no number from 0 to {most}."),
                              value=text[:20], most=MAX_PEOPLE)  # fmt: skip
    people = int(text)
    if people > MAX_PEOPLE:
        raise WrongInputError(N_("“{value}” is no number from 0 to {most}."),
                              value=people, most=MAX_PEOPLE)  # fmt: skip
    return people


def set_head_count(
    session: Session, key: OccurrenceKey, site: str, people: int | None, now: float, by: str
) -> None:
    """Write it in the place of the one before; `by` is an account, "" for the site itself."""
    row = session.get(HeadCount, (key.meeting_id, key.instance, site))
    if people is None:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = HeadCount(meeting_id=key.meeting_id, instance=key.instance, site_id=site)
        session.add(row)
    row.people, row.at, row.by = people, now, by


def head_counts(session: Session, key: OccurrenceKey) -> Mapping[str, int]:
    """The people in each hall that was counted, by the site's id."""
    rows = select(HeadCount.site_id, HeadCount.people).where(
        HeadCount.meeting_id == key.meeting_id, HeadCount.instance == key.instance
    )
    return {row.site_id: row.people for row in session.execute(rows)}
