"""A call by SIP: one INVITE session, its sockets, and the media that both ends agreed on."""

import asyncio
import logging
import ssl
import time
from typing import assert_never

from aiortc import MediaStreamTrack
from sipmessage import Request, Response

from appliance.base.config import SipChoices
from appliance.core.problems import ProblemKey
from appliance.dialers.api import (
    CallStatistics,
    Change,
    DialError,
    EndReason,
    FarFloor,
    LocalTracks,
)
from appliance.dialers.sip.call_errors import refused
from appliance.dialers.sip.dtmf import DtmfSender
from appliance.dialers.sip.dtmf_script import Step
from appliance.dialers.sip.media_session import MediaSession
from appliance.dialers.sip.sdp.description import SdpError
from appliance.dialers.sip.sdp.offer_lines import Encryption
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
from appliance.dialers.sip.signalling.message import FAST_UPDATE, MEDIA_CONTROL, wants_keyframe
from appliance.dialers.sip.signalling.registration import Registration, RegistrationState
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from appliance.dialers.sip.transport.routing import Route
from appliance.dialers.sip.transport.transport_layer import TransportLayer

log = logging.getLogger("diemcau.sip")

HANG_UP_TIMEOUT_S = 2.5  # BYE, its answer and the unregistering
KEYFRAME_ASK_INTERVAL_S = 2.5  # an RMX ignores whoever asks more often
KEYFRAME_TAKE_INTERVAL_S = 0.5  # and we ignore whoever asks more often than this
ENTRY_QUEUE_S = 120.0  # the script of an entry queue may take so long


