"""Sessions and handles of the gateway: whose they are, how long they live, how many there are."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.room.signalling.gateway import (
    JOIN_TIMEOUT_S,
    MAX_HANDLES,
    MAX_HANDLES_WAITING,
    MAX_OUTBOX,
    MAX_SESSIONS,
    MAX_WAITING,
    MAX_WAITING_OF_ONE,
    MEDIA_TIMEOUT_S,
    PLUGIN,
    RECLAIM_TIMEOUT_S,
    SESSION_TIMEOUT_S,
    Gateway,
    Session,
)
from services.room.signalling.handle import Handle
from services.room.signalling.participant import Participant
from tests.room.people import BOTH, ROOM, rooms


class Socket:
    """One client's connection, at an hour of its own."""

    def __init__(self, gateway: Gateway, address: str = "192.0.2.1") -> None:
        self._gateway, self._address = gateway, address
        self._transactions = itertools.count()
        self.own: dict[int, Session] = {}
        self.now = 0.0

    async def join(self) -> dict[str, Any]:
        """As `attach`, and in the room."""
        names = await self.attach()
        body = {"request": "join", "room": ROOM, "ptype": "publisher"}
        assert (await self.ask("message", body=body, **names))["janus"] == "ack"
        return names

    async def ask(self, verb: object, **more: Any) -> dict[str, Any]:
        transaction = str(next(self._transactions))
        request = {"janus": verb, "transaction": transaction, **more}
        answer = await self._gateway.request(request, self.own, self.now, self._address)
        assert answer["transaction"] == transaction
        assert answer.get("session_id") == more.get("session_id")
        return answer

    async def create(self) -> dict[str, Any]:
        """The id of a new session, as each further request names it."""
        return {"session_id": (await self.ask("create"))["data"]["id"]}

    async def attach(self) -> dict[str, Any]:
        """The ids of a new session and its first handle."""
        names = await self.create()
        answer = await self.ask("attach", plugin=PLUGIN, **names)
        return {**names, "handle_id": answer["data"]["id"]}


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    one = Gateway(rooms())
    yield one
    await one.close()


def code(answer: dict[str, Any]) -> int:
    assert answer["janus"] == "error"
    number: int = answer["error"]["code"]
    return number


def sent(session: Session) -> list[dict[str, Any] | None]:
    return [session.outbox.get_nowait() for _ in range(session.outbox.qsize())]


async def test_a_session_ends_when_its_client_is_silent_and_not_before(gateway: Gateway) -> None:
    socket = Socket(gateway)
    names = await socket.join()
    session = gateway.sessions[names["session_id"]]
    await gateway.sweep(20.0)
    sent(session)
    socket.now = 50.0
    names = {"session_id": session.number}
    assert (await socket.ask("keepalive", **names))["janus"] == "ack"
    await gateway.sweep(50.0 + SESSION_TIMEOUT_S)
    assert session.number in gateway.sessions
    await gateway.sweep(50.1 + SESSION_TIMEOUT_S)
    assert gateway.sessions == {}
    assert sent(session) == [{"janus": "timeout", "session_id": session.number}, None]
    assert code(await socket.ask("keepalive", **names)) == 458


async def test_a_lost_session_is_kept_until_nobody_will_claim_it(gateway: Gateway) -> None:
    mine, other = Socket(gateway), Socket(gateway)
    names = await mine.join()
    session = gateway.sessions[names["session_id"]]
    session.lost_at = 10.0
    await gateway.sweep(10.0 + RECLAIM_TIMEOUT_S)
    assert code(await other.ask("keepalive", **names)) == 458, "it is not this socket's"
    assert (await other.ask("claim", session_id=session.number))["janus"] == "success"
    await gateway.sweep(11.0 + RECLAIM_TIMEOUT_S)
    assert session.handles, "claimed, with its handles"
    session.lost_at = 40.0
    await gateway.sweep(40.1 + RECLAIM_TIMEOUT_S)
    assert gateway.sessions == {}


async def test_a_lost_session_whose_media_stopped_too_ends_at_once(gateway: Gateway) -> None:
    socket = Socket(gateway)
    names = await socket.attach()
    jsep = {"type": "offer", "sdp": BOTH}
    body = {"request": "joinandconfigure", "room": ROOM, "ptype": "publisher"}
    await socket.ask("message", body=body, jsep=jsep, **names)
    session = gateway.sessions[names["session_id"]]
    role = session.handles[names["handle_id"]].role
    assert isinstance(role, Participant)
    assert role.media is not None
    session.lost_at, role.media.last_rtp_at = 10.0, 10.5
    assert not session.gone(10.5 + MEDIA_TIMEOUT_S), "its media may come back"
    assert session.gone(10.6 + MEDIA_TIMEOUT_S)
    role.media.last_rtp_at = 20.0
    assert not session.gone(20.0), "media still comes, so the client lives"
    session.lost_at = None
    assert not session.gone(1e6), "its socket is there"


