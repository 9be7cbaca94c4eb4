"""Somebody in a room without camera and microphone: raises hands, sees who has the floor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from appliance.base.tasks import cancel_and_wait
from appliance.dialers.janus.display import Display
from appliance.dialers.janus.people import People
from appliance.dialers.janus.session import Event, Notified
from appliance.dialers.janus.socket import JanusSocket, LostError
from appliance.wire.address import Address
from tests.process.waiting import until_told


class RoomParticipant:
    """``people`` is what this one sees of the others."""

    def __init__(self, address: str, name: str) -> None:
        self._address = Address.parse(address)
        self._name = name
        self.people = People()
        self.socket = JanusSocket(self._address.url, None, self._hear)
        self._handle = 0

    @property
    def given(self) -> bool:
        return self.people.given

    async def enter(self) -> None:
        await self.socket.create()
        self._handle = await self.socket.attach()
        body = {"request": "join", "ptype": "publisher", "room": int(self._address.room)}
        joined = await self.socket.message(self._handle, {**body, "display": self._display(False)})
        self.people.take(joined.data)

    async def hand(self, up: bool) -> None:
        """Until the room has taken it: on a machine that is too busy to answer a ping in time the
        line is lost, and the socket claims its session again."""
        await self._show(self._display(up))

    async def return_floor(self) -> None:
        """Give the floor back, as a site does."""
        await self._show(str(Display(self._name, mic=False, returned=True)))

    async def _show(self, display: str) -> None:
        body = {"request": "configure", "display": display}

        async def taken() -> bool:
            try:
                await self.socket.message(self._handle, body)
            except (LostError, TimeoutError):
                return False
            return True

        await until_told("the room takes the display", taken, within=90.0)

    def _display(self, hand: bool) -> str:
        return str(Display(self._name, hand=hand, mic=False))

    async def _hear(self, event: Event) -> None:
        if isinstance(event, Notified):
            self.people.take(event.data)


@asynccontextmanager
async def joined(address: str, name: str) -> AsyncIterator[RoomParticipant]:
    """In the room from here to the end."""
    participant = RoomParticipant(address, name)
    await participant.socket.open()
    reading = asyncio.create_task(participant.socket.run(), name=f"participant of {name}")
    try:
        await participant.enter()
        yield participant
    finally:
        await participant.socket.close()
        await cancel_and_wait(reading)
