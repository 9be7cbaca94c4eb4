"""The media of one SIP call: descriptions in and out, far tracks, keys, keyframes, statistics."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace

from aiortc import MediaStreamTrack

from appliance.dialers.api import CallStatistics, DialersError, LocalTracks
from appliance.dialers.sip.media_statistics import statistics
from appliance.dialers.sip.sdp.description import (
    DIRECTIONS,
    Attribute,
    Description,
    Media,
    SdpError,
)
from appliance.dialers.sip.sdp.encryption import Encryption
from appliance.dialers.sip.sdp.offer import accept, answer
from appliance.dialers.sip.sdp.offer_lines import (
    Agreed,
    Agreement,
    Ours,
    Role,
    Secured,
    first_offer,
)
from appliance.media.jitter.clock import FarClock
from appliance.media.rtp.send_rate import SendRate
from appliance.media.rtp.srtp import SUITES, Inbound, MasterKey, Outbound
from appliance.media.rtp.stream import RtpStream
from appliance.media.rtp.udp_ports import PORTS

log = logging.getLogger(__name__)

START_BPS = 1_000_000  # until the first reports: half a commune's line
LOOK_S = 0.02
KEYS_MARGIN_S = 5.0
SLIDES_LOOK_S = 0.25
SLIDES_STILL_S = 3.0  # even a slide that stands is sent some times a second


class DtmfByInfo(DialersError):  # noqa: N818 - it tells the way to go, not what went wrong
    """The far end takes no telephone events: send the keys by SIP INFO."""


class DtmfError(DialersError):
    """The keys are none, or could not be sent."""


class MediaSession:
    """Opened once, then agreed any number of times by offers and answers, then closed.

    Either `answer` or `offer` followed by `accept`; each may come again in the same call (hold,
    content, moved to another address) and changes only what is another one. `changed` is called
    after a track came or went, `heard_key` with each DTMF key that comes.
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
    ) -> None:
        """`on_keyframe_wanted`: the far end is to be asked by the signalling (RFC 5168)."""
        self.changed: Callable[[], None] = lambda: None
        self.heard_key: Callable[[str], None] = lambda key: None
        self._near = near
        self._encryption = encryption
        self._bps = bps
        self._ports = ports
        self._ours: Ours | None = None
        self._local: Description | None = None
        self._offered: Description | None = None
        self._version = 0
        self._wanted_direction: str | None = None
        self._begun = time.monotonic()
        self._connected_at: float | None = None
        self._first_picture_at: float | None = None
        self._looker: asyncio.Task[None] | None = None
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

    async def open(self, local_host: str) -> None:
        """Bind the ports at an address of ours, the one that the far end is told; raises
        PortsError."""
        for stream in self._streams.values():
            await stream.open(local_host, self._ports)
        self._ours = Ours(
            local_host,
            {role: stream.path.port for role, stream in self._streams.items()},
            {(role, suite): MasterKey.fresh() for role in Role for suite in SUITES},
            self._encryption,
            self._bps,
            str(random.getrandbits(62)),
        )

    def offer(self) -> str:
        """The first offer, or in a call what was agreed, once more; `accept` follows."""
        local = self._local or first_offer(self._opened)
        if self._wanted_direction is not None:
            media = tuple(_directed(medium, self._wanted_direction) for medium in local.media)
            local = replace(local, media=media)
        self._offered = self._versioned(local)
        return str(self._offered)

    def answer(self, remote: str) -> str:
        """Take an offer and answer it; raises SdpError, and then nothing has changed."""
        agreement = answer(self._opened, Description.parse(remote))
        self._settle(replace(agreement, local=self._versioned(agreement.local)))
        return str(self._local)

    def accept(self, remote: str) -> None:
        """Take the answer to the last offer; raises SdpError, and then nothing has changed."""
        if self._offered is None:
            raise SdpError("an answer came, and nothing had been offered")
        agreement = accept(self._opened, self._offered, Description.parse(remote))
        self._wanted_direction = None
        self._settle(agreement)

    def hold(self, held: bool) -> None:
        """The next offer puts the far end on hold, or takes it off."""
        self._wanted_direction = "sendonly" if held else "sendrecv"

    def fast_update(self) -> None:
        """The far end wants a keyframe (INFO with picture_fast_update, RFC 5168)."""
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
            async with asyncio.timeout(sender.keys.duration_s() + KEYS_MARGIN_S):
                while sender.keys.busy:
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise DtmfError("keys not sent: no sound goes out") from None

    @property
    def video(self) -> MediaStreamTrack | None:
        """The people's picture; None where the far end sends none."""
        return self._track(Role.VIDEO)

    @property
    def audio(self) -> MediaStreamTrack | None:
        """The far sound."""
        return self._track(Role.AUDIO)

    @property
    def content(self) -> MediaStreamTrack | None:
        """Slides, while the far end has a medium for them (a=content:slides)."""
        return self._track(Role.CONTENT)

    @property
    def slides(self) -> MediaStreamTrack | None:
        """`content` while it comes: a far end may keep the medium when nobody shows anything."""
        return self.content if self._slides_come else None

    @property
    def encrypted(self) -> bool:
        """Whether every medium of the call is."""
        paths = [self._streams[role].path for role in self._active]
        return bool(paths) and all(path.outbound is not None for path in paths)

    @property
    def heard_at(self) -> float:
        """The monotonic second of the last packet of sound or picture; -inf before the first."""
        return max(stream.path.heard_at for stream in self._streams.values())

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
        """Say goodbye on all media and free everything, our tracks too; safe to say twice."""
        looker, self._looker = self._looker, None
        if looker is not None:
            looker.cancel()
            await asyncio.gather(looker, return_exceptions=True)
        for stream in self._streams.values():
            await stream.close()
        self._near.stop()

    @property
    def _opened(self) -> Ours:
        if self._ours is None:
            raise SdpError("the media ports are not open yet")
        return self._ours

    def _versioned(self, local: Description) -> Description:
        """The same text keeps its version: a far end may ignore what has not risen."""
        before = self._offered or self._local
        if before is not None and replace(local, origin=before.origin) == before:
            return before
        self._version += 1
        return replace(local, origin=replace(local.origin, version=str(self._version)))

    def _settle(self, agreement: Agreement) -> None:
        before = self._tracks()
        self._local = self._offered = agreement.local
        for role, stream in self._streams.items():
            medium = next((known for known in agreement.media if known.role is role), None)
            if medium is not None:
                self._use(role, stream, medium)
                self._active.add(role)
            elif role in self._active:
                stream.take_away()
                self._active.discard(role)
        if self._connected_at is None:
            self._connected_at = time.monotonic()
            self._looker = asyncio.create_task(self._look())
        said = [*sorted(self._active), *(["encrypted"] if self.encrypted else [])]
        log.info("media: %s", ", ".join(said))
        if self._tracks() != before:
            self.changed()

    def _use(self, role: Role, stream: RtpStream, medium: Agreed) -> None:
        path, secured = stream.path, medium.secured
        path.aim(medium.rtp, medium.rtcp)
        outbound = None
        if secured is not None:
            # One for each key in the whole call: a new beginning would use a key stream twice.
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

    async def _look(self) -> None:
        """The moments of the first picture and of the slides are no events of the tracks."""
        while not self._streams[Role.VIDEO].track.statistics().frames:
            self._look_for_slides()
            await asyncio.sleep(LOOK_S)
        self._first_picture_at = time.monotonic()
        while True:
            self._look_for_slides()
            await asyncio.sleep(SLIDES_LOOK_S)

    def _look_for_slides(self) -> None:
        before = self.slides
        silence = time.monotonic() - self._streams[Role.CONTENT].path.heard_at
        self._slides_come = silence < SLIDES_STILL_S
        if self.slides is not before:
            self.changed()


def _inbound(before: Inbound | None, secured: Secured | None) -> Inbound | None:
    if secured is None:
        return None
    if before is not None and (before.suite, before.keys) == (secured.suite, secured.far):
        return before
    return Inbound(secured.suite, secured.far)


def _directed(medium: Media, direction: str) -> Media:
    if not medium.port:
        return medium
    attributes = tuple(
        Attribute(direction) if attribute.name in DIRECTIONS else attribute
        for attribute in medium.attributes
    )
    return replace(medium, attributes=attributes)