async def test_a_destroyed_session_leaves_the_room(gateway: Gateway) -> None:
    socket = Socket(gateway)
    names = await socket.attach()
    body = {"request": "join", "room": ROOM, "ptype": "publisher"}
    assert (await socket.ask("message", body=body, **names))["janus"] == "ack"
    assert len(gateway.rooms.meetings[ROOM].participants) == 1
    assert (await socket.ask("destroy", **names))["janus"] == "success"
    assert gateway.rooms.meetings[ROOM].participants == {}
    assert socket.own == {}


async def test_a_detached_handle_leaves_the_room_and_its_session_stays(gateway: Gateway) -> None:
    socket = Socket(gateway)
    names = await socket.attach()
    body = {"request": "join", "room": ROOM, "ptype": "publisher"}
    await socket.ask("message", body=body, **names)
    assert (await socket.ask("detach", **names))["janus"] == "success"
    assert gateway.rooms.meetings[ROOM].participants == {}
    assert code(await socket.ask("detach", **names)) == 459
    assert (await socket.ask("keepalive", session_id=names["session_id"]))["janus"] == "ack"


async def test_no_more_handles_and_sessions_than_the_bounds(gateway: Gateway) -> None:
    socket = Socket(gateway)
    waiting = await socket.create()
    for _ in range(MAX_HANDLES_WAITING):
        assert (await socket.ask("attach", plugin=PLUGIN, **waiting))["janus"] == "success"
    assert code(await socket.ask("attach", plugin=PLUGIN, **waiting)) == 490
    joined = await socket.join()
    mine = {"session_id": joined["session_id"]}
    for _ in range(MAX_HANDLES - 1):
        assert (await socket.ask("attach", plugin=PLUGIN, **mine))["janus"] == "success"
    assert code(await socket.ask("attach", plugin=PLUGIN, **mine)) == 490

    meeting = gateway.rooms.meetings[ROOM]
    for number in range(MAX_SESSIONS):
        handle = Handle(number, lambda _: None)
        handle.role = gateway.sessions[joined["session_id"]].handles[joined["handle_id"]].role
        gateway.sessions[-number] = Session(-number, 0.0, {number: handle})
    assert code(await socket.ask("create")) == 490, "all are in a room"
    for number in range(MAX_SESSIONS):
        del gateway.sessions[-number]
    assert len(meeting.participants) == 1
    assert (await socket.ask("create"))["janus"] == "success"


@pytest.mark.case("K12")
async def test_sessions_in_no_room_refuse_no_site(gateway: Gateway) -> None:
    """400 sessions without a PIN shut the room, from one address or from many."""
    site = Socket(gateway, "198.51.100.7")
    before = await site.join()
    for number in range(MAX_SESSIONS + 10):
        crowd = Socket(gateway, f"192.0.2.{number % 3}" if number % 2 else f"2001:db8:{number}::1")
        crowd.now = number / 100
        await crowd.attach()
        assert len(gateway.sessions) <= MAX_WAITING + 1
    site.now = 5.0
    after = await site.join()
    assert len(gateway.rooms.meetings[ROOM].participants) == 2
    for names in (before, after):
        assert names["session_id"] in gateway.sessions
    of_one = [s for s in gateway.sessions.values() if s.caller.origin == "192.0.2.1"]
    assert 0 < len(of_one) <= MAX_WAITING_OF_ONE


@pytest.mark.case("K12")
async def test_a_session_that_joins_nothing_ends_whatever_it_says(gateway: Gateway) -> None:
    idle, site = Socket(gateway), Socket(gateway)
    names, joined = await idle.attach(), await site.join()
    for second in range(1, 40):
        idle.now = site.now = float(second)
        await idle.ask("keepalive", session_id=names["session_id"])
        await site.ask("keepalive", session_id=joined["session_id"])
        await gateway.sweep(float(second))
        assert (names["session_id"] in gateway.sessions) is (second <= JOIN_TIMEOUT_S)
    assert joined["session_id"] in gateway.sessions
    session = gateway.sessions[joined["session_id"]]
    await site.ask("message", body={"request": "leave"}, **joined)
    await gateway.sweep(39.5 + JOIN_TIMEOUT_S)
    assert session.number not in gateway.sessions, "it left, and joined nothing since"


