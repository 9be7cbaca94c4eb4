"""Joins the room of one meeting without media: lists its participants and shows the floor."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from appliance.dialers.janus.display import Display
from appliance.dialers.janus.people import People
from appliance.dialers.janus.session import Event, Json, Notified
from appliance.dialers.janus.socket import JanusSocket
from appliance.wire.address import Address
from services.province.floor.participants import Participant

CLOSE_TIMEOUT_S = 3.0


class Room:
    """The connection to one room, as its chair.

    Raises what `JanusSocket` does: `RefusedError` for a wrong PIN, `LostError`, TimeoutError,
    OSError and its kind. ``changed`` is set whenever the room sent a notice.
    """

    def __init__(
        self, address: Address, name: str, chair_pin: str, trust: ssl.SSLContext | None
    ) -> None:
        self.changed = asyncio.Event()
        self.shown: int | None = None
        self._address = address
        self._name = name
        self._chair_pin = chair_pin
        self._people = People()
        self._socket = JanusSocket(address.url, trust, self._hear)
        self._handle = 0

    async def join_while(self, do: Callable[["Room"], Awaitable[None]]) -> None:
        """Join, run `do` until it is done or the connection is lost, and leave in any case."""
        await self._socket.open()
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(self._socket.run(), name="room socket")
                await self._join()
                await do(self)
                reading.cancel()
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self._socket.close()

    def participants(self) -> list[Participant]:
        """Everybody else in the room."""
        return [
            Participant(
                person.number,
                person.display.name,
                person.display.hand,
                person.display.mic,
                person.display.returned,
            )
            for person in self._people.persons.values()
            if isinstance(person.number, int)
        ]

    def number_of(self, name: str) -> int | None:
        """The participant of that name; None where there is none."""
        found = (p.number for p in self.participants() if p.name == name)
        return next(found, None) if name else None

    async def show(self, floor: int | None) -> None:
        """Show everybody who has the floor; returns when the room has confirmed it."""
        body = {"request": "configure", "display": self._display(floor)}
        await self._socket.message(self._handle, body)
        self.shown = floor

    async def _join(self) -> None:
        await self._socket.create()
        self._handle = await self._socket.attach()
        room = self._address.room
        body: Json = {
            "request": "join",
            "ptype": "publisher",
            "room": int(room) if room.isdecimal() else room,
            "display": self._display(None),
        }
        if self._address.pin:
            body["pin"] = self._address.pin
        if self._chair_pin:
            body["chair_pin"] = self._chair_pin
        joined = await self._socket.message(self._handle, body)
        self._people.take(joined.data)
        self.changed.set()

    def _display(self, floor: int | None) -> str:
        return str(Display(self._name, chair=True, floor=floor))

    async def _hear(self, event: Event) -> None:
        if isinstance(event, Notified):
            self._people.take(event.data)
            self.changed.set()
