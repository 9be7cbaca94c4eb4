"""Two copies of the program with one PostgreSQL behind a proxy; one is killed in mid-meeting."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from appliance.base.tasks import cancel_and_wait
from services.province.storage.database import Database
from tests.process.room import CHAIR_PIN, a_room
from tests.process.waiting import until_told
from tests.province.floor.room_participant import RoomParticipant, joined
from tests.province.in_process import House, draft
from tests.province.postgres import Postgres
from tests.province.program import Program, a_province

pytestmark = pytest.mark.timeout(600)
TAKEOVER_S = 120.0
"""The lease of ten seconds, and a room to go into on a machine with much else to do."""


@asynccontextmanager
async def a_proxy(*programs: Program) -> AsyncIterator[str]:
    """Takes each connection to the next copy that is there, as any proxy does."""
    turn = 0
    lines: set[asyncio.StreamWriter] = set()
    serving: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        lines.add(writer)
        for _ in programs:
            turn += 1
            port = urlsplit(programs[turn % len(programs)].url).port
            with suppress(ConnectionError):
                back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
                lines.add(back_writer)
                await asyncio.gather(pump(reader, back_writer), pump(back_reader, writer))
                return
        writer.close()

    def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer), name="proxy")
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_server(come, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for line in lines:
            line.transport.abort()
        await cancel_and_wait(*serving)


def a_meeting(url: str, address: str) -> str:
    """Two communes and a meeting that is on; gives the chair's page."""
    database = Database(url)
    database.upgrade()
    house = House(database)
    house.communes("ia-kly", "ia-o")
    begin = float(int(time.time()) - 60)
    words = {"begin": begin, "address": address, "chair_pin": CHAIR_PIN}
    number = house.meeting(draft({house.place("Gia Lai")}, **words))
    database.close()
    return f"/floor/{number}/{begin:.0f}"


class Chair:
    """The chair's browser at the proxy, a new connection for each page."""

    def __init__(self, url: str, path: str) -> None:
        self.url, self.path = url, path
        self.cookies = httpx.Cookies()

    async def page(self) -> str:
        with suppress(httpx.TransportError):
            async with self._browser() as http:
                answer = await http.get(self.path)
                return answer.text if answer.status_code == 200 else ""
        return ""

    async def post(self, path: str, **fields: str) -> int:
        """The answer's status; 0 where the line broke off, which a browser shows as such."""
        with suppress(httpx.TransportError):
            async with self._browser() as http:
                answer = await http.post(path, data=fields)
                self.cookies.update(answer.cookies)
                return answer.status_code
        return 0

    async def give(self, one: RoomParticipant) -> None:
        """Press the button until it was taken, as a person does whose page has just failed."""

        async def given() -> bool:
            found = re.search(r'name="csrf" value="([^"]+)"', await self.page())
            if found is None:
                return False
            return await self.post(self.path, csrf=found[1], number=str(one.people.me)) == 303

        await until_told(f"the floor is given to {one.people.me}", given)

    def _browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.url, cookies=self.cookies, trust_env=False, timeout=30.0
        )

    async def hands(self) -> list[str]:
        part = (await self.page()).partition('id="hands"')[2].partition("</ol>")[0]
        return re.findall(r"<b>([^<]+)</b>", part)


async def test_the_chairs_page_goes_on_when_one_copy_is_killed(
    pg: Postgres, tmp_path: Path
) -> None:
    url = pg.create("copies")
    async with a_room(tmp_path) as room:
        path = a_meeting(url, room.address)
        async with (
            a_province(tmp_path, name="first", database=url) as first,
            joined(room.address, "Xã ia-kly") as kly,
            joined(room.address, "Xã ia-o") as o,
        ):
            chair = Chair(first.url, path)
            assert await chair.post("/login", name="admin", password=first.password) == 303
            await kly.hand(True)
            # The first is in the room: it is the one that will be missed.
            await until_told("the hand", lambda: _is(chair.hands(), ["Xã ia-kly"]))
            async with (
                a_province(tmp_path, name="second", database=url) as second,
                a_proxy(first, second) as proxy,
            ):
                # One database, one first administrator.
                assert not (second.data / "administrator-password").exists()
                chair.url = proxy
                await chair.give(kly)
                await until_told("the floor", lambda: _true(kly.given))

                first.kill()
                await first.process.wait()
                await until_told("the page goes on", lambda: _is(chair.hands(), ["Xã ia-kly"]))
                await o.hand(True)
                both = ["Xã ia-kly", "Xã ia-o"]
                await until_told(
                    "the other hand", lambda: _is(chair.hands(), both), within=TAKEOVER_S
                )
                await chair.give(o)
                await until_told(
                    "the floor for the other", lambda: _true(o.given), within=TAKEOVER_S
                )


async def _is(asked: Coroutine[Any, Any, list[str]], wanted: list[str]) -> bool:
    return await asked == wanted


async def _true(value: bool) -> bool:
    return value
