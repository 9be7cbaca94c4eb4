"""The media of one SIP call: offers and answers, far tracks, DTMF, keyframes, statistics."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace

from aiortc import MediaStreamTrack

from appliance.core.problems import ProblemKey
from appliance.dialers.api import CallStatistics, DialersError, LocalTracks
from appliance.dialers.sip.media_hosts import Lookup, MediaHosts, system_lookup
from appliance.dialers.sip.media_problems import MediaProblems
from appliance.dialers.sip.media_statistics import statistics
from appliance.dialers.sip.sdp.description import Description, SdpError
from appliance.dialers.sip.sdp.offer import accept, answer
from appliance.dialers.sip.sdp.offer_lines import (
    Agreed,
    Agreement,
    Encryption,
    Ours,
    Role,
    Secured,
    first_offer,
)
from appliance.dialers.sip.sdp.renewed_offer import renewed
from appliance.media.jitter.clock import FarClock
from appliance.media.rtp.dtmf import DtmfSender
from appliance.media.rtp.send_rate import SendRate
from appliance.media.rtp.srtp import SUITES, Inbound, MasterKey, Outbound
from appliance.media.rtp.stream import RtpStream
from appliance.media.rtp.udp_ports import PORTS, Address

log = logging.getLogger(__name__)

START_BPS = 1_000_000  # until the first reports: half a commune's line
POLL_INTERVAL_S = 0.02
DTMF_STALL_S = 5.0  # without 20 ms of sound: the keys count as not sent
DTMF_SLOWDOWN = 20  # a program that gets so small a part of its time has sent no keys either
REPORT_POLL_S = 0.1
SLIDES_POLL_INTERVAL_S = 0.25
SLIDES_SILENCE_S = 3.0  # even a slide that stands is sent some times a second


class DtmfByInfo(DialersError):  # noqa: N818 - it names the method to use, not a problem
    """The far end takes no telephone events: send the keys by SIP INFO."""


class DtmfError(DialersError):
    """The keys are no DTMF, or could not be sent."""


class MediaSession:
    """The media of a call: opened once, agreed on by offers and answers, then closed.

    Either `answer` or `offer` followed by `accept`; each may come again in the same call (hold,
    content, moved to another address) and changes only what differs. `changed` is called after a
    track came or went, `heard_key` with each DTMF key that comes.
    """

    def __init__(
        self,
        near: LocalTracks,
        *,
        encryption: Encryption,
        name: str,
        on_keyframe_wanted: Callable[[], None],
        bps: int = 2_000_000,
        ports: range = PORTS,
        lookup: Lookup | None = None,
    ) -> None:
        """`on_keyframe_wanted` is called to ask for a keyframe by the signalling (RFC 5168).

        `lookup` finds the address of a media host that is a name; without it the system does.
        """
        self.changed: Callable[[], None] = lambda: None
        self.heard_key: Callable[[str], None] = lambda key: None
        self._near = near
        self._encryption = encryption
        self._bps = bps
        self._ports = ports
        self._lookup = lookup
        self._hosts: MediaHosts | None = None
        self._agreed: tuple[Agreed, ...] = ()
        self._ours: Ours | None = None
        self._local: Description | None = None
        self._offered: Description | None = None
        self._version = 0
        self._begun = time.monotonic()
        self._connected_at: float | None = None
        self._first_picture_at: float | None = None
        self._poll_task: asyncio.Task[None] | None = None
        self._slides_come = False
        self._active: set[Role] = set()
        self._outbounds: dict[tuple[Role, str], Outbound] = {}
        rate = SendRate(start=min(START_BPS, bps), ceiling=bps)
        clock = FarClock()
        tracks = {Role.AUDIO: near.audio, Role.VIDEO: near.video, Role.CONTENT: None}
        self._streams = {
            role: RtpStream(
                "audio" if role is Role.AUDIO else "video",
                track,
                # Slides need not wait for the voice, nor the voice for them.
                clock=FarClock() if role is Role.CONTENT else clock,
                rate=rate,
                name=name,
                ask=on_keyframe_wanted,
                now=time.monotonic,
            )
            for role, track in tracks.items()
        }
        self._streams[Role.AUDIO].receiver.heard_key = self._key_came
        self._problems = MediaProblems(self._streams[Role.VIDEO])

    async def open(self, local_host: str) -> None:
        """Bind the ports at the address of ours that the far end sends to; raises PortsError."""
        for stream in self._streams.values():
            await stream.open(local_host, self._ports)
        self._hosts = MediaHosts(self._aim, self._lookup or system_lookup(local_host))
        self._ours = Ours(
            local_host,
            {role: stream.path.port for role, stream in self._streams.items()},
            {(role, suite): MasterKey.fresh() for role in Role for suite in SUITES},
            self._encryption,
            self._bps,
            str(random.getrandbits(62)),
        )

    def offer(self) -> str:
        """The first offer, or in a call what is wanted of it now; `accept` follows."""
        ours = self._opened
        local = first_offer(ours) if self._local is None else renewed(ours, self._local)
        self._offered = self._versioned(local)
        return str(self._offered)

    def answer(self, remote: str) -> str:
        """Take an offer; gives the answer. Raises SdpError, and then nothing has changed."""
        agreement = answer(self._opened, Description.parse(remote))
        self._settle(replace(agreement, local=self._versioned(agreement.local)))
        return str(self._local)

    def accept(self, remote: str) -> None:
        """Take the answer to the last offer; raises SdpError, and then nothing has changed."""
        if self._offered is None:
            raise SdpError("an answer came, and nothing had been offered")
        agreement = accept(self._opened, self._offered, Description.parse(remote))
        self._settle(agreement)

    def fast_update(self) -> None:
        """Send a keyframe, since the far end asks for one by INFO (RFC 5168)."""
        sender = self._streams[Role.VIDEO].sender
        if sender is not None:
            sender.keyframe(time.monotonic())

    async def send_dtmf(self, digits: str) -> None:
        """Send keys, a comma being a pause; raises DtmfByInfo and DtmfError."""
        sender = self._streams[Role.AUDIO].sender
        if sender is None or sender.sending is None or sender.sending.event is None:
            raise DtmfByInfo("the far end takes no telephone events (RFC 4733)")
        try:
            sender.keys.press(digits)
        except ValueError as error:
            raise DtmfError(f"keys not sent: {error}") from None
        try:
            async with asyncio.timeout(DTMF_STALL_S + DTMF_SLOWDOWN * sender.keys.duration_s()):
                await _gone_out(sender.keys)
        except TimeoutError:
            sender.keys.drop()
            raise DtmfError("keys not sent: no sound goes out") from None

    @property
    def lost_sound(self) -> int:
        """How many packets of our sound did not arrive, by the far end's last report (RTCP)."""
        sender = self._streams[Role.AUDIO].sender
        return sender.reported.packets_lost if sender and sender.reported else 0

    async def lost_after_report(self, within_s: float) -> int | None:
        """`lost_sound` of a report that speaks of all that was sent until now, waiting for it; None
        where none comes: not every far end reports."""
        sender = self._streams[Role.AUDIO].sender
        sent = sender.sequence if sender is not None else 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while sender is not None and not sender.arrived_until(sent):
                    await asyncio.sleep(REPORT_POLL_S)
                return self.lost_sound
        return None

    @property
    def video(self) -> MediaStreamTrack | None:
        """The far end's camera; None where it sends none."""
        return self._track(Role.VIDEO)

    @property
    def audio(self) -> MediaStreamTrack | None:
        """The far sound."""
        return self._track(Role.AUDIO)

    @property
    def content(self) -> MediaStreamTrack | None:
        """The far end's slides, while it has a medium for them (a=content:slides)."""
        return self._track(Role.CONTENT)

    @property
    def slides(self) -> MediaStreamTrack | None:
        """`content` while packets come: a far end keeps the medium when nobody shows anything."""
        return self.content if self._slides_come else None

    @property
    def heard_at(self) -> float:
        """The monotonic second of the far end's last media packet, RTCP included; -inf before."""
        return max(stream.path.alive_at for stream in self._streams.values())

    @property
    def held(self) -> bool:
        """Whether the far end wants nothing of us: it may send nothing either, for as long."""
        return bool(self._agreed) and all(medium.sending is None for medium in self._agreed)

    @property
    def problems(self) -> dict[ProblemKey, str]:
        """What does not go, each with a few words on it; `changed` is called with each change."""
        return self._problems.found

    @property
    def encrypted(self) -> bool:
        """Whether every medium of the call is."""
        paths = [self._streams[role].path for role in self._active]
        return bool(paths) and all(path.outbound is not None for path in paths)

    def statistics(self) -> CallStatistics:
        """How the call goes; seconds count from when this was made."""
        return statistics(
            self._streams[Role.AUDIO],
            self._streams[Role.VIDEO],
            self._begun,
            self._connected_at,
            self._first_picture_at,
        )

    async def close(self) -> None:
        """Send RTCP BYE on all media and free everything, our tracks too; safe to call twice."""
        poll_task, self._poll_task = self._poll_task, None
        if poll_task is not None:
            poll_task.cancel()
            await asyncio.gather(poll_task, return_exceptions=True)
        if self._hosts is not None:
            await self._hosts.close()
        for stream in self._streams.values():
            await stream.close()
        self._near.stop()

    @property
    def _opened(self) -> Ours:
        if self._ours is None:
            raise SdpError("the media ports are not open yet")
        return self._ours

    def _versioned(self, local: Description) -> Description:
        """With the next version, unless nothing differs: a far end may ignore an old version."""
        before = self._offered or self._local
        if before is not None and replace(local, origin=before.origin) == before:
            return before
        self._version += 1
        return replace(local, origin=replace(local.origin, version=str(self._version)))

    def _settle(self, agreement: Agreement) -> None:
        before = self._tracks()
        self._local = self._offered = agreement.local
        self._agreed = agreement.media
        self._aim()
        for role, stream in self._streams.items():
            medium = next((known for known in agreement.media if known.role is role), None)
            if medium is not None:
                self._use(role, stream, medium)
                self._active.add(role)
            elif role in self._active:
                stream.take_away()
                self._active.discard(role)
        self._problems.agree(agreement.media, time.monotonic())
        if self._connected_at is None:
            self._connected_at = time.monotonic()
            self._poll_task = asyncio.create_task(self._poll())
        state = [*sorted(self._active), *(["encrypted"] if self.encrypted else [])]
        log.info("media: %s", ", ".join(state))
        if self._tracks() != before:
            self.changed()

    def _aim(self) -> None:
        """Send to the addresses of the agreed media, as far as they are known."""
        for medium in self._agreed:
            rtp, rtcp = map(self._address, (medium.rtp, medium.rtcp))
            self._streams[medium.role].path.aim(rtp, rtcp)

    def _address(self, named: Address | None) -> Address | None:
        return None if self._hosts is None else self._hosts.address(named)

    def _use(self, role: Role, stream: RtpStream, medium: Agreed) -> None:
        path, secured = stream.path, medium.secured
        outbound = None
        if secured is not None:
            # One for each key in the whole call: to begin anew would use the same key stream twice.
            known = self._outbounds.get((role, secured.suite))
            outbound = known or Outbound(secured.suite, secured.own)
            self._outbounds[role, secured.suite] = outbound
        path.protect(outbound, _inbound(path.inbound, secured))
        stream.use(medium.sending, medium.receiving)

    def _key_came(self, key: str) -> None:
        self.heard_key(key)

    def _tracks(self) -> tuple[MediaStreamTrack | None, ...]:
        return tuple(self._track(role) for role in Role)

    def _track(self, role: Role) -> MediaStreamTrack | None:
        stream = self._streams[role]
        return stream.track if role in self._active and stream.receiver.takes else None

    async def _poll(self) -> None:
        """Watch for the first picture, slides and problems, which the tracks raise no event for."""
        while not self._streams[Role.VIDEO].track.statistics().frames:
            self._look()
            await asyncio.sleep(POLL_INTERVAL_S)
        self._first_picture_at = time.monotonic()
        while True:
            self._look()
            await asyncio.sleep(SLIDES_POLL_INTERVAL_S)

    def _look(self) -> None:
        if self._problems.see():
            for key, words in self.problems.items():
                log.warning("media: %s: %s", key, words)
            self.changed()
        before = self.slides
        silence = time.monotonic() - self._streams[Role.CONTENT].path.heard_at
        self._slides_come = silence < SLIDES_SILENCE_S
        if self.slides is not before:
            self.changed()


async def _gone_out(keys: DtmfSender) -> None:
    """Wait until the keys are sent; raises TimeoutError where no sound takes them along.

    What counts is whether sound goes out at all, not how fast: a box that has much to do, as just
    after its start, sends it with gaps. Looks are counted instead of seconds, since a program that
    stood still has looked no more than it has sent.
    """
    blocks, looks = keys.blocks, 0
    while keys.busy:
        await asyncio.sleep(POLL_INTERVAL_S)
        blocks, looks = keys.blocks, looks + 1 if keys.blocks == blocks else 0
        if looks * POLL_INTERVAL_S >= DTMF_STALL_S:
            raise TimeoutError


def _inbound(before: Inbound | None, secured: Secured | None) -> Inbound | None:
    if secured is None:
        return None
    if before is not None and (before.suite, before.keys) == (secured.suite, secured.far):
        return before
    return Inbound(secured.suite, secured.far)