class SipCall:
    """See `appliance.dialers.api.Call`; made by SipDialer, which calls ``join`` once."""

    def __init__(
        self,
        route: Route,
        near: LocalTracks,
        name: str,
        choices: SipChoices,
        script: tuple[Step, ...],
        trust: ssl.SSLContext | None,
    ) -> None:
        self.ended: EndReason | None = None
        self.detail = ""
        self.floor = FarFloor(gives=False)
        self.problems: dict[ProblemKey, str] = {}
        self.rang = False
        self.refused_media = False
        self.removed_unencrypted = False  # soon after the call began
        self._route, self._name = route, name
        self._change = Change()
        self._begun = time.monotonic()
        self._media = MediaSession(
            near,
            encryption=Encryption(choices.encryption),
            name=name,
            on_keyframe_wanted=self._ask_keyframe,
        )
        self._media.changed = self._change.tell
        self._transport = TransportLayer(trust, self._receive, self._lost)
        self._session: InviteSession | None = None
        self._registration: Registration | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._outcome: asyncio.Future[None] | None = None
        self._progress = asyncio.Event()  # a message came or a timer was due
        self._tasks: set[asyncio.Task[None]] = set()
        self._dtmf = DtmfSender(self._media, choices, script, self._inform)
        self._keyframe_asked_at = self._keyframe_taken_at = float("-inf")
        self._session_interval_s = round(choices.session)
        self._closed, self._refreshes = False, 0

    async def join(self) -> None:
        """Connect, register where the site file says so, and call.

        Raises DialError, OSError, TimeoutError.
        """
        local = await self._transport.open(self._route.targets)
        await self._media.open(local.host.strip("[]"))
        near = self._route.near(local, self._name)
        if self._route.registrar is not None:
            self._registration = Registration(
                local, near, self._route.registrar, self._route.authenticator, self._route.routes
            )
            self._registration.begin(self._now)
            await self._until_registered(self._registration)
        self._session = InviteSession(
            local,
            near,
            authenticator=self._route.authenticator,
            timer=SessionTimer(self._session_interval_s),
        )
        self._outcome = asyncio.get_running_loop().create_future()
        self._session.call(self._route.target, self._media.offer(), self._now, self._route.routes)
        self._advance()
        await self._outcome
        self._confirm(hand=False)
        self._tasks.add(asyncio.create_task(self._send_script(), name="sip entry script"))

    @property
    def video(self) -> MediaStreamTrack | None:
        """The far end's slides while they come, else its camera."""
        return None if self.ended else self._media.slides or self._media.video

    @property
    def audio(self) -> MediaStreamTrack | None:
        """The far sound."""
        return None if self.ended else self._media.audio

    @property
    def heard_at(self) -> float:
        """The last packet of the far end, RTCP included: on hold it sends nothing else."""
        return self._media.heard_at

    async def changed(self) -> None:
        """Wait until any public attribute is another one."""
        await self._change.wait()

    async def set_hand(self, up: bool) -> None:
        """Ask to speak. A conference system confirms nothing: what was sent counts as confirmed."""
        self._confirm(await self._dtmf.hand(up))

    async def set_mic(self, live: bool) -> None:
        """Mute at the far end too, where the site file says so."""
        await self._dtmf.mic(live)

    async def set_returned(self, returned: bool) -> None:
        """A conference system knows of no floor; the province hears of it beside the call."""
        del returned

    async def hang_up(self) -> None:
        """BYE or CANCEL, unregister, and free everything; safe to call twice."""
        self._end(EndReason.OURS, "")
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(HANG_UP_TIMEOUT_S):
                await self._leave()
        except TimeoutError:
            log.info("sip ← no answer to our BYE or unregistering; closing without it")
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await self._transport.close()
            await self._media.close()

    def statistics(self) -> CallStatistics:
        """How the call goes, or went."""
        return self._media.statistics()

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _leave(self) -> None:
        if self._session is not None:
            self._session.hang_up(self._now)
        if self._registration is not None:
            self._registration.end(self._now)
        self._advance()
        while self._session is not None and not self._session.settled:
            await self._wait()
        one = self._registration
        while one is not None and one.state is RegistrationState.REGISTERED:
            await self._wait()

    async def _until_registered(self, one: Registration) -> None:
        self._advance()
        while one.state is RegistrationState.PENDING:
            await self._wait()
        if one.state is RegistrationState.REFUSED:
            raise refused(one.failure, "the registrar", time.monotonic() - self._begun)

    async def _wait(self) -> None:
        self._progress.clear()
        await self._progress.wait()

    def _advance(self) -> None:
        """Send what is to be sent, handle what happened, and set the next timer."""
        self._flush()
        if self._session is not None:
            for event in self._session.take_events():
                self._handle(event)
            if self._session.refreshes != self._refreshes:
                self._refreshes = self._session.refreshes
                log.info("session refreshed, %d times by now", self._refreshes)
        self._flush()
        if self._timer is not None:
            self._timer.cancel()
        times = [one.next_timer() for one in (self._session, self._registration) if one is not None]
        due = min((at for at in times if at is not None), default=None)
        self._timer = None
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._on_timer)
        self._progress.set()

    def _flush(self) -> None:
        for one in (self._registration, self._session):
            for message in one.outgoing() if one is not None else []:
                self._transport.send(message)

    def _on_timer(self) -> None:
        for one in (self._session, self._registration):
            if one is not None:
                one.on_timer(self._now)
        self._advance()

    def _receive(self, message: Request | Response) -> None:
        one = self._registration
        if one is not None and message.call_id == one.call_id:
            one.receive(message, self._now)
        elif self._session is not None:
            self._session.receive(message, self._now)
        self._advance()

    def _lost(self, why: str) -> None:
        log.info("sip ← %s", why)
        for one in (self._session, self._registration):
            if one is not None:
                one.lost(self._now)
        self._advance()

    def _handle(self, event: SessionEvent) -> None:
        match event:
            case Progress(code):
                self.rang = self.rang or code == 180
            case Established(sdp):
                self._established(sdp)
            case Failed(response):
                self.refused_media = response is not None and response.code in (488, 606)
                room = self._route.target.user or self._route.target.host
                self._fail(refused(response, room, time.monotonic() - self._begun))
            case OfferReceived(sdp):
                self._take_offer(sdp)
            case AnswerReceived(sdp):
                self._take_answer(sdp)
            case Info(kind, body) if wants_keyframe(kind, body):
                self._keyframe_wanted()
            case Ended(far, why):
                reason = EndReason.FAR_END if far else EndReason.LOST
                self._fail(DialError(reason, why))
                self._end(reason, why)
            case Info() | Incoming() | OfferRefused():
                pass  # keys and calls are nothing to a site; a refused offer changes nothing
            case _:
                assert_never(event)

    def _established(self, sdp: str) -> None:
        try:
            self._media.accept(sdp)
        except SdpError as error:
            self._fail(DialError(EndReason.REFUSED, f"no media in common: {error}"))
            return
        self._note_refusal()
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(None)
        self._change.tell()

    def _take_offer(self, sdp: str) -> None:
        if self._session is None:
            return
        try:
            self._session.answer(self._media.answer(sdp) if sdp else self._media.offer(), self._now)
        except SdpError as error:
            log.info("far ← an offer that we cannot take: %s", error)
            self._session.refuse(488, self._now)
        self._note_refusal()
        self._change.tell()

    def _take_answer(self, sdp: str) -> None:
        try:
            self._media.accept(sdp)
        except SdpError as error:
            self._end(EndReason.LOST, f"the far end answered with media of no use: {error}")
        self._note_refusal()
        self._change.tell()

    def _note_refusal(self) -> None:
        """Tell where the far end takes no picture of ours: nobody in the room would know why."""
        refused = self._media.refused
        if refused and ProblemKey.ROOM_CODEC not in self.problems:
            log.warning("far ← our picture is refused: %s", refused)
        self.problems = {ProblemKey.ROOM_CODEC: refused} if refused else {}

    def _keyframe_wanted(self) -> None:
        if self._now - self._keyframe_taken_at >= KEYFRAME_TAKE_INTERVAL_S:
            self._keyframe_taken_at = self._now
            self._media.fast_update()

    def _fail(self, error: DialError) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_exception(error)

    def _end(self, reason: EndReason, detail: str) -> None:
        if self.ended is None:
            self.ended, self.detail = reason, detail
            soon = time.monotonic() - self._begun < ENTRY_QUEUE_S
            removed = reason is EndReason.FAR_END and soon
            self.removed_unencrypted = removed and not self._media.encrypted
            log.info("call: %s %s", reason, detail)
            self._change.tell()

    def _ask_keyframe(self) -> None:
        due = self._now - self._keyframe_asked_at >= KEYFRAME_ASK_INTERVAL_S
        if due and self._inform(MEDIA_CONTROL, FAST_UPDATE):
            self._keyframe_asked_at = self._now

    async def _send_script(self) -> None:
        self._confirm(await self._dtmf.enter())

    def _confirm(self, hand: bool) -> None:
        floor = FarFloor(hand, entering=self._dtmf.entering, gives=False)
        if self.floor != floor:
            self.floor = floor
            self._change.tell()

    def _inform(self, kind: str, body: str) -> bool:
        if self._session is None or self.ended is not None:
            return False
        self._session.inform(kind, body, self._now)
        self._advance()
        return True
