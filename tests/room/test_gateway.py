"""The room's protocol, message by message, and its page, by real clients on a real socket."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.peers.janus import PIN, PIN_ROOM, ROOM, SECRET
from tests.peers.room import room
from tests.process.ports import free_port

PROTOCOL = Subprotocol("janus-protocol")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    one = free_port()
    with room(one):
        yield one


class Client:
    """Says things and waits for what comes."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.facts: dict[str, Any] = {}

    async def ask(self, verb: str, **more: Any) -> dict[str, Any]:
        """Ask, and give the answer to it (its event, where it is only acknowledged)."""
        request = {"janus": verb, "transaction": verb, **self.facts, **more}
        await self.socket.send(json.dumps(request))
        while (answer := await self.receive()).get("transaction") != verb or answer[
            "janus"
        ] == "ack":
            if answer["janus"] == "ack" and verb in ("keepalive", "trickle"):
                break
        return answer

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        return message

    async def attach(self) -> "Client":
        self.facts["session_id"] = (await self.ask("create"))["data"]["id"]
        plugin = "janus.plugin.videoroom"
        self.facts["handle_id"] = (await self.ask("attach", plugin=plugin))["data"]["id"]
        return self

    async def room(self, request: str, **body: Any) -> dict[str, Any]:
        """Ask the plug-in; gives its data."""
        answer = await self.ask("message", body={"request": request, "room": ROOM, **body})
        data: dict[str, Any] = answer["plugindata"]["data"]
        return data


def connected(port: int) -> connect:
    return connect(f"ws://127.0.0.1:{port}/janus", subprotocols=[PROTOCOL], proxy=None)


async def test_rooms_are_listed_without_their_pins(port: int) -> None:
    async with connected(port) as socket:
        one = await Client(socket).attach()
        listed = (await one.room("list"))["list"]
        assert {r["room"]: r["pin_required"] for r in listed}[PIN_ROOM] is True
        assert PIN not in json.dumps(listed)
        assert SECRET not in json.dumps(listed)
        assert (await one.room("exists"))["exists"] is True
        assert (await one.ask("message", body={"request": "exists", "room": 5}))["plugindata"][
            "data"
        ]["exists"] is False


async def test_names_and_hands_travel_to_the_others(port: int) -> None:
    async with connected(port) as here, connected(port) as there:
        one, two = await Client(here).attach(), await Client(there).attach()
        joined = await one.room("join", ptype="publisher", display="một")
        other = await two.room("join", ptype="publisher", display="hai")
        assert {"id": joined["id"], "display": "một"} in other["attendees"]
        told = (await one.receive())["plugindata"]["data"]
        assert told["joining"] == {"id": other["id"], "display": "hai"}
        hand = '{"name":"hai","hand":true,"mic":false}'
        assert (await two.room("configure", display=hand))["configured"] == "ok"
        told = (await one.receive())["plugindata"]["data"]
        assert (told["id"], told["display"]) == (other["id"], hand)
        people = (await one.room("listparticipants"))["participants"]
        assert {p["id"] for p in people} >= {joined["id"], other["id"]}
        assert (await two.room("leave"))["leaving"] == "ok"
        assert (await one.receive())["plugindata"]["data"]["leaving"] == other["id"]


async def test_nobody_is_chair_without_the_pin(port: int) -> None:
    display = '{"name":"x","chair":true,"floor":null}'
    async with connected(port) as socket:
        one = await Client(socket).attach()
        assert (await one.room("join", ptype="publisher", display=display))["error_code"] == 433
        assert (await one.room("join", ptype="publisher", display="x"))["videoroom"] == "joined"
        assert (await one.room("configure", display=display))["error_code"] == 433
        assert (await one.room("kick", id=1, secret="wrong"))["error_code"] == 433
    async with connected(port) as socket:
        one = await Client(socket).attach()
        body = {"ptype": "publisher", "display": display, "chair_pin": SECRET}
        assert (await one.room("join", **body))["videoroom"] == "joined"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"request": "join", "ptype": "publisher", "room": 5}, 426),
        ({"request": "join", "ptype": "publisher"}, 429),
        ({"request": "join", "ptype": "publisher", "room": PIN_ROOM, "pin": "0"}, 433),
        ({"request": "join", "ptype": "dancer", "room": ROOM}, 430),
        ({"request": "join", "ptype": "subscriber", "room": ROOM}, 429),
        ({"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": 1}]}, 428),
        ({"request": "join", "ptype": "subscriber", "room": ROOM, "streams": "x"}, 430),
        ({"request": "configure", "room": ROOM}, 424),
        ({"request": "dance", "room": ROOM}, 424),
    ],
)
async def test_what_the_room_refuses(port: int, body: dict[str, Any], code: int) -> None:
    async with connected(port) as socket:
        one = await Client(socket).attach()
        answer = await one.ask("message", body=body)
        assert answer["plugindata"]["data"]["error_code"] == code