async def test_a_client_that_reads_nothing_loses_the_newest(
    gateway: Gateway,
) -> None:
    socket = Socket(gateway)
    session = gateway.sessions[(await socket.create())["session_id"]]
    for number in range(MAX_OUTBOX + 1):
        session.push({"n": number})
    queued = sent(session)
    assert [one["n"] for one in queued if one] == list(range(MAX_OUTBOX))
    assert all(one and one["session_id"] == session.number for one in queued)


@pytest.mark.parametrize(
    ("verb", "more", "wanted"),
    [
        ("attach", {"plugin": "janus.plugin.echotest"}, 460),
        ("attach", {}, 460),
        ("dance", {}, 459),
        ("message", {"handle_id": 7, "body": {}}, 459),
        ("message", {"handle_id": "7", "body": {}}, 459),
    ],
)
async def test_what_a_session_is_refused(
    gateway: Gateway, verb: str, more: dict[str, Any], wanted: int
) -> None:
    socket = Socket(gateway)
    assert code(await socket.ask(verb, **await socket.create(), **more)) == wanted


async def test_what_a_handle_is_refused(gateway: Gateway) -> None:
    socket = Socket(gateway)
    names = await socket.attach()
    assert code(await socket.ask("dance", **names)) == 453
    assert code(await socket.ask("message", **names)) == 456
    assert code(await socket.ask("message", body=[], **names)) == 456
    assert (await socket.ask("hangup", **names))["janus"] == "success", "without any media"


@pytest.mark.parametrize(
    "body",
    [
        {"request": []},
        {"request": {"a": 1}},
        {"request": "exists", "room": []},
        {"request": "kick", "room": ROOM, "secret": "4321", "id": []},
        {"request": "join", "room": ROOM, "ptype": "subscriber", "streams": [{"feed": []}]},
        {"request": "join", "room": ROOM, "ptype": "subscriber", "feed": {}},
        {"request": "join", "room": ROOM, "ptype": [], "display": "x"},
        {"request": "kick", "room": ROOM, "secret": "\ud800", "id": 1},
        {"request": "kick", "room": ROOM, "secret": {"a": []}, "id": 1},
        {"request": "join", "room": ROOM, "ptype": "publisher", "chair_pin": "\ud800"},
        {"request": "join", "room": ROOM, "ptype": "publisher", "display": {}},
        {"request": "join", "room": True},
        {"request": "join", "room": 1e400},
    ],
)
async def test_a_body_of_wrong_kinds_is_answered_and_the_session_lives_on(
    gateway: Gateway, body: dict[str, Any]
) -> None:
    socket = Socket(gateway)
    names = await socket.attach()
    answer = await socket.ask("message", body=body, **names)
    (event,) = [answer] if "plugindata" in answer else sent(gateway.sessions[names["session_id"]])
    assert event is not None
    data = event["plugindata"]["data"]
    assert data.get("exists") is False or data["error_code"] in (424, 426, 428, 430, 433)
    assert (await socket.ask("keepalive", session_id=names["session_id"]))["janus"] == "ack"


@pytest.mark.parametrize(
    "candidate",
    [
        None, 5, "x", {}, {"candidate": ""}, {"candidate": "candidate:"},
        {"candidate": "1 1 udp 1 192.0.2.1 x typ host"},
        {"candidate": "1 1 udp 1 192.0.2.1 9 typ host raddr"},
        {"candidate": "1 1 udp 1 not-an-address 9 typ host", "sdpMid": "0"},
        {"candidate": "1 1 tcp 1 192.0.2.1 9 typ host tcptype active"},
        {"candidate": "1 1 udp 1 3c7d.local 9 typ host"},
        {"completed": True},
    ],
)  # fmt: skip
async def test_whatever_candidate_trickles_in_is_acknowledged(
    gateway: Gateway, candidate: object
) -> None:
    socket = Socket(gateway)
    names = await socket.attach()
    jsep = {"type": "offer", "sdp": BOTH}
    body = {"request": "joinandconfigure", "room": ROOM, "ptype": "publisher"}
    await socket.ask("message", body=body, jsep=jsep, **names)
    assert (await socket.ask("trickle", candidate=candidate, **names))["janus"] == "ack"
    several = [candidate, {"completed": True}, candidate]
    assert (await socket.ask("trickle", candidates=several, **names))["janus"] == "ack"
