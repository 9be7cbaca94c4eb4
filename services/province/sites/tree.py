"""The tree of places, of any depth, with the sites in it."""

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from appliance.wire.calendar.event import composed
from services.province.errors import NotFoundError, WrongInputError
from services.province.storage.tables import Place, Site

SITE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""As the site file has it; also the common name of a site's certificate."""
MAX_DEPTH = 12
MAX_NAME_LETTERS = 60
"""The site file takes no longer name."""


@dataclass(frozen=True, slots=True)
class SiteName:
    """A site as lists show it."""

    id: str
    name: str
    place_id: int
    helper: str = ""
    contact: str = ""
    telephone: str = ""


class Branch(NamedTuple):
    """A place as lists show it."""

    id: int
    parent_id: int | None
    name: str


@dataclass(slots=True)
class Tree:
    """All places and sites as they were at one moment; ten thousand are some megabytes."""

    places: dict[int, Branch] = field(default_factory=dict)
    sites: dict[str, SiteName] = field(default_factory=dict)
    _children: dict[int | None, list[int]] = field(default_factory=dict)
    _sites_of: dict[int, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, session: Session) -> "Tree":
        """Read it whole, in two queries."""
        tree = cls()
        branches = select(Place.id, Place.parent_id, Place.name).order_by(Place.name, Place.id)
        for place in map(Branch._make, session.execute(branches)):
            tree.places[place.id] = place
            tree._children.setdefault(place.parent_id, []).append(place.id)
        columns = (Site.id, Site.name, Site.place_id, Site.helper, Site.contact, Site.telephone)
        for row in session.execute(select(*columns).order_by(Site.name, Site.id)):
            site = SiteName(*row)
            tree.sites[site.id] = site
            tree._sites_of.setdefault(site.place_id, []).append(site.id)
        return tree

    def children(self, place: int | None) -> list[Branch]:
        """The branches right below `place`; of None the roots."""
        return [self.places[child] for child in self._children.get(place, [])]

    def below(self, place: int) -> Iterator[int]:
        """`place` and all branches below it."""
        yield place
        for child in self._children.get(place, []):
            yield from self.below(child)

    def sites_below(self, place: int) -> list[str]:
        """The sites of that branch, in the order of the tree."""
        return [site for below in self.below(place) for site in self._sites_of.get(below, [])]

    def sites_of(self, place: int) -> list[str]:
        """The sites right in that place."""
        return self._sites_of.get(place, [])

    def path(self, place: int) -> tuple[str, ...]:
        """The names from the root to `place`."""
        names: list[str] = []
        at: int | None = place
        while at is not None and len(names) < MAX_DEPTH:
            names.append(self.places[at].name)
            at = self.places[at].parent_id
        return tuple(reversed(names))

    def branch_of(self, site: str, depth: int = 1) -> Branch:
        """The branch at `depth` (0 is the root) in which a site is, or the deepest above it."""
        chain: list[int] = []
        at: int | None = self.sites[site].place_id
        while at is not None and len(chain) < MAX_DEPTH:
            chain.append(at)
            at = self.places[at].parent_id
        chain.reverse()
        return self.places[chain[min(depth, len(chain) - 1)]]

    def listed(self) -> Iterator[tuple[int, Branch]]:
        """Every place with its depth, a branch right after its stem."""

        def walk(parent: int | None, depth: int) -> Iterator[tuple[int, Branch]]:
            for place in self.children(parent):
                yield depth, place
                yield from walk(place.id, depth + 1)

        return walk(None, 0)


def ancestors(session: Session, place: int) -> list[int]:
    """`place` and all above it, in one query: every feed needs it."""
    above = select(Place.id, Place.parent_id, literal(1).label("distance")).where(Place.id == place)
    chain = above.cte(recursive=True)
    parents = select(Place.id, Place.parent_id, chain.c.distance + 1).where(
        Place.id == chain.c.parent_id, chain.c.distance < MAX_DEPTH
    )
    chain = chain.union_all(parents)
    return list(session.scalars(select(chain.c.id).order_by(chain.c.distance)))


def place_at(session: Session, names: Iterable[str]) -> Place:
    """The place at the end of a path of names from the root; made where it is not there yet.

    Raises `WrongInputError` for a path that is empty or too deep.
    """
    cleaned = [_name(name, "place") for name in names if name.strip()]
    if not cleaned or len(cleaned) > MAX_DEPTH:
        raise WrongInputError(
            N_("A place's path has 1 to {most} names, not {count}."),
            "place",
            most=MAX_DEPTH,
            count=len(cleaned),
        )
    place: Place | None = None
    for name in cleaned:
        parent = place.id if place is not None else None
        at = select(Place).where(
            Place.parent_id.is_(None) if parent is None else Place.parent_id == parent
        )
        # Compared here, for a database knows neither composed letters nor Vietnam's capitals.
        same = (row for row in session.scalars(at) if _folded(row.name) == _folded(name))
        place = next(same, None)
        if place is None:
            place = Place(parent_id=parent, name=name)
            session.add(place)
            session.flush()
    if place is None:
        raise AssertionError(cleaned)
    return place


def add_site(session: Session, id: str, name: str, place: Place, now: float) -> Site:  # noqa: A002
    """A new site; its feed's token is made here. Raises `WrongInputError`."""
    if not SITE_ID.fullmatch(id):
        raise WrongInputError(
            N_("“{value}” is no site id: small letters, digits and hyphens, e.g. ia-kly."),
            "id",
            value=id[:70],
        )
    if session.get(Site, id) is not None:
        raise WrongInputError(
            N_("There is a site {value} already; choose another id."), "id", value=id
        )
    site = Site(
        id=id,
        place_id=place.id,
        name=_name(name, "name"),
        feed_token=_token(),
        created_at=now,
    )
    session.add(site)
    session.flush()
    return site


def renew_feed(site: Site) -> None:
    """Give the site's agenda another address: who knew the old one reads it no more."""
    site.feed_token = _token()


def get_site(session: Session, id: str) -> Site:  # noqa: A002
    """The site of that id; raises `NotFoundError`."""
    site = session.get(Site, id)
    if site is None:
        raise NotFoundError(N_("There is no site “{value}”."), value=id[:70])
    return site


def _folded(name: str) -> str:
    return " ".join(composed(name).casefold().split())


def _token() -> str:
    return secrets.token_urlsafe(24)


def _name(text: str, field: str) -> str:
    name = " ".join(composed(text).split())
    if not 1 <= len(name) <= MAX_NAME_LETTERS or not name.isprintable():
        raise WrongInputError(
            N_("“{value}” is no name: 1 to {most} letters in one line."),
            field,
            value=name[:70],
            most=MAX_NAME_LETTERS,
        )
    return name
