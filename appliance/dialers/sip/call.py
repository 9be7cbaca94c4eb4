"""A call by SIP: the signalling of a leg, its sockets, and the media that both ends agreed on."""

import asyncio
import logging
import ssl
import time

from aiortc import MediaStreamTrack
from sipmessage import Request, Response

from appliance.base.config import SipChoices
from appliance.dialers.api import (
    CallStatistics,
    Change,
    DialError,
    EndReason,
    FarFloor,
    LocalTracks,
)
from appliance.dialers.sip.dtmf_script import Step
from appliance.dialers.sip.faults import refused
from appliance.dialers.sip.keypad import Keypad
from appliance.dialers.sip.media_session import MediaSession
from appliance.dialers.sip.sdp.description import SdpError
from appliance.dialers.sip.sdp.encryption import Encryption
from appliance.dialers.sip.signalling.events import (
    Answered,
    Ended,
    Established,
    Failed,
    Info,
    Offered,
    Progress,
    SessionEvent,
)
from appliance.dialers.sip.signalling.info import CONTROL, FAST_UPDATE, wants_keyframe
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.registration import Registered, Registration
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from appliance.dialers.sip.transport.routing import Route
from appliance.dialers.sip.transport.transport_layer import TransportLayer

log = logging.getLogger("diemcau.sip")

LEAVE_S = 2.5  # BYE, its answer and the unregistering
ASK_S = 2.5  # an RMX ignores whoever asks for keyframes more often
TAKE_S = 0.5  # and so do we
PUT_OUT_S = 120.0  # an entry queue's script may take so long


