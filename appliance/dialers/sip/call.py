"""A call by SIP: one INVITE session, its sockets, and the media that both ends agreed on."""

import asyncio
import logging
import ssl
import time
from typing import assert_never

from aiortc import MediaStreamTrack
from sipmessage import Response

from appliance.base.config import SipChoices
from appliance.core.problems import ProblemKey
from appliance.dialers.api import (
    CallStatistics,
    Change,
    DialError,
    DialersError,
    EndReason,
    FarFloor,
    LocalTracks,
)
from appliance.dialers.sip.call_errors import RedirectedError, UnansweredError, refused
from appliance.dialers.sip.dtmf import DtmfSender
from appliance.dialers.sip.dtmf_script import Step
from appliance.dialers.sip.media_session import MediaSession
from appliance.dialers.sip.sdp.description import SdpError
from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.dialers.sip.signaller import Signaller
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
from appliance.dialers.sip.signalling.message import FAST_UPDATE, MEDIA_CONTROL, wants_keyframe
from appliance.dialers.sip.transport.resolve import Target
from appliance.dialers.sip.transport.routing import Route

log = logging.getLogger("diemcau.sip")

KEYFRAME_ASK_INTERVAL_S = 2.5  # an RMX ignores whoever asks more often
KEYFRAME_TAKE_INTERVAL_S = 0.5  # and we ignore whoever asks more often than this
PROBE_INTERVAL_S = 2.5  # of silence; a call that is silent for 8 s is ended
PICTURE_ALONE_S, SOUND_ALONE_S = 10.0, 120.0  # so long signalling is enough of a sign of life
ENTRY_QUEUE_S = 120.0  # the script of an entry queue may take so long


