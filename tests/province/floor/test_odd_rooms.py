"""A server that says what no Janus says costs its own meeting, not the program."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from services.province.floor.participants import present_participations
from services.province.floor.room_monitor import RoomMonitor
from services.province.storage.tables import Floor
from tests.process.waiting import until
from tests.province.floor.monitored import floor, now_on, running
from tests.province.in_process import House

pytestmark = [pytest.mark.timeout(120), pytest.mark.case("U5")]
NOBODY: list[Any] = [None, True, [], {}, "", -1, 1.5]
ODD: dict[str, Any] = {
    "videoroom": "event",
    "wrong_pins": 10**30,
    "leaving": {"a": 1},
    "publishers": [
        {"id": 2**80, "display": "một"},
        {"id": "chữ", "display": "hai"},
        {"id": 2**63, "display": json.dumps({"name": "ba", "hand": True, "proof": "ia-kly/x"})},
        *({"id": nobody, "display": 5, "streams": [nobody]} for nobody in NOBODY),
    ],
}


class OddServer:
    """Answers as a Janus does, until it is to `say` something else."""

    def __init__(self, joined: dict[str, Any], session: object = 7) -> None:
        self._joined, self._session = joined, session
        self.asked = 0

    async def serve(self, socket: ServerConnection) -> None:
        async for text in socket:
            asked = json.loads(text)
            self.asked += 1
            answer = {"transaction": asked["transaction"], "session_id": 7, "sender": 8}
            if asked["janus"] in ("create", "attach"):
                answer |= {"janus": "success", "data": {"id": self._session}}
            elif asked["janus"] == "message":
                joins = asked["body"]["request"] == "join"
                data = self._joined if joins else {"videoroom": "event", "configured": "ok"}
                answer |= {"janus": "event", "plugindata": {"plugin": "x", "data": data}}
            else:
                answer["janus"] = "ack"
            await socket.send(json.dumps(answer))
            if asked["janus"] == "message":
                event = {"janus": "event", "sender": 8, "plugindata": {"data": ODD}}
                await socket.send(json.dumps(event))


@asynccontextmanager
async def an_odd_server(joined: dict[str, Any], session: object = 7) -> AsyncIterator[str]:
    odd = OddServer(joined, session)
    async with serve(odd.serve, "127.0.0.1", 0, subprotocols=["janus-protocol"]) as server:  # type: ignore[list-item]
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"janus+ws://127.0.0.1:{port}/?room=1234"


async def test_odd_participants_are_written_down_or_passed_over(house: House) -> None:
    async with an_odd_server({"videoroom": "joined", "id": 2**81}) as address:
        key = now_on(house, address, "")

        def names() -> set[str]:
            with house.database.reading() as session:
                rows = present_participations(session, key)
                assert all(row.site_id is None for row in rows)
                return {row.name for row in rows}

        async with running(RoomMonitor(house.database)) as tasks:
            await until("they are in", lambda: names() >= {"một", "hai", "ba"}, else_say=names)
            assert (floor(house.database).wrong_pins or 0) > 0
            assert not tasks[0].done()


@pytest.mark.parametrize("session", ["x", None, [], 2**90])
async def test_a_server_that_names_no_session_is_told(house: House, session: object) -> None:
    async with an_odd_server({}, session) as address:
        now_on(house, address, "")
        async with running(RoomMonitor(house.database)) as tasks:
            if session != 2**90:
                await until("the page says so", lambda: _problem(house))
            assert not tasks[0].done()


def _problem(house: House) -> str:
    with house.database.reading() as session:
        rows = session.query(Floor).all()
        return rows[0].problem if rows else ""
