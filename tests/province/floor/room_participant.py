"""Somebody in a room without camera and microphone: raises hands, sees who has the floor.

With the keys of a site's feed this is that site, as `appliance.dialers.janus.call` is one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from appliance.base.tasks import cancel_and_wait
from appliance.dialers.janus.display import Display, Feed
from appliance.dialers.janus.people import People, Trust
from appliance.dialers.janus.proof import site_proof
from appliance.dialers.janus.session import Event, Json, Notified
from appliance.dialers.janus.socket import JanusSocket, LostError, RefusedError
from appliance.wire.address import Address
from appliance.wire.room_keys import RoomKeys
from tests.process.waiting import until_told


class RoomParticipant:
    """``people`` is what this one sees of the others."""

    def __init__(
        self, address: str, name: str, keys: RoomKeys | None = None, *, texts: bool = False
    ) -> None:
        self._address = Address.parse(address)
        self._room: Feed = self._address.room if texts else int(self._address.room)
        self._name = name
        self._keys = keys
        self.proof = ""
        self.people = People()
        self.socket = JanusSocket(self._address.url, None, self._hear)
        self._handle = 0

    @property
    def given(self) -> bool:
        return self.people.given

    async def enter(self, display: str = "", *, as_id: int | None = None) -> None:
        """Join; with `as_id` under an id of one's own choice, as a real Janus allows."""
        await self.socket.create()
        checks_chair = await self.socket.checks_chair()
        self.people.trust = Trust(self._room, self._keys, checks_chair)
        self._handle = await self.socket.attach()
        body: Json = {"request": "join", "ptype": "publisher", "room": self._room}
        body["display"] = display or self._display(False)
        if as_id is not None:
            body["id"] = as_id
        joined = await self.socket.message(self._handle, body)
        self.people.take(joined.data)
        if self._keys is not None:
            self.proof = site_proof(self._keys, self._room, self.people.me)
            await self.show(self._display(False))

    async def hand(self, up: bool) -> None:
        """Until the room has taken it: on a machine that is too busy to answer a ping in time the
        line is lost, and the socket claims its session again."""
        await self.show(self._display(up))

    async def return_floor(self) -> None:
        """Give the floor back, as a site does."""
        await self.show(str(Display(self._name, mic=False, returned=True, proof=self.proof)))

    async def kick(self, secret: str) -> int:
        """Try to remove oneself; the code with which the room refuses, 0 where it does not."""
        number, room = self.people.me, self._room
        body = {"request": "kick", "room": room, "id": number, "secret": secret}
        try:
            await self.socket.message(self._handle, body)
        except RefusedError as error:
            return error.answer.code
        return 0

    async def show(self, display: str) -> None:
        """Show any display to all others."""
        body = {"request": "configure", "display": display}

        async def taken() -> bool:
            try:
                await self.socket.message(self._handle, body)
            except (LostError, TimeoutError):
                return False
            return True

        await until_told("the room takes the display", taken, within=90.0)

    def _display(self, hand: bool) -> str:
        return str(Display(self._name, hand=hand, mic=False, proof=self.proof))

    async def _hear(self, event: Event) -> None:
        if isinstance(event, Notified):
            self.people.take(event.data)


@asynccontextmanager
async def joined(
    address: str,
    name: str,
    keys: RoomKeys | None = None,
    *,
    display: str = "",
    as_id: int | None = None,
    texts: bool = False,
) -> AsyncIterator[RoomParticipant]:
    """In the room from here to the end."""
    participant = RoomParticipant(address, name, keys, texts=texts)
    await participant.socket.open()
    reading = asyncio.create_task(participant.socket.run(), name=f"participant of {name}")
    try:
        await participant.enter(display, as_id=as_id)
        yield participant
    finally:
        await participant.socket.close()
        await cancel_and_wait(reading)
