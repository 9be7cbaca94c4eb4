"""The room as a web application: the page, the Janus WebSocket and /health."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.room.errors import INVALID_JSON
from services.room.settings import RoomSettings
from services.room.signalling.gateway import Gateway, Session
from services.room.signalling.handle import Json
from services.room.signalling.videoroom import VideoRoom

log = logging.getLogger("diemcau.room")

PAGE = Path(__file__).parent / "page"
MODULES = Path(__file__).parents[2] / "node_modules"
LIBRARIES = {
    "janus.es.js": MODULES / "janus-gateway/npm/dist/janus.es.js",
    "adapter.js": MODULES / "webrtc-adapter/out/adapter.js",
}
PROTOCOL = "janus-protocol"
SWEEP_INTERVAL_S = 1.0
MAX_MESSAGE_BYTES = 256 * 1024  # an offer of a browser with every codec is 10 KB
# The page may connect to its own host only.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; img-src 'self' data:"
)


class Room:
    """The application; ``app`` is what uvicorn serves."""

    def __init__(self, rooms: list[RoomSettings]) -> None:
        self.gateway = Gateway(VideoRoom(rooms))
        self._first = rooms[0].number if rooms else 0
        self.app = Starlette(
            routes=[
                Route("/", self._index),
                Route("/health", self._health),
                Route("/room.json", self._settings),
                Route("/library/{name}", self._library),
                WebSocketRoute("/janus", self._janus),
                Mount("/page", StaticFiles(directory=PAGE)),
            ],
            lifespan=self._life,
        )

    @contextlib.asynccontextmanager
    async def _life(self, app: Starlette) -> AsyncIterator[None]:
        sweeper = asyncio.create_task(self._sweep(), name="room sweeper")
        try:
            yield
        finally:
            sweeper.cancel()
            await asyncio.gather(sweeper, return_exceptions=True)
            await self.gateway.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_INTERVAL_S)
            await self.gateway.sweep(time.monotonic())

    async def _index(self, request: Request) -> Response:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}
        return FileResponse(PAGE / "index.html", headers=headers)

    async def _settings(self, request: Request) -> Response:
        rooms = await self.gateway.rooms.handle_synchronous({"request": "list"})
        known = [
            {key: room[key] for key in ("room", "description", "pin_required", "bitrate")}
            for room in rooms["list"]
        ]
        return JSONResponse({"rooms": known, "first": self._first})

    async def _health(self, request: Request) -> Response:
        meetings = self.gateway.rooms.meetings
        rooms = {
            str(number): {"participants": len(m.participants), "publishing": m.publisher_count()}
            for number, m in meetings.items()
        }
        return JSONResponse({"ok": True, "sessions": len(self.gateway.sessions), "rooms": rooms})

    async def _library(self, request: Request) -> Response:
        path = LIBRARIES.get(request.path_params["name"])
        if path is None or not path.is_file():
            return JSONResponse({"error": "run `make setup`: the page's library is missing"}, 404)
        return FileResponse(path, media_type="text/javascript")

    async def _janus(self, socket: WebSocket) -> None:
        if PROTOCOL not in socket.scope.get("subprotocols", []):
            await socket.close(1002)
            return
        await socket.accept(subprotocol=PROTOCOL)
        connection = _Connection(self.gateway, socket)
        try:
            await connection.run()
        finally:
            connection.disconnected()


class _Connection:
    """One WebSocket: answers its requests in turn, and sends the messages of its sessions."""

    def __init__(self, gateway: Gateway, socket: WebSocket) -> None:
        self._gateway, self._socket = gateway, socket
        self._sessions: dict[int, Session] = {}
        self._writers: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Serve the socket until it is closed."""
        while True:
            # Not `receive_text`: it refuses what has arrived once a send has failed.
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            await self._receive(message.get("text") or "")

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
        answer: Json = await self._gateway.request(message, self._sessions, time.monotonic())
        await self._send(answer)
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
