"""Pages that live: the changed part is sent as a server-sent event.

Each copy of the program looks into the database by itself, so it does not matter which of them took
the report in.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from services.province import accounts
from services.province.accounts import Role
from services.province.console.pages.alarms import Branch, alarms_part
from services.province.console.pages.floor import floor_part
from services.province.console.pages.overview import home_part
from services.province.console.pages.sites import site_part
from services.province.console.request import ConsoleRequest, Instance, Number, Province, needs
from services.province.errors import ProvinceError

router = APIRouter(include_in_schema=False)  # parts of pages, as streams without an end
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
LOOK_S, FLOOR_LOOK_S = 2.0, 0.5
SHARE = 5.0
"""So many times as long as a look took is the rest after it: thousands of sites, a busy machine."""
QUIET_S = 15.0
"""After so long without a change a comment is sent: proxies drop silent streams after 30 s."""
MOST_STREAMS = 300
LONGEST_S = 3600.0
"""Then the browser asks again by itself, and is asked who it is."""


class Streams:
    """How many are open; each costs a look into the database every two seconds."""

    def __init__(self) -> None:
        self.open = 0


@router.get("/live/home")
def home(asked: Viewer) -> Response:
    """The first page."""
    return _stream(asked, home_part, LOOK_S)


@router.get("/live/alarms")
def alarms(asked: Viewer, place: Branch = None) -> Response:
    """The alarms."""
    return _stream(asked, lambda again: alarms_part(again, place), LOOK_S)


@router.get("/live/sites/{number}")
def site(asked: Viewer, number: str) -> Response:
    """One site's page."""
    return _stream(asked, lambda again: site_part(again, number), LOOK_S)


@router.get("/live/floor/{number}/{instance}")
def floor(asked: Viewer, number: Number, instance: Instance) -> Response:
    """The chair's page."""
    return _stream(asked, lambda again: floor_part(again, number, float(instance)), FLOOR_LOOK_S)


def _stream(
    asked: ConsoleRequest, part: Callable[[ConsoleRequest], str], look_s: float
) -> Response:
    streams: Streams = asked.request.app.state.streams
    if streams.open >= MOST_STREAMS:
        return PlainTextResponse("too many pages are open", 503, {"Retry-After": "30"})
    return StreamingResponse(
        _events(asked, streams, part, look_s),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _events(
    asked: ConsoleRequest, streams: Streams, part: Callable[[ConsoleRequest], str], look_s: float
) -> AsyncIterator[str]:
    request, province = asked.request, asked.province
    clock = asyncio.get_running_loop().time
    until = clock() + LONGEST_S
    streams.open += 1
    told, quiet = "", 0.0
    try:
        while clock() < until and not await request.is_disconnected():
            begun = clock()
            html = await run_in_threadpool(_now, asked, province, request, part)
            if html is None:
                return
            if html != told:
                told, quiet = html, 0.0
                yield f"data: {json.dumps(html, ensure_ascii=False)}\n\n"
            elif quiet >= QUIET_S:
                quiet = 0.0
                yield ": still here\n\n"
            pause = max(look_s, SHARE * (clock() - begun))
            await asyncio.sleep(pause)
            quiet += pause
    finally:
        streams.open -= 1


def _now(
    asked: ConsoleRequest,
    province: Province,
    request: Request,
    part: Callable[[ConsoleRequest], str],
) -> str | None:
    """The part as it is now; None where the session is over or there is nothing to show."""
    now = province.now()
    token = request.cookies.get(province.cookie, "")
    try:
        with province.database.reading() as session:
            who = accounts.whose(session, token, now)
        return (
            None if who is None else part(ConsoleRequest(request, province, who, asked.form, now))
        )
    except (ProvinceError, DBAPIError):
        return None  # the browser asks again by itself, and is told then
