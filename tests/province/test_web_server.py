"""A cancelled console server takes no new connection and finishes the pages that it has begun."""

import asyncio

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from services.province.connections import Connections
from services.province.web_server import WebServer
from tests.process.ports import free_port
from tests.process.waiting import until


class Site:
    """One page that is slow, on a server of its own."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._port = free_port()
        app = Starlette(routes=[Route("/", self._page)])
        self.server = WebServer(
            uvicorn.Config(app, port=self._port, log_level="warning", timeout_graceful_shutdown=30),
            Connections(),
        )
        self.url = f"http://127.0.0.1:{self._port}/"

    async def _page(self, _request: Request) -> PlainTextResponse:
        self.asked.set()
        await asyncio.sleep(0.5)
        return PlainTextResponse("whole")


async def test_a_cancelled_server_finishes_the_page_that_it_has_begun() -> None:
    site = Site()
    serving = asyncio.create_task(site.server.serve())
    await until("the server is up", lambda: site.server.started)
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        reading = asyncio.create_task(http.get(site.url))
        await site.asked.wait()
        serving.cancel()
        assert (await reading).text == "whole"
        with pytest.raises(asyncio.CancelledError):
            await serving
        with pytest.raises(httpx.ConnectError):
            await http.get(site.url)


async def test_a_part_that_dies_ends_the_server_and_is_raised() -> None:
    site = Site()

    async def die() -> None:
        await until("the server is up", lambda: site.server.started)
        raise OSError("no such table")

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.TaskGroup() as group:
            group.create_task(die())
            await site.server.serve()
    assert [str(error) for error in caught.value.exceptions] == ["no such table"]
