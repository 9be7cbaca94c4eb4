"""One call at a scripted MCU: where it is, what was pressed, and what the MCU does to it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from sipmessage import URI, Address, Message, Request

from appliance.dialers.sip.signalling.events import Incoming
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.message import FAST_UPDATE, MEDIA_CONTROL, Local, carry
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from tests.peers.sip.agent import Agent
from tests.peers.sip.mcu_media import Faults, McuMedia
from tests.peers.sip.programme import Show

QUEUE = "7000"
"""Whoever calls this number is asked for a conference."""
HAND = "99"


@dataclass(frozen=True, slots=True)
class Room:
    """A conference; ``pin`` "" asks for none."""

    pin: str = ""
    encrypted: bool = False
    most: int = 100


class McuCall:
    """``where`` is "" before the answer, the entry queue, or the conference's number."""

    def __init__(
        self,
        rooms: dict[str, Room],
        show: Show,
        faults: Faults,
        timer: SessionTimer,
        send: Callable[[Message], None],
        port: int,
        full: Callable[[str], bool],
    ) -> None:
        self.where = ""
        self.keys = ""  # pressed in the entry queue
        self.hands = 0
        self.muted = False
        self.offered = ""  # the site's first description
        self._rooms, self._faults, self._full = rooms, faults, full
        self._chosen = ""  # the conference whose PIN is asked for
        self._typed = ""
        self.media = McuMedia(show, faults, ask=self.ask_keyframe)
        self.media.heard_key = self._pressed
        session = InviteSession(
            Local("TCP", "127.0.0.1", port),
            Address(URI.parse("sip:rmx@127.0.0.1"), "RMX"),
            accepts_calls=True,
            timer=replace(timer),
        )
        self._out, self._late = send, False
        self.agent = Agent(session, self.media, self._send, self._answer)

    @property
    def up(self) -> bool:
        """Whether the call stands."""
        return self.agent.up and not self.agent.session.over

    def ask_keyframe(self) -> None:
        """The RMX's "PLI": an INFO."""
        self.agent.inform(MEDIA_CONTROL, FAST_UPDATE)

    def content(self, shown: bool) -> None:
        """Somebody begins to show slides, or ends."""
        self.media.content = shown
        self.agent.offer()

    async def move(self, *, late: bool = False) -> None:
        """The call goes on at another address, as streams of their own.

        ``late`` asks for the site's offer, as a DMA does: no description in the re-INVITE, and the
        answer in the ACK (RFC 3261 section 14.1).
        """
        await self.media.move()
        self._late = self.media.late = late
        self.agent.offer()

    async def leave(self) -> None:
        """Put it out, with a BYE."""
        await self.agent.leave()

    async def gone(self) -> None:
        """Its connection is lost."""
        self.agent.lost("the connection is lost")
        self.agent.rest()
        await self.media.close()

    def _send(self, message: Message) -> None:
        if self._late and isinstance(message, Request):
            if message.method == "INVITE":
                carry(message, "")
            elif message.method == "ACK":
                carry(message, self.media.answered)
                self._late = False
        self._out(message)

    def _answer(self, agent: Agent, incoming: Incoming) -> None:
        now = time.monotonic()
        number = incoming.request.uri.user or ""
        room = self._rooms.get(number)
        self.offered = incoming.sdp
        if self._faults.code != 200:
            agent.session.refuse(self._faults.code, now)
        elif number != QUEUE and room is None:
            agent.session.refuse(404, now)
        elif self._full(number):
            agent.session.refuse(486, now)
        else:
            agent.session.answer(self.media.answer(incoming.sdp), now)
            self.where = QUEUE
            if room is not None and not room.pin:
                self._enter(number)
            elif room is not None:
                self._chosen = number

    def _pressed(self, key: str) -> None:
        if self.where != QUEUE:
            self._typed = (self._typed + key)[-2:]
            if self._typed == HAND:
                self.hands += 1
                self._typed = ""
            elif self._typed in ("*6", "#6"):
                self.muted = self._typed == "*6"
            return
        self.keys += key
        if key != "#":
            self._typed += key
            return
        typed, self._typed = self._typed, ""
        if not self._chosen:
            self._chosen = typed if typed in self._rooms else ""
            pin = self._rooms[typed].pin if self._chosen else "?"
            if not pin:
                self._enter(self._chosen)
        elif typed == self._rooms[self._chosen].pin:
            self._enter(self._chosen)

    def _enter(self, number: str) -> None:
        """From the entry queue into the conference."""
        if self._rooms[number].encrypted and not self.media.encrypted:
            self.agent.session.hang_up(time.monotonic(), 'Q.850;cause=16;text="not encrypted"')
            asyncio.get_running_loop().call_soon(self.agent.turn)
            return
        self.where = number
        self.media.conference()
