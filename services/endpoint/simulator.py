"""What stands in for a box's wires on a laptop, as the endpoint sees it.

The real one is `hardware.simulator`, which no image carries: it is loaded only where
``--simulator`` names its socket.
"""

from asyncio import AbstractEventLoop
from typing import Protocol


class Plug(Protocol):
    """A camera or a microphone with a plug that can be pulled."""

    plugged: bool


class Call(Protocol):
    """What a person at the site can do to the call without a button."""

    def hang_up(self) -> None:
        """Leave the meeting."""

    def join(self) -> None:
        """Come back to it."""


class Simulator(Protocol):
    """The pins and the cable of one simulated box."""

    @property
    def pins(self) -> object:
        """The pins for `hardware.board.open_board`."""

    def new_event_loop(self) -> AbstractEventLoop:
        """A loop whose sockets go through the cable."""

    def linked(self) -> bool:
        """Whether the network cable is in."""

    async def run(self, camera: Plug, microphone: Plug, call: Call) -> None:
        """Let people move button, plugs and cable, until cancelled."""