class SipCall:
    """See `appliance.dialers.api.Call`; made by SipDialer, which calls ``join`` once."""

    def __init__(
        self,
        way: Route,
        near: LocalTracks,
        name: str,
        choices: SipChoices,
        script: tuple[Step, ...],
        trust: ssl.SSLContext | None,
    ) -> None:
        self.ended: EndReason | None = None
        self.detail = ""
        self.floor = FarFloor(gives=False)
        self.rang = False
        self.refused_media = False
        self.put_out_plain = False  # soon after the call began, and it was not encrypted
        self._way, self._name = way, name
        self._change = Change()
        self._begun = time.monotonic()
        self._media = MediaSession(
            near,
            encryption=Encryption(choices.encryption),
            name=name,
            on_keyframe_wanted=self._ask_keyframe,
        )
        self._media.changed = self._change.tell
        self._station = TransportLayer(trust, self._hear, self._lost)
        self._leg: InviteSession | None = None
        self._registration: Registration | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._outcome: asyncio.Future[None] | None = None
        self._moved = asyncio.Event()  # something came or a timer was due
        self._tasks: set[asyncio.Task[None]] = set()
        self._keypad = Keypad(self._media, choices, script, self._inform)
        self._asked_at = self._taken_at = float("-inf")
        self._session = SessionTimer(round(choices.session))
        self._closed, self._refreshes = False, 0

    async def join(self) -> None:
        """Connect, register where asked for, and call; raises DialError, OSError, TimeoutError."""
        local = await self._station.open(self._way.targets)
        await self._media.open(local.host.strip("[]"))
        near = self._way.near(local, self._name)
        if self._way.registrar is not None:
            self._registration = Registration(
                local, near, self._way.registrar, self._way.authenticator, self._way.routes
            )
            self._registration.begin(self._now)
            await self._until_registered(self._registration)
        self._leg = InviteSession(
            local, near, authenticator=self._way.authenticator, timer=self._session
        )
        self._outcome = asyncio.get_running_loop().create_future()
        self._leg.call(self._way.target, self._media.offer(), self._now, self._way.routes)
        self._turn()
        await self._outcome
        self._confirm(heard=False)
        self._tasks.add(asyncio.create_task(self._enter(), name="sip entry queue"))

    @property
    def video(self) -> MediaStreamTrack | None:
        """The slides where there are any, else the people."""
        return None if self.ended else self._media.slides or self._media.video

    @property
    def audio(self) -> MediaStreamTrack | None:
        """The far sound."""
        return None if self.ended else self._media.audio

    async def changed(self) -> None:
        """Wait until any public attribute is another one."""
        await self._change.wait()

    async def set_hand(self, up: bool) -> None:
        """Ask to speak. A conference system says nothing of it: what was sent counts as heard."""
        self._confirm(await self._keypad.hand(up))

    async def set_mic(self, live: bool) -> None:
        """Mute at the far end too, where the site file says so."""
        await self._keypad.mic(live)

    async def hang_up(self) -> None:
        """BYE or CANCEL, unregister, and free everything; safe to say twice."""
        self._end(EndReason.OURS, "")
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._leave()
        except TimeoutError:
            log.info("sip ← no answer to our leaving; dropped")
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await self._station.close()
            await self._media.close()

    def statistics(self) -> CallStatistics:
        """How the call goes, or went."""
        return self._media.statistics()

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _leave(self) -> None:
        if self._leg is not None:
            self._leg.hang_up(self._now)
        if self._registration is not None:
            self._registration.end(self._now)
        self._turn()
        while self._leg is not None and not self._leg.settled:
            await self._next()
        while self._registration is not None and self._registration.state is Registered.YES:
            await self._next()

    async def _until_registered(self, one: Registration) -> None:
        self._turn()
        while one.state is Registered.NOT_YET:
            await self._next()
        if one.state is Registered.REFUSED:
            raise refused(one.failure, "the registrar", time.monotonic() - self._begun)

    async def _next(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def _turn(self) -> None:
        """Send what is to be sent, tell what happened, and set the clock for the next time."""
        self._flush()
        if self._leg is not None:
            for event in self._leg.take_events():
                self._take(event)
            if self._session.refreshes != self._refreshes:
                self._refreshes = self._session.refreshes
                log.info("session refreshed, %d times by now", self._refreshes)
        self._flush()
        if self._timer is not None:
            self._timer.cancel()
        times = [one.next_timer() for one in (self._leg, self._registration) if one is not None]
        due = min((at for at in times if at is not None), default=None)
        self._timer = None
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._tick)
        self._moved.set()

    def _flush(self) -> None:
        for one in (self._registration, self._leg):
            for message in one.outgoing() if one is not None else []:
                self._station.send(message)

    def _tick(self) -> None:
        for one in (self._leg, self._registration):
            if one is not None:
                one.on_timer(self._now)
        self._turn()

    def _hear(self, message: Request | Response) -> None:
        one = self._registration
        if one is not None and message.call_id == one.call_id:
            one.receive(message, self._now)
        elif self._leg is not None:
            self._leg.receive(message, self._now)
        self._turn()

    def _lost(self, why: str) -> None:
        log.info("sip ← %s", why)
        for one in (self._leg, self._registration):
            if one is not None:
                one.lost(self._now)
        self._turn()

    def _take(self, event: SessionEvent) -> None:
        match event:
            case Progress(code):
                self.rang = self.rang or code == 180
            case Established(sdp):
                self._established(sdp)
            case Failed(response):
                self.refused_media = response is not None and response.code in (488, 606)
                room = self._way.target.user or self._way.target.host
                self._fail(refused(response, room, time.monotonic() - self._begun))
            case Offered(sdp):
                self._offered(sdp)
            case Answered(sdp):
                self._answered(sdp)
            case Info(kind, body) if wants_keyframe(kind, body):
                if self._now - self._taken_at >= TAKE_S:
                    self._taken_at = self._now
                    self._media.fast_update()
            case Ended(far, why):
                reason = EndReason.FAR_END if far else EndReason.LOST
                self._fail(DialError(reason, why))
                self._end(reason, why)

    def _established(self, sdp: str) -> None:
        try:
            self._media.accept(sdp)
        except SdpError as error:
            self._fail(DialError(EndReason.REFUSED, f"no media in common: {error}"))
            return
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(None)
        self._change.tell()

    def _offered(self, sdp: str) -> None:
        if self._leg is None:
            return
        try:
            self._leg.answer(self._media.answer(sdp) if sdp else self._media.offer(), self._now)
        except SdpError as error:
            log.info("far ← an offer that cannot be taken: %s", error)
            self._leg.refuse(488, self._now)
        self._change.tell()

    def _answered(self, sdp: str) -> None:
        try:
            self._media.accept(sdp)
        except SdpError as error:
            self._end(EndReason.LOST, f"the far end answered with media of no use: {error}")
        self._change.tell()

    def _fail(self, error: DialError) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_exception(error)

    def _end(self, reason: EndReason, detail: str) -> None:
        if self.ended is None:
            self.ended, self.detail = reason, detail
            soon = time.monotonic() - self._begun < PUT_OUT_S
            self.put_out_plain = reason is EndReason.FAR_END and soon and not self._media.encrypted
            log.info("call: %s %s", reason, detail)
            self._change.tell()

    def _ask_keyframe(self) -> None:
        if self._now - self._asked_at >= ASK_S and self._inform(CONTROL, FAST_UPDATE):
            self._asked_at = self._now

    async def _enter(self) -> None:
        self._confirm(await self._keypad.enter())

    def _confirm(self, heard: bool) -> None:
        floor = FarFloor(heard, entering=self._keypad.entering, gives=False)
        if self.floor != floor:
            self.floor = floor
            self._change.tell()

    def _inform(self, kind: str, body: str) -> bool:
        if self._leg is None or self.ended is not None:
            return False
        self._leg.inform(kind, body, self._now)
        self._turn()
        return True
