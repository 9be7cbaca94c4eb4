"""Groups of sites from anywhere in the tree, to be invited together.

A site that left a group gets the group's meetings as cancelled, so members are never merely deleted
but marked as withdrawn; every meeting ahead that invites the group counts its SEQUENCE up.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.errors import NotFoundError, WrongInputError
from services.province.schedule.feeds import not_over
from services.province.schedule.meetings import touch
from services.province.storage.tables import Group, GroupMember, Invitation, Meeting, Site

MAX_NAME_LETTERS = 60


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group as lists show it, with the number of its sites."""

    id: int
    name: str
    size: int


def listed(session: Session) -> list[GroupName]:
    """All groups by name."""
    size = func.count(GroupMember.site_id)
    rows = (
        select(Group.id, Group.name, size)
        .outerjoin(
            GroupMember, (GroupMember.group_id == Group.id) & GroupMember.withdrawn.is_(False)
        )
        .group_by(Group.id, Group.name)
        .order_by(Group.name)
    )
    return [GroupName(group_id, name, count) for group_id, name, count in session.execute(rows)]


def get_group(session: Session, group_id: int) -> Group:
    """The group of that id; raises `NotFoundError`."""
    group = session.get(Group, group_id)
    if group is None:
        raise NotFoundError(N_("There is no group {value}."), value=group_id)
    return group


def members(session: Session, group: Group) -> set[str]:
    """The sites in it now."""
    rows = select(GroupMember.site_id).where(
        GroupMember.group_id == group.id, GroupMember.withdrawn.is_(False)
    )
    return set(session.scalars(rows))


def create(session: Session, name: str, sites: Collection[str]) -> Group:
    """A new group; raises `WrongInputError`."""
    group = Group(name=_free_name(session, name, None))
    session.add(group)
    session.flush()
    _fill(session, group, sites)
    return group


def change(session: Session, group: Group, name: str, sites: Collection[str], now: float) -> None:
    """Change its name and sites, and the feeds of all meetings ahead that invite it."""
    group.name = _free_name(session, name, group.id)
    _fill(session, group, sites)
    for meeting in _inviting(session, group, now):
        touch(meeting, now)


def remove(session: Session, group: Group, now: float) -> None:
    """Delete it; raises `WrongInputError` while a meeting ahead invites it."""
    for meeting in _inviting(session, group, now):
        if not meeting.cancelled:
            raise WrongInputError(
                N_("The meeting “{title}” still invites this group."), title=meeting.title
            )
    session.execute(delete(Invitation).where(Invitation.group_id == group.id))
    session.execute(delete(GroupMember).where(GroupMember.group_id == group.id))
    session.delete(group)


def _inviting(session: Session, group: Group, now: float) -> list[Meeting]:
    rows = not_over(now).where(
        Meeting.id.in_(
            select(Invitation.meeting_id).where(
                Invitation.group_id == group.id, Invitation.withdrawn.is_(False)
            )
        )
    )
    return list(session.scalars(rows))


def _free_name(session: Session, text: str, own: int | None) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= MAX_NAME_LETTERS or not name.isprintable():
        raise WrongInputError(
            N_("“{value}” is no name: 1 to {most} letters in one line."),
            "name",
            value=name[:70],
            most=MAX_NAME_LETTERS,
        )
    for other in session.scalars(select(Group.id).where(func.lower(Group.name) == name.lower())):
        if other != own:
            raise WrongInputError(N_("There is a group “{value}” already."), "name", value=name)
    return name


def _fill(session: Session, group: Group, sites: Collection[str]) -> None:
    wanted = set(sites)
    if not wanted:
        raise WrongInputError(N_("A group needs at least one site."), "site")
    known_sites = set(session.scalars(select(Site.id)))
    if wanted - known_sites:
        missing = ", ".join(sorted(wanted - known_sites))[:200]
        raise WrongInputError(N_("Not in the tree: {value}."), "site", value=missing)
    known = set()
    for row in session.scalars(select(GroupMember).where(GroupMember.group_id == group.id)):
        row.withdrawn = row.site_id not in wanted
        known.add(row.site_id)
    session.add_all(GroupMember(group_id=group.id, site_id=site) for site in wanted - known)
    session.flush()
