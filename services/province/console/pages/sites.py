"""The tree of sites, the page of one site, and which account sees to it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.province.accounts import Role
from services.province.console import history_words as words
from services.province.console.openapi import SECRET, SITE_ID, TEXT, TICK, page_form
from services.province.console.request import ConsoleRequest, needs, redirect
from services.province.fleet.alarms import ended_alarms
from services.province.fleet.overview import AHEAD_S, statuses_of
from services.province.fleet.readiness import is_near
from services.province.history.events import EventKind
from services.province.history.summary import history_of, last_event, span_of
from services.province.schedule.feeds import Schedule, next_meeting
from services.province.sites.card_values import CARD_VALUES, set_card_values
from services.province.sites.site_files import feed_url
from services.province.sites.tree import Tree, add_site, get_site, place_at
from services.province.storage.history_tables import DAY_S
from services.province.storage.tables import LastReport, Site

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]


@router.get("/sites")
def sites(request: Viewer) -> Response:
    """All sites by branch, each with its state."""
    with request.database.reading() as session:
        tree = Tree.load(session)
        within_s = request.province.settings.tested_within_s
        statuses = statuses_of(
            session, tree.sites, request.now, close=False, tested_within_s=within_s
        )
    return request.page("sites.html", tree=tree, statuses=statuses)


@router.post("/sites", openapi_extra=page_form(id=SITE_ID, name=TEXT, place=TEXT))
def new(request: Operator) -> Response:
    """Add a site at the end of a path of places, "Gia Lai / Xã Ia Kly"."""
    with request.database.writing() as session:
        place = place_at(session, request.field("place").split("/"))
        site = add_site(session, request.field("id"), request.field("name"), place, request.now)
        request.note(session, "site added", site.id, name=site.name)
    return redirect(f"/sites/{site.id}")


@router.get("/sites/{site_id}")
def one(request: Viewer, site_id: str, days: int = 1) -> Response:
    """One site, with its history of so many days."""
    with request.database.reading() as session:
        seen = _site(session, request, site_id)
        return request.page("site.html", **seen, **_history(session, request, seen, days))


@router.post("/sites/{site_id}/help", openapi_extra=page_form(take=TICK))
def see_to(request: Operator, site_id: str) -> Response:
    """Record that this account sees to a site, or no longer does."""
    with request.database.writing() as session:
        site = get_site(session, site_id)
        taking = request.field("take") == "yes"
        site.helper = request.who.name if taking else ""
        site.helped_at = request.now if taking else None
        request.note(session, "help begun" if taking else "help ended", site.id)
    return redirect(f"/sites/{site.id}")


@router.post(
    "/sites/{site_id}/card",
    openapi_extra=page_form(
        sip_user=TEXT, sip_password=SECRET, no_password=TICK, extension=TEXT, contact=TEXT,
        telephone=TEXT,
    ),
)  # fmt: skip
def card(request: Operator, site_id: str) -> Response:
    """Change what the card has of this site; a blank password leaves the one that there is."""
    values = {name: request.field(name) for name in CARD_VALUES if name != "sip_password"}
    password = request.secret("sip_password").strip()
    if password or request.field("no_password") == "yes":
        values["sip_password"] = password
    with request.database.writing() as session:
        site = get_site(session, site_id)
        changed = set_card_values(site, values)
        if changed:
            # The names of what changed, never a value: a password may be among them.
            request.note(session, "site changed", site.id, what=", ".join(changed))
    return redirect(f"/sites/{site.id}")


def site_part(request: ConsoleRequest, site_id: str) -> str:
    """The live part of a site's page."""
    with request.database.reading() as session:
        return request.html("site_part.html", **_site(session, request, site_id))


def _site(session: Session, request: ConsoleRequest, site_id: str) -> dict[str, Any]:
    site = get_site(session, site_id)
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, request.now)
    mine = [
        one
        for one in schedule.between(request.now, request.now + AHEAD_S)
        if site.id in schedule.invited(one)
    ]
    meeting = next_meeting(mine, request.now)
    health = session.get(LastReport, (site.id, "health"))
    close = meeting is not None and is_near(request.now, meeting.begin, meeting.end)
    return {
        "site": site,
        "tree": tree,
        "places": tree.path(site.place_id),
        "site_status": statuses_of(
            session,
            [site.id],
            request.now,
            close=close,
            tested_within_s=request.province.settings.tested_within_s,
        )[site.id],
        "meetings": mine[:8],
        "start": last_event(session, site.id, EventKind.START),
        "test": last_event(session, site.id, EventKind.SELF_TEST),
        "rehearsal": last_event(session, site.id, EventKind.REHEARSAL),
        "rehearsal_call": words.rehearsal_call(health),
        "tv_power": words.tv_power(health),
        "tv_at": health.received_at if health is not None else None,
        "restart": words.restart,
        "self_test": words.self_test,
        "feed": feed_url(request.province.settings, site),
    }


def _history(
    session: Session, request: ConsoleRequest, seen: Mapping[str, Any], days: int
) -> dict[str, Any]:
    site: Site = seen["site"]
    zone, now = request.province.settings.zoneinfo, request.now
    span = span_of(days)
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
        "past": ended_alarms(session, seen["tree"], [site.id], now - span.days * DAY_S),
        "reports": session.scalars(reports).all(),
    }
