"""The simulator of a running endpoint: button, plugs and cable, over a socket of one user.

For a laptop alone, where ``diemcau endpoint --simulator`` names the socket; a Pi has fingers. One
JSON object a line in, one out: ``{"do": "press", "button": "hand", "seconds": 0.2}``,
``{"do": "push"}``, ``{"do": "let-go"}``, ``{"do": "plug", "what": "camera", "in": false}``,
``{"do": "hang-up"}``, ``{"do": "join"}``, ``{"do": "look"}``. Each is answered by what there is
to see then.
"""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from hardware.panel import Button
from hardware.simulator.cable import Cable, CableLoop
from hardware.simulator.pins import Simulator
from hardware.wiring import Wiring

MAX_PRESS_S = 60.0


class Plug(Protocol):
    """A camera or a microphone with a plug that can be pulled."""

    plugged: bool


class Call(Protocol):
    """What a person at the site can do to the call without a button."""

    def hang_up(self) -> None:
        """Leave the meeting."""

    def join(self) -> None:
        """Come back to it."""


class SimulatorSocket:
    """Pins, cable and event loop of one simulated box, and the socket that moves them."""

    def __init__(self, path: Path, wiring: Wiring) -> None:
        self._path = path
        self._hands = Simulator(wiring)
        self._cable = Cable()
        self._plugs: dict[str, Plug] = {"cable": self._cable}
        self.pins = self._hands.pins

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """The loop whose sockets go through the cable."""
        return CableLoop(self._cable)

    def linked(self) -> bool:
        """Whether the cable is in."""
        return self._cable.plugged

    async def run(self, camera: Plug, microphone: Plug, call: Call) -> None:
        """Listen on a Unix socket that only this user may open, until cancelled."""
        self._plugs |= {"camera": camera, "microphone": microphone}
        self._path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(
                lambda reader, writer: self._serve(reader, writer, call), self._path
            )
        finally:
            os.umask(mask)
        async with server:
            await server.serve_forever()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, call: Call
    ) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                try:
                    answer = await self._do(json.loads(line), call)
                except (ValueError, KeyError, TypeError, OSError) as error:
                    answer = {"error": f"{type(error).__name__}: {error}"}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _do(self, request: dict[str, Any], call: Call) -> dict[str, Any]:
        button = Button(request.get("button", Button.HAND))
        what = str(request["do"])
        if what == "press":
            await self._hands.press(min(float(request["seconds"]), MAX_PRESS_S), button)
        elif what == "plug":
            self._plug(str(request["what"]), bool(request["in"]))
        elif what != "look":
            plain: dict[str, Callable[[], None]] = {
                "push": lambda: self._hands.push(button),
                "let-go": lambda: self._hands.let_go(button),
                "hang-up": call.hang_up,
                "join": call.join,
            }
            plain[what]()
        return self._seen()

    def _plug(self, what: str, plugged: bool) -> None:
        if what == "cable":
            self._cable.plug(plugged)
        elif what in self._plugs:
            self._plugs[what].plugged = plugged
        else:
            raise ValueError(f"no plug named {what!r}; there are {', '.join(self._plugs)}")

    def _seen(self) -> dict[str, Any]:
        light = self._hands.lamp_light()
        return {
            "lamp": self._hands.lamp_colour(),
            "red": light.red,
            "green": light.green,
            **{name: plug.plugged for name, plug in self._plugs.items()},
        }
