"""Joins the room of one meeting without media: lists its participants and shows the floor."""

import asyncio
import hashlib
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from appliance.dialers.janus.display import Display, Feed
from appliance.dialers.janus.people import People, Person, Trust
from appliance.dialers.janus.proof import proved_site
from appliance.dialers.janus.session import INVALID_ELEMENT, Event, Json, Notified
from appliance.dialers.janus.socket import JanusSocket, RefusedError
from appliance.wire.address import Address
from services.province.floor.participants import Participant
from services.province.schedule.room_keys import console_signer, site_key

CLOSE_TIMEOUT_S = 3.0
LEFT = ("leaving", "kicked")
NO_SUCH_FEED = 428  # janus_videoroom.c: that participant is not in (any more)
NUMBER_BITS = 63
MAX_TOLD_PINS = 1_000_000


@dataclass(frozen=True, slots=True)
class RoomIdentity:
    """By what the console is known in a meeting's room, and knows the sites.

    `is_invited` says of a site's id whether it belongs to the meeting now.
    """

    name: str
    chair_pin: str = field(default="", repr=False)
    meeting: str = ""
    secret: str = field(default="", repr=False)
    is_invited: Callable[[str], bool] = lambda site: False

    def site_key(self, site: str) -> str:
        """The key of an invited site, "" for any other."""
        return site_key(self.secret, site) if self.is_invited(site) else ""


class Room:
    """The connection to one room, as its chair.

    Raises what `JanusSocket` does: `RefusedError` for a wrong PIN, `LostError`, TimeoutError,
    OSError and its kind. ``changed`` is set whenever the room sent a notice. ``wrong_pins`` is how
    many were tried there lately, as far as the room counts them.
    """

    def __init__(
        self, address: Address, identity: RoomIdentity, trust: ssl.SSLContext | None
    ) -> None:
        self.changed = asyncio.Event()
        self.shown: tuple[int | None, int | None] | None = None
        self.wrong_pins = 0
        self._address = address
        self._room: Feed = int(address.room) if address.room.isdecimal() else address.room
        self._identity = identity
        self._people = People()
        self._chairs: dict[Feed, int | None] = {}
        self._proved: dict[Feed, tuple[str, str]] = {}
        self._left: set[Feed] = set()
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
        """Everybody else in the room, in the order in which they came."""
        return [
            Participant(
                number_of(person.number),
                person.display.name,
                person.display.hand,
                person.display.mic,
                person.display.returned,
                self._site_of(person),
            )
            for person in self._people.persons.values()
        ]

    async def show(self, floor: int | None, leader: int | None, now: float) -> None:
        """Show everybody who has the floor, and who is in the chair, both by their numbers.

        Returns when the room has confirmed it.
        """
        ids = {number_of(person): person for person in self._people.persons}
        display = Display(
            self._identity.name,
            chair=True,
            floor=ids.get(floor or 0),
            leads=ids.get(leader or 0),
            at=round(now, 3),
        )
        if self._identity.secret:
            signer = console_signer(self._identity.secret)
            me = self._people.me
            signature = signer.sign(display, self._identity.meeting, self._room, me)
            display = replace(display, signature=signature)
        body = {"request": "configure", "display": str(display)}
        await self._socket.message(self._handle, body)
        self.shown = floor, leader

    def floors_given_there(self) -> list[int | None]:
        """The floor as somebody else in the chair has set it since the last look; None: taken back.

        Somebody whom the room lets be that only with its PIN. Who had not yet seen our own last
        word when they spoke is passed over, for they follow it now (`services/room/page`).
        """
        shown = self.shown[0] if self.shown is not None else None
        known, self._chairs = (
            self._chairs,
            {
                person.number: None
                if person.display.floor is None
                else number_of(person.display.floor)
                for person in self._people.persons.values()
                if person.chair and not person.display.signature
            },
        )
        return [
            floor for chair, floor in self._chairs.items() if floor != known.get(chair) == shown
        ]

    async def remove(self, number: int) -> bool:
        """Remove a participant; False where the room refuses that.

        A real Janus wants its room's ``secret``, which the meeting may have as its chair's PIN.
        """
        ids = {number_of(person): person for person in self._people.persons}
        if number not in ids:
            return True
        body: Json = {"request": "kick", "room": self._room, "id": ids[number]}
        if self._identity.chair_pin:
            body["secret"] = self._identity.chair_pin
        try:
            await self._socket.message(self._handle, body)
        except RefusedError as error:
            return error.answer.code == NO_SUCH_FEED
        return True

    async def _join(self) -> None:
        await self._socket.create()
        self._people.trust = Trust(checks_chair=await self._socket.checks_chair())
        self._handle = await self._socket.attach()
        body: Json = {
            "request": "join",
            "ptype": "publisher",
            "room": self._room,
            "display": str(Display(self._identity.name, chair=True)),
        }
        if self._address.pin:
            body["pin"] = self._address.pin
        if self._identity.chair_pin:
            body["chair_pin"] = self._identity.chair_pin
        try:
            joined = await self._socket.message(self._handle, body)
        except RefusedError as error:
            if error.answer.code != INVALID_ELEMENT or isinstance(self._room, str):
                raise
            self._room = str(self._room)  # a server with string_ids
            joined = await self._socket.message(self._handle, {**body, "room": self._room})
        self._people.take(joined.data)
        self.changed.set()

    def _site_of(self, person: Person) -> str:
        """The site that a participant has proved to be, "" for none.

        A copied display proves nothing, for the proof is of the participant's own id; nor does an
        id that was a site's and is used again.
        """
        proof = person.display.proof
        if not proof or person.number in self._left:
            return ""
        known = self._proved.get(person.number)
        if known is not None and known[0] == proof:
            return known[1]
        meeting = self._identity.meeting
        site = proved_site(proof, meeting, self._room, person.number, self._identity.site_key)
        if site:
            self._proved[person.number] = proof, site
        return site

    async def _hear(self, event: Event) -> None:
        if isinstance(event, Notified):
            for key in LEFT:
                number = event.data.get(key)
                if isinstance(number, int | str) and number in self._proved:
                    del self._proved[number]
                    self._left.add(number)
            wrong_pins = event.data.get("wrong_pins")
            if isinstance(wrong_pins, int):
                self.wrong_pins = max(0, min(wrong_pins, MAX_TOLD_PINS))
            self._people.take(event.data)
            self.changed.set()


def number_of(participant: Feed) -> int:
    """A number that a row can hold for a participant whose id may be a text (``string_ids``)."""
    if isinstance(participant, int) and 0 <= participant < 1 << NUMBER_BITS:
        return participant
    raw = hashlib.sha256(str(participant).encode("utf-8", "replace")).digest()
    return int.from_bytes(raw[:8]) >> (64 - NUMBER_BITS)
