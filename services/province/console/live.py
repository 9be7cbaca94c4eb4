"""Live parts of pages: one that has changed is sent as a server-sent event (HTML, section 9.2).

Each copy of the program reads the database by itself, so it does not matter which of them received
the report.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from sqlalchemy.exc import DBAPIError
from starlette.types import Receive, Scope, Send

from services.province import accounts
from services.province.accounts import Role
from services.province.bounds import Shares, origin
from services.province.console.pages.alarms import Branch, alarms_part
from services.province.console.pages.floor import floor_part
from services.province.console.pages.overview import home_part
from services.province.console.pages.sites import site_part
from services.province.console.request import ConsoleRequest, Instance, RowId, needs
from services.province.errors import ProvinceError

router = APIRouter(include_in_schema=False)  # parts of pages, as streams without an end
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
POLL_INTERVAL_S, FLOOR_POLL_INTERVAL_S = 2.0, 0.5
MIN_REST_RATIO = 5.0
"""The rest after a look is at least so many times as long as the look took: thousands of sites, a
busy machine."""
COMMENT_INTERVAL_S = 15.0
"""After so long without a change a comment is sent: proxies drop silent streams after 30 s."""
MAX_STREAMS, MAX_STREAMS_OF_ACCOUNT, MAX_STREAMS_OF_ADDRESS = 300, 20, 120
"""An account has some pages open, an office behind one address some people. A page beyond that
opens all the same, and asks again for its live parts."""
MAX_RENDERING = 4
"""Threads that look for all streams: the others serve pages."""
MAX_STREAM_S = 3600.0
"""Then the browser connects again by itself, and its session is checked."""


class Streams:
    """Those that are open; each costs a look into the database every two seconds."""

    def __init__(self) -> None:
        self.shares = Shares(MAX_STREAMS)
        self._threads: CapacityLimiter | None = None

    async def render(self, part: Callable[[], str | None]) -> str | None:
        """In one of the streams' own threads."""
        if self._threads is None:
            self._threads = CapacityLimiter(MAX_RENDERING)
        return await to_thread.run_sync(part, limiter=self._threads)


class Stream(StreamingResponse):
    """One stream, counted for as long as it is sent, and refused where there are too many."""

    def __init__(self, request: ConsoleRequest, events: AsyncIterator[str]) -> None:
        super().__init__(
            events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )
        self._shares = streams_of(request).shares
        self._place = {
            "account": (str(request.who.account_id), MAX_STREAMS_OF_ACCOUNT),
            "address": (origin(request.address), MAX_STREAMS_OF_ADDRESS),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or 503."""
        if not self._shares.hold(**self._place):
            refusal = PlainTextResponse("too many pages are open", 503, {"Retry-After": "30"})
            await refusal(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._shares.release(**self._place)


@router.get("/live/home")
def home(request: Viewer) -> Response:
    """The first page."""
    return _stream(request, home_part, POLL_INTERVAL_S)


@router.get("/live/alarms")
def alarms(request: Viewer, place: Branch = None) -> Response:
    """The alarms."""
    return _stream(request, lambda fresh: alarms_part(fresh, place), POLL_INTERVAL_S)


@router.get("/live/sites/{site_id}")
def site(request: Viewer, site_id: str) -> Response:
    """One site's page."""
    return _stream(request, lambda fresh: site_part(fresh, site_id), POLL_INTERVAL_S)


@router.get("/live/floor/{meeting_id}/{instance}")
def floor(request: Viewer, meeting_id: RowId, instance: Instance) -> Response:
    """The chair's page."""
    key_s = float(instance)
    return _stream(
        request, lambda fresh: floor_part(fresh, meeting_id, key_s), FLOOR_POLL_INTERVAL_S
    )


def _stream(
    request: ConsoleRequest, part: Callable[[ConsoleRequest], str], interval_s: float
) -> Response:
    return Stream(request, _events(request, part, interval_s))


def streams_of(request: ConsoleRequest) -> Streams:
    """The application's."""
    streams: Streams = request.http.app.state.streams
    return streams


async def _events(
    request: ConsoleRequest,
    part: Callable[[ConsoleRequest], str],
    interval_s: float,
) -> AsyncIterator[str]:
    clock = asyncio.get_running_loop().time
    end = clock() + MAX_STREAM_S
    sent, quiet_s = "", 0.0
    while clock() < end and not await request.http.is_disconnected():
        begun = clock()
        html = await streams_of(request).render(partial(_render, request, part))
        if html is None:
            return
        if html != sent:
            sent, quiet_s = html, 0.0
            yield f"data: {json.dumps(html, ensure_ascii=False)}\n\n"
        elif quiet_s >= COMMENT_INTERVAL_S:
            quiet_s = 0.0
            yield ": still here\n\n"
        pause_s = max(interval_s, MIN_REST_RATIO * (clock() - begun))
        await asyncio.sleep(pause_s)
        quiet_s += pause_s


def _render(request: ConsoleRequest, part: Callable[[ConsoleRequest], str]) -> str | None:
    """The part as it is now; None where the session is over or there is nothing to show."""
    province = request.province
    now = province.now()
    token = request.http.cookies.get(province.cookie, "")
    try:
        with province.database.reading() as session:
            who = accounts.whose(session, token, now)
        if who is None:
            return None
        return part(ConsoleRequest(request.http, province, who, request.form, now))
    except (ProvinceError, DBAPIError):
        return None  # the browser connects again by itself, and gets the answer then
