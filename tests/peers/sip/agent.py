"""One end of a SIP call for the tests: an INVITE session with its media, on the event loop."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from sipmessage import Message, Request, Response

from appliance.dialers.sip.signalling.events import (
    AnswerReceived,
    Ended,
    Established,
    Failed,
    Incoming,
    Info,
    OfferReceived,
    OfferRefused,
    Progress,
    SessionEvent,
)
from appliance.dialers.sip.signalling.invite_session import InviteSession

LEAVE_S = 3.0


class Media(Protocol):
    """What an agent asks of the media: MediaSession's words, or those of a scripted MCU."""

    @property
    def encrypted(self) -> bool: ...
    def offer(self) -> str: ...
    def answer(self, remote: str) -> str: ...
    def accept(self, remote: str) -> None: ...
    def fast_update(self) -> None: ...
    async def close(self) -> None: ...


@dataclass
class Agent:
    """``send`` takes what goes out; ``answering`` is asked what to do with a call that comes."""

    session: InviteSession
    media: Media
    send: Callable[[Message], None]
    answering: Callable[["Agent", Incoming], None] | None = None
    incoming: Incoming | None = None
    failed: Failed | None = None
    ended: Ended | None = None
    up: bool = False
    infos: list[Info] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None

    def hear(self, message: Request | Response) -> None:
        """A message came."""
        self.session.receive(message, time.monotonic())
        self.turn()

    def lost(self, why: str) -> None:
        """The connection is gone."""
        del why
        self.session.lost(time.monotonic())
        self.turn()

    def offer(self) -> None:
        """Re-INVITE with what the media session offers now."""
        self.session.offer(self.media.offer(), time.monotonic())
        self.turn()

    def inform(self, kind: str, body: str) -> None:
        """Send an INFO."""
        self.session.inform(kind, body, time.monotonic())
        self.turn()

    def turn(self) -> None:
        """Send what is to be sent, tell what happened, and come back when it is time."""
        events = self.session.take_events()
        while events:
            for event in events:
                self._take(event)
            events = self.session.take_events()
        for message in self.session.outgoing():
            self.send(message)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.session.next_timer()
        if due is not None:
            wait = max(0.0, due - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._on_timer)

    async def leave(self) -> None:
        """Hang up and free everything."""
        self.session.hang_up(time.monotonic())
        self.turn()
        until = time.monotonic() + LEAVE_S
        while not self.session.settled and time.monotonic() < until:
            await asyncio.sleep(0.02)
        self.rest()
        await self.media.close()

    def rest(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self) -> None:
        self.session.on_timer(time.monotonic())
        self.turn()

    def _take(self, event: SessionEvent) -> None:
        now = time.monotonic()
        match event:
            case Incoming():
                self.incoming = event
                if self.answering is not None:
                    self.answering(self, event)
            case Established(sdp):
                self.up = True
                if sdp:
                    self.media.accept(sdp)
            case OfferReceived(sdp):
                answer = self.media.answer(sdp) if sdp else self.media.offer()
                self.session.answer(answer, now)
            case AnswerReceived(sdp):
                self.media.accept(sdp)
            case Info():
                self.infos.append(event)
                if "picture_fast_update" in event.body:
                    self.media.fast_update()
            case Failed():
                self.failed = event
            case Ended():
                self.ended = event
            case Progress() | OfferRefused():
                pass
            case _:
                assert_never(event)
