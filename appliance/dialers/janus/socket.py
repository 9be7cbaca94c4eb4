"""The WebSocket of a Janus session: requests with a deadline, keepalive, claiming after a loss."""

import asyncio
import json
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from appliance.dialers.api import DialersError
from appliance.dialers.janus.session import (
    Answered,
    Event,
    JanusSession,
    Json,
    Over,
    Refused,
)
from appliance.wire.room_keys import ROOM_SERVER_NAME

log = logging.getLogger("diemcau.janus")

CONNECT_TIMEOUT_S = 8.0  # name, TCP, TLS and the upgrade; SYN is repeated after 1 and 3 s
ANSWER_TIMEOUT_S = 8.0  # the server's own work is milliseconds; this is for a bad line
INFO_TIMEOUT_S = 3.0  # of a question that a server may leave unanswered
PING_INTERVAL_S, PONG_TIMEOUT_S = 5.0, 5.0  # a pulled cable is noticed within ten seconds
RESTORE_TIMEOUT_S = 20.0  # Janus keeps a claimable session for tens of seconds
REFUSED_TIMEOUT_S = 2.0
RETRY_INTERVAL_S = 0.5
MAX_MESSAGE = 1 << 20
PROTOCOL = Subprotocol("janus-protocol")

OnEvent = Callable[[Event], Awaitable[None]]


