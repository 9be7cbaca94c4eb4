"""The room as a web application: the page, the Janus WebSocket and /health."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from services.room.connections import Connection, Connections
from services.room.settings import RoomSettings
from services.room.signalling.gateway import Gateway
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
# The page may connect to its own host only.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; img-src 'self' data:"
)


class Room:
    """The application; ``app`` is what uvicorn serves."""

    def __init__(self, rooms: list[RoomSettings]) -> None:
        self.gateway = Gateway(VideoRoom(rooms))
        self._first = rooms[0].number if rooms else 0
        self._connections = Connections()
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
            try:
                await self.gateway.sweep(time.monotonic())
            except Exception:
                log.exception("room: one round of the sweeper failed")

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
        now, attempts = time.monotonic(), self.gateway.rooms.attempts
        for number, room in rooms.items():
            room["wrong_pins"] = attempts.recent(int(number), now)
        sessions = self.gateway.sessions.values()
        return JSONResponse({
            "ok": True,
            "sessions": len(sessions),
            "in_no_room": sum(not one.in_room() for one in sessions),
            "connections": len(self._connections),
            "rooms": rooms,
        })  # fmt: skip

    async def _library(self, request: Request) -> Response:
        path = LIBRARIES.get(request.path_params["name"])
        if path is None or not path.is_file():
            return JSONResponse({"error": "run `make setup`: the page's library is missing"}, 404)
        return FileResponse(path, media_type="text/javascript")

    async def _janus(self, socket: WebSocket) -> None:
        if PROTOCOL not in socket.scope.get("subprotocols", []):
            await socket.close(1002)
            return
        address = socket.client.host if socket.client is not None else ""
        connection = Connection(self.gateway, socket, address)
        if not self._connections.add(connection):
            await socket.close(1013)  # IANA's WebSocket close codes: try again later
            return
        try:
            await socket.accept(subprotocol=PROTOCOL)
            await connection.run()
        finally:
            connection.disconnected()
            self._connections.remove(connection)
