"""Sessions and handles of the Janus protocol over WebSocket (``janus-protocol``).

Requests: ``create``, ``claim``, ``keepalive``, ``destroy``, ``attach``, ``detach``, ``hangup``,
``message``, ``trickle``, ``info``, ``ping``. A session outlives its socket for a while, so that a
site whose line was interrupted can claim it back with its media still running.
"""

import asyncio
import logging
import secrets
from collections import Counter
from dataclasses import dataclass, field

from aiortc.sdp import candidate_from_sdp

from appliance.wire.room_keys import ROOM_SERVER_NAME
from services.room.errors import (
    HANDLE_NOT_FOUND,
    MISSING_MANDATORY,
    PLUGIN_NOT_FOUND,
    SESSION_NOT_FOUND,
    TOO_MANY,
    UNKNOWN_REQUEST,
    GatewayError,
    RoomError,
    VideoRoomError,
)
from services.room.signalling.handle import Handle, Json
from services.room.signalling.pin_attempts import Caller, origin
from services.room.signalling.videoroom import SYNCHRONOUS, VideoRoom

log = logging.getLogger("diemcau.room")

PLUGIN = "janus.plugin.videoroom"
SESSION_TIMEOUT_S = 60.0  # Janus's session_timeout; clients send keepalive every 25 to 50 s
RECLAIM_TIMEOUT_S = 25.0  # a lost line is usually back in ten seconds
MEDIA_TIMEOUT_S = 3.0  # without media as well, the client itself is gone
MAX_SESSIONS, MAX_HANDLES, MAX_OUTBOX = 700, 16, 512  # more than all places of a room
JOIN_TIMEOUT_S = 30.0  # a session that is in no room by then ends, keepalive or not
MAX_WAITING, MAX_WAITING_OF_ONE = 250, 120
"""Sessions that are in no room (yet): in all, and of one address. The one that has waited longest
gives way to a new one: a site that joins waits for a second, and is never refused for those who
only wait. Behind one address may be a whole province."""
MAX_HANDLES_WAITING = 4
TELL_INTERVAL_S = 60.0


@dataclass
class Session:
    """One client. ``outbox`` holds what its socket has yet to send."""

    number: int
    seen: float
    handles: dict[int, Handle] = field(default_factory=dict)
    outbox: asyncio.Queue[Json | None] = field(default_factory=lambda: asyncio.Queue(MAX_OUTBOX))
    lost_at: float | None = None
    caller: Caller = field(default_factory=Caller)
    waiting_since: float = 0.0

    def in_room(self) -> bool:
        """Whether it has joined a room, as participant or subscriber: it gave the PIN for it."""
        return any(handle.role is not None for handle in self.handles.values())

    def push(self, message: Json) -> None:
        """Queue a message for the client; a full queue drops it."""
        if not self.outbox.full():
            self.outbox.put_nowait({**message, "session_id": self.number})

    def gone(self, now: float) -> bool:
        """Whether its socket is gone and nobody will claim it back.

        Otherwise a site that restarts after a power cut would meet its own frozen picture.
        """
        if self.lost_at is None:
            return False
        lost_s = now - self.lost_at
        media = [at for one in self.handles.values() if (at := one.last_media_at()) is not None]
        silent = bool(media) and now - max(media) > MEDIA_TIMEOUT_S
        return (silent and lost_s > MEDIA_TIMEOUT_S) or lost_s > RECLAIM_TIMEOUT_S

    async def close(self) -> None:
        """Leave every room and free everything."""
        for handle in list(self.handles.values()):
            await handle.close()
        self.handles.clear()


