"""Hundreds of connections that only wait shut no site out, and the silent are closed."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from services.room.app import Room
from services.room.connections import Connection, Connections
from services.room.settings import RoomSettings
from services.room.signalling.gateway import MAX_WAITING_OF_ONE, PLUGIN, Gateway
from services.room.web_server import impatient
from tests.peers.janus import ROOM
from tests.process.ports import free_port
from tests.process.room import a_room
from tests.process.waiting import until_told
from tests.room.people import rooms

pytestmark = pytest.mark.case("K12")
CROWD, BATCH = 420, 42


class Waiting:
    """A WebSocket with a session and a handle, and no PIN."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.session = 0

    async def ask(self, **words: object) -> dict[str, object]:
        await self.socket.send(json.dumps({"transaction": "t", **words}))
        answer: dict[str, object] = json.loads(await self.socket.recv())
        return answer

    async def create(self) -> "Waiting":
        data = (await self.ask(janus="create"))["data"]
        assert isinstance(data, dict)
        self.session = data["id"]
        await self.ask(janus="attach", session_id=self.session, plugin=PLUGIN)
        return self


async def waiting(port: int, source: str) -> Waiting:
    socket = await connect(
        f"ws://127.0.0.1:{port}/janus",
        subprotocols=[Subprotocol("janus-protocol")],
        local_addr=(source, 0),
        proxy=None,
    )
    return await Waiting(socket).create()


async def test_a_crowd_that_waits_shuts_no_site_out(tmp_path: Path) -> None:
    async with a_room(tmp_path) as room, contextlib.AsyncExitStack() as stack:
        # From the site's own address too: behind one may be a province.
        for first in range(0, CROWD, BATCH):
            coming = (
                waiting(room.port, f"127.0.0.{1 + n % 3}") for n in range(first, first + BATCH)
            )
            for one in await asyncio.gather(*coming):
                stack.callback(one.socket.transport.abort)
        site = await waiting(room.port, "127.0.0.1")
        handle = await site.ask(janus="attach", session_id=site.session, plugin=PLUGIN)
        data = handle["data"]
        assert isinstance(data, dict)
        body = {"request": "join", "ptype": "publisher", "room": ROOM, "display": "Xã"}
        await site.ask(janus="message", session_id=site.session, handle_id=data["id"], body=body)
        async with httpx.AsyncClient(trust_env=False) as client:
            health = (await client.get(f"http://127.0.0.1:{room.port}/health")).json()
        assert health["rooms"][str(ROOM)]["participants"] == 1
        assert health["in_no_room"] <= 3 * MAX_WAITING_OF_ONE
        stack.push_async_callback(site.socket.close)


class _Socket:
    """Not a socket: nothing is sent or received while connections are only counted."""


def connection(gateway: Gateway, address: str) -> Connection:
    return Connection(gateway, _Socket(), address)  # type: ignore[arg-type]


def test_who_waits_longest_gives_way() -> None:
    gateway, all_of_them = Gateway(rooms()), Connections(most=6, most_of_one=3)
    first, *others = [connection(gateway, "192.0.2.1") for _ in range(4)]
    assert [all_of_them.add(one) for one in (first, *others)] == [True] * 4
    assert first._gives_way
    assert not any(one._gives_way for one in others)
    for number in range(3):
        assert all_of_them.add(connection(gateway, f"198.51.100.{number}"))
    assert len(all_of_them) == 6
    assert all_of_them.add(connection(gateway, "203.0.113.1"))
    assert others[0]._gives_way, "of the address that has the most"
    assert len(all_of_them) == 6


@asynccontextmanager
async def served(request_timeout_s: float) -> AsyncIterator[int]:
    port = free_port()
    config = uvicorn.Config(
        Room([RoomSettings(ROOM)]).app,
        port=port,
        log_level="warning",
        http=impatient(request_timeout_s),
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    try:
        await until_told("it serves", lambda: _started(server))
        yield port
    finally:
        server.should_exit = True
        await running


async def _started(server: uvicorn.Server) -> bool:
    return server.started


@pytest.mark.parametrize(
    "said", [b"", b"GET / HT", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /"]
)
async def test_a_connection_that_says_nothing_more_is_closed(said: bytes) -> None:
    async with served(0.5) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        async with asyncio.timeout(15):
            with contextlib.suppress(ConnectionError):
                await reader.read(-1)
        writer.close()


async def test_a_websocket_is_no_such_connection() -> None:
    async with served(0.2) as port:
        one = await waiting(port, "127.0.0.1")
        await asyncio.sleep(1.0)
        answer = await one.ask(janus="keepalive", session_id=one.session)
        assert answer["janus"] == "ack"
        await one.socket.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([ROOM, "\ud800", 2**70, "1234", "publisher", "subscriber"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)  # fmt: skip
REQUESTS = """list exists listparticipants kick destroy join joinandconfigure configure publish
unpublish leave subscribe unsubscribe update switch start pause moderate edit create"""
FIELDS = """room ptype display pin chair_pin secret admin_key id feed streams subscribe unsubscribe
mid sub_mid send private_id"""


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["message", "trickle", "hangup", "attach", "claim", "detach", "info"]),
            st.sampled_from(REQUESTS.split()),
            st.dictionaries(st.sampled_from(FIELDS.split()), JSON),
            JSON,
        ),
        max_size=6,
    )
)
def test_no_request_of_the_wrong_shape_ends_a_session(
    asked: list[tuple[str, str, dict[str, object], object]],
) -> None:
    async def story() -> None:
        gateway = Gateway(rooms())
        own: dict[int, object] = {}

        async def ask(**words: object) -> dict[str, object]:
            answer: dict[str, object] = await gateway.request(
                {"transaction": "t", **words},
                own,  # type: ignore[arg-type]
                0.0,
                "192.0.2.1",
            )
            return answer

        created = await ask(janus="create")
        assert isinstance(created["data"], dict)
        session = created["data"]["id"]
        attached = await ask(janus="attach", session_id=session, plugin=PLUGIN)
        assert isinstance(attached["data"], dict)
        handle = attached["data"]["id"]
        join = {"request": "join", "room": ROOM, "ptype": "publisher", "display": "x"}
        await ask(janus="message", session_id=session, handle_id=handle, body=join)
        for verb, request, fields, odd in asked:
            body = {"request": request, "room": ROOM, **fields}
            more = {"body": body, "jsep": odd, "candidate": odd, "candidates": odd, "plugin": odd}
            await ask(janus=verb, session_id=session, handle_id=handle, **more)
            await ask(janus=odd, session_id=odd, handle_id=odd, body=odd)
        assert (await ask(janus="keepalive", session_id=session))["janus"] == "ack"
        await gateway.close()

    asyncio.run(story())


async def test_whatever_text_comes_the_connection_answers() -> None:
    async with served(20.0) as port:
        one = await waiting(port, "127.0.0.1")
        for text in ("", "x", "[]", "[" * 5000, '{"janus":1e999}', "9" * 6000, '"\\ud800"', "{}"):
            await one.socket.send(text)
            answer = json.loads(await one.socket.recv())
            assert answer["janus"] == "error", text
        await one.socket.send(b"\x00\xff")
        with contextlib.suppress(ConnectionClosed):
            assert json.loads(await one.socket.recv())["janus"] == "error"
        await one.socket.close()
