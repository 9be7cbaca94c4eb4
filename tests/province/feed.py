"""A site's feed, as the site's own agenda reader takes it, and the program on a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import uvicorn

from appliance.wire.calendar.agenda import Agenda, read_agenda
from services.province.schedule.feeds import site_feed
from services.province.sites.tree import get_site
from tests.process.waiting import until
from tests.province.in_process import House

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = 86400.0


def agenda(house: House, site: str, days: float = 14.0) -> Agenda:
    """The agenda of a site from yesterday to so many days ahead; it has no problems."""
    with house.database.reading() as session:
        body = site_feed(session, get_site(session, site), house.now)
    read = read_agenda(body, begin=house.now - DAY, end=house.now + days * DAY, zone=ZONE)
    assert read.problems == ()
    return read


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[str]:
    """The program at a port of this machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(house.app, log_level="warning", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve([listener]))
        await until("the province serves", lambda: server.started or task.done())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
