"""The bench's hands on a running endpoint: button, plugs and cable, over a socket of one user.

Exists on a laptop only, and only where ``--bench`` names the socket; a Pi has fingers. One JSON
object a line in, one out: ``{"do": "press", "button": "hand", "seconds": 0.2}``,
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
from typing import Any

from hardware.panel import Button
from hardware.simulator.cable import Cable
from hardware.simulator.pins import Simulator
from services.endpoint.conductor import Conductor
from services.endpoint.devices.devices import Devices

LONGEST_PRESS_S = 60.0


class SimulatorSocket:
    """Serves the hands until cancelled."""

    def __init__(
        self, path: Path, hands: Simulator, cable: Cable, devices: Devices, conductor: Conductor
    ) -> None:
        self._path = path
        self._hands = hands
        self._cable = cable
        self._devices = devices
        self._conductor = conductor

    async def run(self) -> None:
        """Listen on a Unix socket that only this user may open."""
        self._path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._serve, self._path)
        finally:
            os.umask(mask)
        async with server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                try:
                    answer = await self._do(json.loads(line))
                except (ValueError, KeyError, TypeError, OSError) as error:
                    answer = {"error": f"{type(error).__name__}: {error}"}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        button = Button(request.get("button", Button.HAND))
        what = str(request["do"])
        if what == "press":
            await self._hands.press(min(float(request["seconds"]), LONGEST_PRESS_S), button)
        elif what == "plug":
            self._plug(str(request["what"]), bool(request["in"]))
        elif what != "look":
            plain: dict[str, Callable[[], None]] = {
                "push": lambda: self._hands.push(button),
                "let-go": lambda: self._hands.let_go(button),
                "hang-up": self._conductor.hang_up,
                "join": self._conductor.join,
            }
            plain[what]()
        return self._seen()

    def _plug(self, what: str, plugged: bool) -> None:
        if what == "cable":
            self._cable.plug(plugged)
        elif what == "camera":
            self._devices.camera.plugged = plugged
        elif what == "microphone":
            self._devices.microphone.plugged = plugged
        else:
            raise ValueError(f"no plug named {what!r}; there are cable, camera, microphone")

    def _seen(self) -> dict[str, Any]:
        light = self._hands.lamp_light()
        return {
            "lamp": self._hands.lamp_colour(),
            "red": light.red,
            "green": light.green,
            "cable": self._cable.plugged,
            "camera": self._devices.camera.plugged,
            "microphone": self._devices.microphone.plugged,
        }