class _Direct(connect):
    """Connects to the address that the agenda names and to no other: a redirect would lead past the
    allowed hosts, and one to an address that cannot be raises what no caller expects."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """No redirect is followed."""
        return exc


class RefusedError(DialersError):
    """The server answered a request with an error."""

    def __init__(self, answer: Refused) -> None:
        super().__init__(answer.sentence)
        self.answer = answer


class LostError(DialersError):
    """The session is lost: no connection for too long, or the server no longer knows it."""


class JanusSocket:
    """Owns socket and session. `run` gives events, answers among them, to ``on_event``.

    ``open`` raises what websockets and the operating system raise; requests raise `RefusedError`,
    `LostError` or TimeoutError.
    """

    def __init__(self, url: str, trust: ssl.SSLContext | None, on_event: OnEvent) -> None:
        self.url = url
        self.session = JanusSession()
        self._trust = trust if url.startswith("wss:") else None
        self._on_event = on_event
        self._socket: ClientConnection | None = None
        self._answers: dict[str, asyncio.Future[Answered]] = {}
        self._over: str = ""
        self._open = asyncio.Event()

    async def open(self) -> None:
        """Connect for the first time."""
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            self._socket = await self._connect()
        self._open.set()

    async def create(self) -> None:
        """Begin the session; ``run`` must be running."""
        answer = await self._ask(self.session.create(time.monotonic()))
        self.session.number = _given(answer)

    async def checks_chair(self) -> bool:
        """Whether this server itself lets nobody call themselves the chair without the PIN.

        One that does not answer what it is does not: a room is not lost for that question.
        """
        try:
            async with asyncio.timeout(INFO_TIMEOUT_S):
                answer = await self._ask(self.session.info(time.monotonic()))
        except (RefusedError, TimeoutError):
            return False
        return answer.data.get("name") == ROOM_SERVER_NAME

    async def attach(self) -> int:
        """Attach to the room plug-in; gives the handle's number."""
        answer = await self._ask(self.session.attach(time.monotonic()))
        return _given(answer)

    async def message(
        self, handle: int, body: Mapping[str, Any], jsep: Json | None = None
    ) -> Answered:
        """Ask the room for something and wait for its answer."""
        return await self._ask(self.session.message(handle, body, time.monotonic(), jsep))

    async def candidates_complete(self, handle: int) -> None:
        """Say that there are no more candidates; needs no answer."""
        await self._send(self.session.candidates_complete(handle, time.monotonic()))

    async def run(self) -> None:
        """Read and keep alive until closed; claims the session when the socket is lost.

        Returns when ``close`` was called; raises LostError when the session cannot be had back.
        """
        while True:
            socket = self._socket
            if socket is None:
                return
            keep_alive = asyncio.create_task(self._keep_alive(), name="janus keepalive")
            try:
                async for text in socket:
                    await self._take(text)
            except ConnectionClosed as error:
                log.info("janus: the connection is lost: %s", error)
            finally:
                keep_alive.cancel()
                await asyncio.gather(keep_alive, return_exceptions=True)
            if self._socket is None:
                return
            self._open.clear()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(LostError("the connection is lost"))
            if self._over or not self.session.number:
                raise LostError(self._over or "the server closed the connection")
            await self._restore()

    async def close(self) -> None:
        """End the session where the connection allows it, and close the socket in any case."""
        socket, self._socket = self._socket, None
        if socket is None:
            return
        with suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(1.0):
                if self.session.number:
                    request = self.session.destroy(time.monotonic())
                    await socket.send(json.dumps(request))
                await socket.close()
        if socket.transport is not None:
            socket.transport.abort()
        for answer in self._answers.values():
            # Not cancelled: whoever waits would take it for a cancellation of its own and end.
            if not answer.done():
                answer.set_exception(LostError("the connection was closed here"))

    async def _connect(self) -> ClientConnection:
        return await _Direct(
            self.url,
            ssl=self._trust,
            subprotocols=[PROTOCOL],
            compression=None,
            open_timeout=None,
            close_timeout=1.0,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PONG_TIMEOUT_S,
            max_size=MAX_MESSAGE,
            proxy=None,
        )

    async def _restore(self) -> None:
        """Connect again and claim the session; the media go on meanwhile."""
        begun = time.monotonic()
        until = begun + RESTORE_TIMEOUT_S
        while True:
            try:
                async with asyncio.timeout(
                    max(0.1, min(CONNECT_TIMEOUT_S, until - time.monotonic()))
                ):
                    socket = await self._connect()
                    await self._claim(socket)
            except (OSError, TimeoutError, WebSocketException) as error:
                if isinstance(error, ConnectionRefusedError):
                    # The machine is there and the server is not, and its sessions went with it;
                    # only a proxy before it that restarts would be back in a moment.
                    until = min(until, begun + REFUSED_TIMEOUT_S)
                if time.monotonic() + RETRY_INTERVAL_S > until:
                    raise LostError(f"the connection is lost: {error or 'no answer'}") from None
                await asyncio.sleep(RETRY_INTERVAL_S)
                continue
            self._socket = socket
            self._open.set()
            log.info("janus: connected again, session %d goes on", self.session.number)
            return

    async def _claim(self, socket: ClientConnection) -> None:
        request = self.session.claim(time.monotonic())
        await socket.send(json.dumps(request))
        while True:
            for event in self.session.receive(_parsed(await socket.recv())):
                if isinstance(event, Refused):
                    await socket.close()
                    raise LostError(f"the server does not give the session back: {event.sentence}")
                if isinstance(event, Answered) and event.transaction == request["transaction"]:
                    return
                await self._on_event(event)

    async def _ask(self, request: Json) -> Answered:
        transaction = request["transaction"]
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._answers[transaction] = answer
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._send(request)
                return await answer
        finally:
            self._answers.pop(transaction, None)

    async def _send(self, request: Json) -> None:
        await self._open.wait()
        if self._socket is None:
            raise LostError("the call is over")
        try:
            await self._socket.send(json.dumps(request))
        except ConnectionClosed:
            raise LostError("the connection is lost") from None

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(max(0.0, self.session.keepalive_at() - time.monotonic()))
            if self.session.number:
                with suppress(LostError):
                    await self._send(self.session.keepalive(time.monotonic()))
            else:
                await asyncio.sleep(1.0)

    async def _take(self, text: str | bytes) -> None:
        for event in self.session.receive(_parsed(text)):
            if isinstance(event, Answered | Refused):
                waiting = self._answers.get(event.transaction)
                if waiting is not None and not waiting.done():
                    if isinstance(event, Refused):
                        waiting.set_exception(RefusedError(event))
                    else:
                        waiting.set_result(event)
                # Whoever waits for it runs only after what the server said next has been heard; so
                # it is heard here too, in its turn. Two sites that joined in the same moment lost
                # each other when the list of the people there was read after "publishers".
            if isinstance(event, Over):
                self._over = event.why
                if self._socket is not None:
                    await self._socket.close()
            await self._on_event(event)


def _given(answer: Answered) -> int:
    """The number of a session or handle; raises LostError where the server gave none."""
    number = answer.data.get("id")
    if not isinstance(number, int) or not number:
        raise LostError(f"the server gives no number but {str(number)[:40]!r}")
    return number


def _parsed(text: str | bytes) -> Json:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
