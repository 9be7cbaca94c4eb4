"""Hundreds of live streams of one viewer: the others' pages and streams open all the same."""

import asyncio
import contextlib
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Message

from services.province.accounts import Role
from services.province.console.live import (
    MAX_STREAMS,
    MAX_STREAMS_OF_ACCOUNT,
    MAX_STREAMS_OF_ADDRESS,
    Streams,
)
from tests.process.waiting import until
from tests.province.in_process import House, Person

pytestmark = pytest.mark.case("K12")


class Viewer:
    """A browser that opens streams; an ASGI connection each, which lasts until `close`."""

    def __init__(self, house: House, person: Person, address: str) -> None:
        self._app = house.app
        self._cookie = "; ".join(f"{k}={v}" for k, v in dict(person.client.cookies).items())
        self._address = address
        self.statuses: list[int] = []
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, path: str) -> None:
        self._tasks.append(asyncio.create_task(self._stream(path)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _stream(self, path: str) -> None:
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "method": "GET",
            "path": path, "raw_path": path.encode(), "query_string": b"", "http_version": "1.1",
            "scheme": "http", "server": ("testserver", 80), "client": (self._address, 1),
            "root_path": "", "headers": [(b"cookie", self._cookie.encode()),
            (b"host", b"testserver")],
        }  # fmt: skip

        async def receive() -> Message:
            await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.statuses.append(message["status"])

        await self._app(scope, receive, send)


@pytest.fixture
def streams(house: House) -> Iterator[Streams]:
    found: Streams = house.app.state.streams
    yield found
    assert found.shares.total == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_chairs_page_opens_and_lives(house: House, streams: Streams) -> None:
    house.communes("ia-kly")
    curious, chair = house.person("xem", Role.VIEWER), house.person("chair", Role.CHAIR)
    many, one = Viewer(house, curious, "10.0.0.1"), Viewer(house, chair, "10.0.0.1")
    for _ in range(300):
        many.open("/live/home")
    await until("all are answered", lambda: len(many.statuses) == 300)
    assert many.statuses.count(200) == MAX_STREAMS_OF_ACCOUNT
    assert many.statuses.count(503) == 300 - MAX_STREAMS_OF_ACCOUNT
    one.open("/live/home")
    await until("the chair's is answered", lambda: one.statuses)
    assert one.statuses == [200]
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver", cookies=dict(chair.client.cookies)
    ) as http:
        assert (await http.get("/")).status_code == 200
    assert streams.shares.total == MAX_STREAMS_OF_ACCOUNT + 1
    await many.close()
    await until("they are given back", lambda: streams.shares.total == 1)
    await one.close()


def test_the_bounds_leave_room_for_others() -> None:
    assert MAX_STREAMS_OF_ACCOUNT < MAX_STREAMS_OF_ADDRESS < MAX_STREAMS
