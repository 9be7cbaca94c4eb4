"""The room's WebSockets: each answers its own requests, and together they are bounded.

A socket costs a handle as long as it is open. Who is in a room keeps theirs; of all others the one
that has been there longest gives way where there are too many, so that a site that comes is let in.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter
from collections.abc import MutableMapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from services.room.errors import INVALID_JSON, UNKNOWN_ERROR
from services.room.signalling.gateway import Gateway, Session
from services.room.signalling.handle import Json
from services.room.signalling.pin_attempts import origin

log = logging.getLogger("diemcau.room")

MAX_SOCKETS, MAX_SOCKETS_OF_ONE = 800, 250
"""In all, and of one address; behind one address may be a whole province."""
QUIET_TIMEOUT_S = 15.0  # without a word and without a session of its own
MAX_MESSAGE_BYTES = 256 * 1024  # an offer of a browser with every codec is 10 KB


class Connections:
    """All that are open, the oldest first."""

    def __init__(self, most: int = MAX_SOCKETS, most_of_one: int = MAX_SOCKETS_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._open: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: "Connection") -> bool:
        """Take one up, for which another may have to give way; False where none can."""
        of = Counter(one.origin for one in self._open)
        if of[connection.origin] >= self._most_of_one:
            heaviest = connection.origin
        elif len(self._open) >= self._most:
            heaviest = max(of, key=of.__getitem__)
        else:
            self._open[connection] = None
            return True
        for one in self._open:
            if one.origin == heaviest and not one.in_room():
                self.remove(one)
                one.give_way()
                self._open[connection] = None
                return True
        log.warning("room: %d connections of %s, no more", of[heaviest], heaviest)
        return False

    def remove(self, connection: "Connection") -> None:
        """It is closed."""
        self._open.pop(connection, None)


class Connection:
    """One WebSocket: answers its requests in turn, and sends the messages of its sessions."""

    def __init__(self, gateway: Gateway, socket: WebSocket, address: str) -> None:
        self._gateway, self._socket, self._address = gateway, socket, address
        self.origin = origin(address)
        self._receiving: asyncio.Task[MutableMapping[str, Any]] | None = None
        self._gives_way = False
        self._sessions: dict[int, Session] = {}
        self._writers: dict[int, asyncio.Task[None]] = {}

    def in_room(self) -> bool:
        """Whether one of its sessions has joined a room."""
        return any(session.in_room() for session in self._live())

    def give_way(self) -> None:
        """Close it, for another."""
        self._gives_way = True
        if self._receiving is not None:
            self._receiving.cancel()

    async def run(self) -> None:
        """Serve the socket until it is closed, or nobody is behind it any more."""
        try:
            while not self._gives_way:
                if self._receiving is None:
                    # Not `receive_text`: it refuses what has arrived once a send has failed.
                    self._receiving = asyncio.create_task(self._socket.receive(), name="receive")
                await asyncio.wait({self._receiving}, timeout=QUIET_TIMEOUT_S)
                if not self._receiving.done():
                    if self._live():
                        continue
                    break
                if self._receiving.cancelled():
                    break
                message, self._receiving = self._receiving.result(), None
                if message["type"] == "websocket.disconnect":
                    return
                await self._receive(message.get("text") or "")
            with contextlib.suppress(RuntimeError, OSError):
                await self._socket.close(1001)
        finally:
            if self._receiving is not None:
                self._receiving.cancel()
                await asyncio.gather(self._receiving, return_exceptions=True)

    def _live(self) -> list[Session]:
        alive = self._gateway.sessions
        return [one for number, one in self._sessions.items() if number in alive]

    def disconnected(self) -> None:
        """Stop sending; the sessions may be claimed back for a while."""
        for writer in self._writers.values():
            writer.cancel()
        for session in self._sessions.values():
            if session.number in self._gateway.sessions:
                session.lost_at = time.monotonic()

    async def _receive(self, text: str) -> None:
        try:
            message = json.loads(text) if len(text) <= MAX_MESSAGE_BYTES else None
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            error = {"code": INVALID_JSON, "reason": "Not a JSON object, or too long"}
            await self._send({"janus": "error", "error": error})
            return
        now = time.monotonic()
        try:
            answer: Json = await self._gateway.request(message, self._sessions, now, self._address)
        except Exception:
            # A request that we did not think of may cost itself, not the session that sent it.
            log.exception("room: a request was not understood: %.200r", message.get("janus"))
            answer = {"janus": "error", "transaction": message.get("transaction")}
            answer["error"] = {"code": UNKNOWN_ERROR, "reason": "Not understood"}
        await self._send(answer)
        for number in self._writers.keys() - self._gateway.sessions.keys():
            if self._writers[number].done():
                del self._writers[number]
                self._sessions.pop(number, None)
        for number, session in self._sessions.items():
            if number not in self._writers:
                self._writers[number] = asyncio.create_task(self._write(session))

    async def _send(self, message: Json) -> bool:
        """Send a message; False when the socket is closed.

        A client sends "destroy" and closes at once. An answer that cannot be sent must not keep
        that "destroy" from being read, or the client would stay in the room.
        """
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            await self._socket.send_text(json.dumps(message))
            return True
        return False

    async def _write(self, session: Session) -> None:
        while (message := await session.outbox.get()) is not None:
            if not await self._send(message):
                return