class SipCall:
    """See `appliance.dialers.api.Call`; made by SipDialer, which calls ``join``."""

    def __init__(
        self,
        near: LocalTracks,
        name: str,
        choices: SipChoices,
        script: tuple[Step, ...],
        trust: ssl.SSLContext | None,
        *,
        conference: str = "",
    ) -> None:
        """``conference`` is its ID where what is called has a PIN in it, for sentences."""
        self.ended: EndReason | None = None
        self.detail = ""
        self.floor = FarFloor(gives=False)
        self.rang = False
        self.refused_media = False
        self.removed_unencrypted = False  # soon after the call began
        self.failed_targets: list[Target] = []  # they said nothing, or 503
        self._name, self._trust = name, trust
        self._change = Change()
        self._begun = time.monotonic()
        self._media = MediaSession(
            near,
            encryption=Encryption(choices.encryption),
            name=name,
            on_keyframe_wanted=self._ask_keyframe,
        )
        self._media.changed = self._change.tell
        self._media_host = ""
        self._conference = self._room = conference
        self.alone: bool | None = None
        self._signaller: Signaller | None = None
        self._outcome: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._dtmf = DtmfSender(self._media, choices, script, self._inform)
        self._keyframe_asked_at = self._keyframe_taken_at = float("-inf")
        self._session_interval_s = round(choices.session)
        self._closed = False

    async def join(self, route: Route, within_s: float) -> None:
        """Connect, register where the site file says so, and call: one target after the other.

        Each has its share of ``within_s``, until it says anything (RFC 3263 section 4.3). Raises
        DialError, OSError, TimeoutError, and Redirected where another address is to be called.
        """
        deadline = self._now + within_s
        self._room = self._conference or route.target.user or route.target.host
        worst: Exception = OSError("no target to connect to")
        for number, target in enumerate(route.targets):
            failure: Exception
            share_s = (deadline - self._now) / (len(route.targets) - number)
            try:
                await self._try(route, target, share_s)
            except UnansweredError as error:
                failure = error.reason
            except (OSError, TimeoutError) as error:
                failure = error
            else:
                return
            log.info("sip → %s: %s", target, failure or "no answer")
            self.failed_targets.append(target)
            if not isinstance(worst, ssl.SSLCertVerificationError):
                worst = failure
        raise worst

    async def _try(self, route: Route, target: Target, share_s: float) -> None:
        """Call by one target; raises as `join` does, and UnansweredError for the next one."""
        signaller = self._signaller = Signaller(route, self._trust, self._handle)
        try:
            await self._call_by(signaller, route, target, self._now + share_s)
        except asyncio.CancelledError:
            if self._outcome is not None:
                self._outcome.cancel()  # nobody waits for it any more
            if not self.rang:
                self.failed_targets.append(target)
            raise
        except BaseException as error:
            self._signaller = None
            silent = isinstance(error, UnansweredError | OSError | TimeoutError)
            await (signaller.close() if silent else signaller.leave())
            raise
        signaller.keep()
        self._confirm(hand=False)
        self._tasks.add(asyncio.create_task(self._send_script(), name="sip entry script"))
        self._tasks.add(asyncio.create_task(self._probe(signaller), name="sip probe"))

    async def _call_by(
        self, signaller: Signaller, route: Route, target: Target, share_ends: float
    ) -> None:
        async with asyncio.timeout_at(share_ends):
            local = await signaller.open(target)
        await self._open_media(local.host.strip("[]"))
        near = route.near(local, self._name)
        async with asyncio.timeout_at(share_ends):
            refusal = await signaller.register(near)
        if refusal is not None:
            raise self._refusal(refusal, "the registrar")
        self._outcome = asyncio.get_running_loop().create_future()
        signaller.call(near, self._media.offer(), self._session_interval_s)
        await asyncio.wait({self._outcome}, timeout=share_ends - self._now)
        if not self._outcome.done() and not signaller.heard:
            raise self._refusal(None, self._room)
        await self._outcome

    def _refusal(self, answer: Response | None, room: str) -> DialError | UnansweredError:
        """The error of a refusal; a server that does not serve at all is as good as silent."""
        unproven = self._signaller is not None and self._signaller.unproven
        error = refused(answer, room, time.monotonic() - self._begun, unproven=unproven)
        unanswered = answer is None or answer.code == 503
        return UnansweredError(error) if unanswered else error

    async def _open_media(self, host: str) -> None:
        if host != self._media_host:
            self._media_host = host
            await self._media.open(host)

    @property
    def video(self) -> MediaStreamTrack | None:
        """The far end's slides while they come, else its camera."""
        return None if self.ended else self._media.slides or self._media.video

    @property
    def audio(self) -> MediaStreamTrack | None:
        """The far sound."""
        return None if self.ended else self._media.audio

    @property
    def problems(self) -> dict[ProblemKey, str]:
        """A picture of ours that is refused (ROOM_CODEC), or one of theirs that cannot be shown."""
        return self._media.problems

    @property
    def heard_at(self) -> float:
        """The far end's last packet, RTCP included, or what it last said in the signalling.

        A far end that holds may send nothing else for as long. One that should send and only
        answers counts as alive for a while: it may suppress silence, and its media may be broken,
        as they surely are where a picture should come.
        """
        media_at = self._media.heard_at
        signalled_at = self._signaller.heard_at if self._signaller is not None else media_at
        if not self._media.held:
            alone_s = SOUND_ALONE_S if self._media.video is None else PICTURE_ALONE_S
            signalled_at = min(signalled_at, media_at + alone_s)
        return max(media_at, signalled_at)

    async def changed(self) -> None:
        """Wait until any public attribute is another one."""
        await self._change.wait()

    async def set_hand(self, up: bool) -> None:
        """Ask to speak. A conference system confirms nothing: what was sent counts as confirmed."""
        self._confirm(await self._dtmf.hand(up))
        repeating = asyncio.create_task(self._dtmf.repeat_hand(), name="sip hand")
        self._tasks.add(repeating)
        repeating.add_done_callback(self._tasks.discard)

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
            if self._signaller is not None:
                await self._signaller.leave()
        finally:
            await self._media.close()

    def statistics(self) -> CallStatistics:
        """How the call goes, or went."""
        return self._media.statistics()

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _handle(self, event: SessionEvent) -> None:
        match event:
            case Progress(code):
                self.rang = self.rang or code == 180
            case Established(sdp, agreed):
                self._established(sdp, agreed=agreed)
            case Failed(_, why) if why:
                self._fail(DialError(EndReason.REFUSED, why))
            case Failed(response) if response is not None and 300 <= response.code < 400:
                self._fail(RedirectedError(response))
            case Failed(response):
                self.refused_media = response is not None and response.code in (488, 606)
                self._fail(self._refusal(response, self._room))
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

    def _established(self, sdp: str, *, agreed: bool) -> None:
        """``agreed`` is whether an offer of the far end was answered while it rang."""
        try:
            if not agreed:
                self._media.accept(sdp)
        except SdpError as error:
            self._fail(DialError(EndReason.REFUSED, f"no media in common: {error}"))
            return
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(None)
        self._change.tell()

    def _take_offer(self, sdp: str) -> None:
        if self._signaller is None:
            return
        try:
            self._signaller.answer(self._media.answer(sdp) if sdp else self._media.offer())
        except SdpError as error:
            log.info("far ← an offer that we cannot take: %s", error)
            self._signaller.refuse(488)
        self._change.tell()

    def _take_answer(self, sdp: str) -> None:
        try:
            self._media.accept(sdp)
        except SdpError as error:
            self._end(EndReason.LOST, f"the far end answered with media of no use: {error}")
        self._change.tell()

    def _keyframe_wanted(self) -> None:
        if self._now - self._keyframe_taken_at >= KEYFRAME_TAKE_INTERVAL_S:
            self._keyframe_taken_at = self._now
            self._media.fast_update()

    def _fail(self, error: DialersError) -> None:
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
        await self._dtmf.repeat_hand()

    async def _probe(self, signaller: Signaller) -> None:
        """Ask a far end whose media are silent whether it is still there."""
        while self.ended is None:
            await asyncio.sleep(PROBE_INTERVAL_S)
            if self._now - self.heard_at >= PROBE_INTERVAL_S:
                signaller.probe()

    def _confirm(self, hand: bool) -> None:
        floor = FarFloor(hand, entering=self._dtmf.entering, gives=False)
        if self.floor != floor:
            self.floor = floor
            self._change.tell()

    def _inform(self, kind: str, body: str) -> bool:
        if self._signaller is None or self.ended is not None:
            return False
        self._signaller.inform(kind, body)
        return True