class Gateway:
    """All sessions of this process."""

    def __init__(self, rooms: VideoRoom) -> None:
        self.rooms = rooms
        self.sessions: dict[int, Session] = {}
        self._told_at = -TELL_INTERVAL_S

    async def request(
        self, message: Json, own: dict[int, Session], now: float, address: str = ""
    ) -> Json:
        """Answer one message; ``own`` are the sessions of its socket, at this address."""
        transaction = message.get("transaction")
        try:
            _check_transaction(transaction)
            answer = await self._answer(message, own, now, address)
        except GatewayError as error:
            answer = {"janus": "error", "error": {"code": error.code, "reason": error.sentence}}
        if "session_id" in message:
            answer.setdefault("session_id", message["session_id"])
        return {**answer, "transaction": transaction}

    async def sweep(self, now: float) -> None:
        """Drop the sessions that no client keeps alive, and those that join nothing."""
        for session in list(self.sessions.values()):
            if session.in_room():
                session.waiting_since = now
            why = "silent" if now - session.seen > SESSION_TIMEOUT_S else ""
            why = why or ("gone" if session.gone(now) else "")
            if why or now - session.waiting_since > JOIN_TIMEOUT_S:
                await self._end(session, why or "in no room")
        await self.rooms.sweep(now)

    async def close(self) -> None:
        """Stop: every session ends."""
        for session in list(self.sessions.values()):
            await self._drop(session)

    async def _end(self, session: Session, why: str) -> None:
        log.info("room: session %d is over (%s)", session.number, why)
        session.push({"janus": "timeout"})
        await self._drop(session)

    async def _drop(self, session: Session) -> None:
        self.sessions.pop(session.number, None)
        await session.close()
        if not session.outbox.full():
            session.outbox.put_nowait(None)

    async def _answer(
        self, message: Json, own: dict[int, Session], now: float, address: str
    ) -> Json:
        verb = message.get("janus")
        if verb == "info":
            return {"janus": "server_info", "name": ROOM_SERVER_NAME, "plugins": {PLUGIN: {}}}
        if verb == "ping":
            return {"janus": "pong"}
        if verb == "create":
            return await self._create(own, now, address)
        return await self._session_request(str(verb), message, own, now)

    async def _create(self, own: dict[int, Session], now: float, address: str) -> Json:
        await self._make_place(origin(address), now)
        if len(self.sessions) >= MAX_SESSIONS:
            raise GatewayError(TOO_MANY, f"Too many sessions ({MAX_SESSIONS})")
        session = Session(secrets.randbits(52), now, caller=Caller(address), waiting_since=now)
        self.sessions[session.number] = own[session.number] = session
        return {"janus": "success", "data": {"id": session.number}}

    async def _make_place(self, mine: str, now: float) -> None:
        """End the session in no room that has waited longest, where there are too many."""
        waiting = [one for one in self.sessions.values() if not one.in_room()]
        of = Counter(one.caller.origin for one in waiting)
        if of[mine] >= MAX_WAITING_OF_ONE:
            heaviest = mine
        elif len(waiting) >= MAX_WAITING or (waiting and len(self.sessions) >= MAX_SESSIONS):
            heaviest = max(of, key=of.__getitem__)
        else:
            return
        found = (one for one in waiting if one.caller.origin == heaviest)
        if now - self._told_at > TELL_INTERVAL_S:
            log.warning("room: %d sessions of %s are in no room", of[heaviest], heaviest)
            self._told_at = now
        await self._end(min(found, key=lambda one: one.waiting_since), "gives way")

    async def _session_request(
        self, verb: str, message: Json, own: dict[int, Session], now: float
    ) -> Json:
        session = self._session(message, own)
        session.seen = now
        if verb == "claim":
            session.lost_at = None
            own[session.number] = session
            return {"janus": "success"}
        if verb == "keepalive":
            return {"janus": "ack"}
        if verb == "destroy":
            own.pop(session.number, None)
            await self._drop(session)
            return {"janus": "success"}
        if verb == "attach":
            return self._attach(session, message)
        return await self._handle_request(session, verb, message)

    def _session(self, message: Json, own: dict[int, Session]) -> Session:
        number = message.get("session_id")
        session = self.sessions.get(number) if isinstance(number, int) else None
        if session is None or (session.number not in own and message.get("janus") != "claim"):
            raise GatewayError(SESSION_NOT_FOUND, f"No such session {number}")
        return session

    def _attach(self, session: Session, message: Json) -> Json:
        if message.get("plugin") != PLUGIN:
            raise GatewayError(PLUGIN_NOT_FOUND, f"No such plugin '{message.get('plugin')}'")
        most = MAX_HANDLES if session.in_room() else MAX_HANDLES_WAITING
        if len(session.handles) >= most:
            raise GatewayError(TOO_MANY, f"Too many handles ({most})")
        handle = Handle(secrets.randbits(52), session.push, caller=session.caller)
        session.handles[handle.number] = handle
        return {"janus": "success", "data": {"id": handle.number}}

    async def _handle_request(self, session: Session, verb: str, message: Json) -> Json:
        number = message.get("handle_id")
        handle = session.handles.get(number) if isinstance(number, int) else None
        if handle is None:
            raise GatewayError(HANDLE_NOT_FOUND, f"No such handle {number} in {session.number}")
        if verb == "detach":
            del session.handles[handle.number]
            await handle.close()
            return {"janus": "success"}
        if verb == "hangup":
            transport = handle.role.transport() if handle.role else None
            if transport is not None:
                transport.closed.set()
            return {"janus": "success"}
        if verb == "trickle":
            await self._trickle(handle, message)
            return {"janus": "ack"}
        if verb != "message":
            raise GatewayError(UNKNOWN_REQUEST, f"Unknown request '{verb}'")
        return await self._message(handle, message)

    async def _trickle(self, handle: Handle, message: Json) -> None:
        transport = handle.role.transport() if handle.role else None
        several = message.get("candidates")
        for one in several if isinstance(several, list) else [message.get("candidate")]:
            if transport is None or not isinstance(one, dict):
                continue
            if one.get("completed"):
                await transport.add_candidate(None)
                continue
            text = str(one.get("candidate", "")).removeprefix("candidate:")
            try:
                candidate = candidate_from_sdp(text)
            except (AssertionError, ValueError):
                continue
            if candidate.protocol.lower() == "udp":
                candidate.sdpMid = str(one.get("sdpMid", "0"))
                await transport.add_candidate(candidate)

    async def _message(self, handle: Handle, message: Json) -> Json:
        body, jsep = message.get("body"), message.get("jsep")
        if not isinstance(body, dict):
            raise GatewayError(MISSING_MANDATORY, "Missing mandatory element (body)")
        request = body.get("request")
        if isinstance(request, str) and request in SYNCHRONOUS:
            try:
                data = await self.rooms.handle_synchronous(body, handle.caller)
            except VideoRoomError as error:
                data = _error(error)
            plugin_data = {"plugin": PLUGIN, "data": data}
            return {"janus": "success", "sender": handle.number, "plugindata": plugin_data}
        transaction = message.get("transaction")
        try:
            data, answer = await self.rooms.handle_asynchronous(
                handle, body, jsep if isinstance(jsep, dict) else None
            )
        except VideoRoomError as error:
            data, answer = _error(error), None
        handle.event(data, answer, transaction if isinstance(transaction, str) else None)
        await self.rooms.after_response(handle)
        return {"janus": "ack"}


def _check_transaction(transaction: object) -> None:
    if not isinstance(transaction, str):
        raise GatewayError(MISSING_MANDATORY, "Missing mandatory element (transaction)")


def _error(error: RoomError) -> Json:
    return {"videoroom": "event", "error_code": error.code, "error": error.sentence}