@pytest.mark.parametrize("sdp", ["", "v=0", "v=0\r\nm=video 9 X 96\r\n", "v=0\r\na=fmtp:1 x\r\n"])
async def test_a_broken_description_is_refused(port: int, sdp: str) -> None:
    async with connected(port) as socket:
        one = await Client(socket).attach()
        await one.room("join", ptype="publisher", display="x")
        jsep = {"type": "offer", "sdp": sdp}
        answer = await one.ask("message", body={"request": "publish"}, jsep=jsep)
        assert answer["plugindata"]["data"]["error_code"] == 437
        assert (await one.ask("keepalive"))["janus"] == "ack", "and the session lives on"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"janus": "attach", "session_id": 1, "plugin": "x"}, 458),
        ({"janus": "keepalive", "session_id": 1}, 458),
        ({"janus": "claim", "session_id": 1}, 458),
        ({"janus": "create", "transaction": None}, 456),
    ],
)
async def test_what_the_gateway_refuses(port: int, request_: dict[str, Any], code: int) -> None:
    async with connected(port) as socket:
        await socket.send(json.dumps({"transaction": "t", **request_}))
        assert (await Client(socket).receive())["error"]["code"] == code


async def test_nobody_else_uses_my_session(port: int) -> None:
    async with connected(port) as mine, connected(port) as theirs:
        one = await Client(mine).attach()
        await theirs.send(json.dumps({"janus": "keepalive", "transaction": "t", **one.facts}))
        assert (await Client(theirs).receive())["error"]["code"] == 458


async def test_what_is_no_json_is_answered(port: int) -> None:
    async with connected(port) as socket:
        for text in ("{", "[]", "1", "[" * 100_000):
            await socket.send(text)
            assert (await Client(socket).receive())["error"]["code"] == 454


async def test_a_session_can_be_claimed_on_another_socket(port: int) -> None:
    async with connected(port) as socket:
        one = await Client(socket).attach()
        await one.room("join", ptype="publisher", display="x")
        socket.transport.abort()
    async with connected(port) as socket:
        two = Client(socket)
        two.facts = one.facts
        assert (await two.ask("claim"))["janus"] == "success"
        assert (await two.room("configure", display="y"))["configured"] == "ok"


async def test_who_leaves_in_one_breath_leaves_no_ghost(port: int) -> None:
    for _ in range(10):
        async with connected(port) as socket:
            one = await Client(socket).attach()
            await one.room("join", ptype="publisher", display="ghost")
            for verb in ["keepalive"] * 10 + ["destroy"]:
                request = {"janus": verb, "transaction": "t", **one.facts}
                await socket.send(json.dumps(request))
    async with connected(port) as socket:
        one = await Client(socket).attach()
        async with asyncio.timeout(10):  # less than a lost session is kept for
            while "ghost" in json.dumps(await one.room("listparticipants")):
                await asyncio.sleep(0.05)


async def test_only_the_janus_protocol_is_spoken(port: int) -> None:
    with pytest.raises(WebSocketException):
        async with connect(f"ws://127.0.0.1:{port}/janus", proxy=None):
            pass


async def test_the_page_and_its_parts() -> None:
    one = free_port()
    with room(one):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{one}") as client:
            page = await client.get("/")
            assert "Phòng họp" in page.text
            assert "default-src 'self'" in page.headers["content-security-policy"]
            for part in ("room.js", "call.js", "people.js", "room.css"):
                assert (await client.get(f"/page/{part}")).status_code == 200
            for library in ("janus.es.js", "adapter.js"):
                assert (await client.get(f"/library/{library}")).status_code == 200
            assert (await client.get("/library/other.js")).status_code == 404
            assert (await client.get("/health")).json()["ok"] is True
            assert (await client.get("/room.json")).json()["first"] == ROOM
