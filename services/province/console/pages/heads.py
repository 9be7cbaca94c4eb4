"""The page behind the code on a commune's TV: how many people are in the hall. Nobody logs in."""

import time
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from appliance.core.message import N_
from appliance.wire.head_count import HEADS, PROOF_FORM
from appliance.wire.letters import visible
from services.province import audit
from services.province.bounds import Buckets, Rate, origin
from services.province.console.forms import read_form
from services.province.console.openapi import TEXT, form_body
from services.province.console.request import Province, address_of
from services.province.errors import NotFoundError, TooManyTriesError
from services.province.floor.head_count import (
    MAX_PEOPLE,
    Hall,
    hall_of,
    head_counts,
    people_of,
    set_head_count,
)

router = APIRouter()
EACH = Rate(per_s=2.0, burst=200.0)
"""Of one address, behind which a whole district may be."""
ALL = Rate(per_s=20.0, burst=400.0)
OF_SITE = Rate(per_s=0.2, burst=20.0)
"""Of one site: its clerk and some who guess."""
RETRY_S = 10.0
MAX_BYTES = 4096
Proof = Annotated[str, Path(pattern=f"^{PROOF_FORM}$")]
SiteId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]


class HeadBounds:
    """Who is answered; kept in memory, a copy of the program each."""

    def __init__(self) -> None:
        self._each, self._all, self._of_site = Buckets(EACH), Buckets(ALL), Buckets(OF_SITE)

    def check(self, address: str, site: str, now: float) -> None:
        """Raise `TooManyTriesError` where it is too much."""
        if not (
            self._each.take(origin(address), now)
            and self._of_site.take(site, now)
            and self._all.take("", now)
        ):
            raise TooManyTriesError(N_("Too many at once. Try again in a minute."), RETRY_S)


@router.get(HEADS + "/{site_id}/{proof}")
def page(request: Request, site_id: SiteId, proof: Proof) -> Response:
    """The form, with what was entered last."""
    province: Province = request.app.state.province
    _check(request, site_id)
    with province.database.reading() as session:
        return _page(province, session, _hall(province, session, site_id, proof), saved=False)


@router.post(HEADS + "/{site_id}/{proof}", openapi_extra=form_body(people=TEXT))
async def enter(request: Request, site_id: SiteId, proof: Proof) -> Response:
    """Enter the number; the newest counts, and "" takes it back."""
    _check(request, site_id)
    form = await read_form(request, max_bytes=MAX_BYTES)
    value = form.get("people", "")
    text = visible(value).strip() if isinstance(value, str) else ""
    return await run_in_threadpool(_enter, request, site_id, proof, text)


def _enter(request: Request, site_id: str, proof: str, text: str) -> Response:
    province: Province = request.app.state.province
    with province.database.writing() as session:
        hall = _hall(province, session, site_id, proof)
        people, now = people_of(text), province.now()
        set_head_count(session, hall.key, site_id, people, now, "")
        audit.note(
            session, now, site_id, "people counted", hall.meeting.title,
            address=address_of(request), people=people,
        )  # fmt: skip
        return _page(province, session, hall, saved=True)


def _check(request: Request, site_id: str) -> None:
    bounds: HeadBounds = request.app.state.head_bounds
    bounds.check(address_of(request), site_id, time.monotonic())


def _hall(province: Province, session: Session, site_id: str, proof: str) -> Hall:
    hall = hall_of(session, site_id, proof, province.now())
    if hall is None:
        raise NotFoundError(N_("This code is of no meeting that is on. Scan the one on the TV."))
    return hall


def _page(province: Province, session: Session, hall: Hall, *, saved: bool) -> Response:
    session.flush()
    html = province.pages.render(
        "heads.html",
        province.now(),
        settings=province.settings,
        hall=hall,
        people=head_counts(session, hall.key).get(hall.site),
        most=MAX_PEOPLE,
        saved=saved,
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})
