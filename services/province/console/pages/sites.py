"""The tree of sites, one site's page, and who sees to it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.province.accounts import Role
from services.province.console import history_words as words
from services.province.console.openapi import SITE_ID, TEXT, TICK, sent
from services.province.console.request import ConsoleRequest, needs, to
from services.province.fleet.alarms import past
from services.province.fleet.overview import AHEAD_S, standings_of
from services.province.fleet.readiness import near
from services.province.history.bounds import DAY_S
from services.province.history.events import EventKind
from services.province.history.summary import chosen, history_of, last_event
from services.province.schedule.feeds import Schedule, next_up
from services.province.sites.site_files import feed_url
from services.province.sites.tree import Tree, add_site, get_site, place_at
from services.province.storage.tables import LastReport, Site

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]


@router.get("/sites")
def sites(asked: Viewer) -> Response:
    """All sites by branch, each with its state."""
    with asked.database.reading() as session:
        tree = Tree.load(session)
        standings = standings_of(session, tree.sites, asked.now, close=False)
    return asked.page("sites.html", tree=tree, standings=standings)


@router.post("/sites", openapi_extra=sent(id=SITE_ID, name=TEXT, place=TEXT))
def new(asked: Operator) -> Response:
    """A new site at the end of a path of places, "Gia Lai / Xã Ia Kly"."""
    with asked.database.writing() as session:
        place = place_at(session, asked.field("place").split("/"))
        site = add_site(session, asked.field("id"), asked.field("name"), place, asked.now)
        asked.note(session, "site added", site.id, name=site.name)
    return to(f"/sites/{site.id}")


@router.get("/sites/{number}")
def one(asked: Viewer, number: str, days: int = 1) -> Response:
    """One site, with its history of so many days."""
    with asked.database.reading() as session:
        seen = _site(session, asked, number)
        return asked.page("site.html", **seen, **_history(session, asked, seen, days))


@router.post("/sites/{number}/help", openapi_extra=sent(take=TICK))
def see_to(asked: Operator, number: str) -> Response:
    """Say that somebody sees to a site, or does no longer."""
    with asked.database.writing() as session:
        site = get_site(session, number)
        taking = asked.field("take") == "yes"
        site.helper = asked.who.name if taking else ""
        site.helped_at = asked.now if taking else None
        asked.note(session, "help begun" if taking else "help ended", site.id)
    return to(f"/sites/{site.id}")


def site_part(asked: ConsoleRequest, number: str) -> str:
    """The part of a site's page that lives."""
    with asked.database.reading() as session:
        return asked.html("site_part.html", **_site(session, asked, number))


def _site(session: Session, asked: ConsoleRequest, number: str) -> dict[str, Any]:
    site = get_site(session, number)
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, asked.now)
    mine = [
        one
        for one in schedule.between(asked.now, asked.now + AHEAD_S)
        if site.id in schedule.invited(one)
    ]
    meeting = next_up(mine, asked.now)
    close = meeting is not None and near(asked.now, meeting.begin, meeting.end)
    return {
        "site": site,
        "tree": tree,
        "places": tree.path(site.place_id),
        "standing": standings_of(session, [site.id], asked.now, close=close)[site.id],
        "meetings": mine[:8],
        "start": last_event(session, site.id, EventKind.START),
        "test": last_event(session, site.id, EventKind.SELF_TEST),
        "restart": words.restart,
        "self_test": words.self_test,
        "feed": feed_url(asked.province.settings, site),
    }


def _history(
    session: Session, asked: ConsoleRequest, seen: Mapping[str, Any], days: int
) -> dict[str, Any]:
    site: Site = seen["site"]
    zone, now = asked.province.settings.zoneinfo, asked.now
    span = chosen(days)
    offset = datetime.fromtimestamp(now, zone).utcoffset() or timedelta()
    history = history_of(session, site, span, now, int(offset.total_seconds()))
    reports = select(LastReport).where(LastReport.site_id == site.id).order_by(LastReport.kind)
    return {
        "history": history,
        "span_words": words.SPAN_WORDS,
        "drawings": words.drawings(history, zone),
        "worst": words.worst(history.steps),
        "percent": words.percent,
        "decimal": words.decimal,
        "past": past(session, seen["tree"], [site.id], now - span.days * DAY_S),
        "reports": session.scalars(reports).all(),
    }
