"""The demo's page: the site's TV, its button, its lamp and its plugs, in a browser."""

import contextlib
import io
from importlib.resources import files
from typing import Any

import segno
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.demo import screen_stream
from services.demo.programs import DemoPrograms
from services.demo.province import ACCOUNT, PASSWORD
from services.demo.virtual import VirtualTv

PLUGS = frozenset({"cable", "camera", "microphone"})


class Page:
    """The routes; the command starts and ends the programs."""

    def __init__(self, tv: VirtualTv) -> None:
        self._tv = tv
        self.programs: DemoPrograms | None = None
        self.app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/tv.mjpeg", self._pictures),
                Route("/tv.jpeg", self._picture),
                Route("/tv.wav", self._sound),
                Route("/room.svg", self._code),
                Route("/state", self._state),
                Route("/do", self._do, methods=["POST"]),
            ]
        )

    @property
    def _started(self) -> DemoPrograms:
        if self.programs is None:
            raise RuntimeError("the programs have not been started")
        return self.programs

    async def _page(self, _request: Request) -> Response:
        page = files("services.demo").joinpath("page/index.html").read_text(encoding="utf-8")
        page = page.replace("{{room}}", self._started.room_url).replace(
            "{{pin}}", self._started.chair_pin
        )
        page = page.replace("{{console}}", self._started.province.url)
        page = page.replace("{{account}}", ACCOUNT).replace("{{password}}", PASSWORD)
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    async def _pictures(self, _request: Request) -> Response:
        kind = f"multipart/x-mixed-replace; boundary={screen_stream.BOUNDARY}"
        return StreamingResponse(screen_stream.pictures(self._tv), media_type=kind)

    async def _picture(self, _request: Request) -> Response:
        return Response(screen_stream.photograph(self._tv), media_type="image/jpeg")

    async def _sound(self, _request: Request) -> Response:
        return StreamingResponse(screen_stream.sound(self._tv), media_type="audio/wav")

    async def _code(self, _request: Request) -> Response:
        code = segno.make(self._started.room_url, micro=False)
        drawing = io.BytesIO()
        code.save(drawing, kind="svg", scale=4, border=2)
        return Response(drawing.getvalue(), media_type="image/svg+xml")

    async def _state(self, _request: Request) -> Response:
        seen = await self._started.simulator(do="look") if self._started.powered else None
        facts = self._started.facts() if seen else {}
        return JSONResponse({"power": self._started.powered, "simulator": seen, "facts": facts})

    async def _do(self, request: Request) -> Response:
        command: dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            command = await request.json()
        what, state = command.get("do"), command.get("in")
        if what == "power" and isinstance(state, bool):
            await self._started.power(state)
        elif what == "plug" and command.get("what") in PLUGS and isinstance(state, bool):
            await self._started.plug(command["what"], state)
        elif what in ("push", "let-go", "hang-up", "join"):
            await self._started.simulator(do=what, button=command.get("button", "hand"))
        else:
            return JSONResponse({"error": f"cannot do {command!r}"}, status_code=400)
        return await self._state(request)
