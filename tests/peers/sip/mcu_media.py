"""The media of one call at a scripted MCU: an RMX's words outside, real RTP and SRTP inside."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.media.jitter.clock import FarClock
from appliance.media.receive.track import FarTrack
from appliance.media.rtp.receiver import Receiving
from appliance.media.rtp.send_rate import SendRate
from appliance.media.rtp.sender import Sending
from appliance.media.rtp.srtp import RTCP_TAG_BYTES, SUITES, Inbound, MasterKey, Outbound
from appliance.media.rtp.stream import RtpStream
from tests.peers.sip import rmx_sdp
from tests.peers.sip.programme import Programme, Show, Shown
from tests.peers.sip.rmx_sdp import BFCP, CAMERA, MKI, Key, Line

SUITE = "AES_CM_128_HMAC_SHA1_80"
G722, EVENT, H264 = 9, 119, (110, 109)
"""The numbers of an RMX's own offers."""


@dataclass
class Faults:
    """What it does to those who call. ``code`` 0 says nothing to an INVITE, 200 takes it.

    ``no_srtp`` takes no keys, ``strict_srtp`` those on RTP/SAVP only; ``no_mki`` and ``no_update``
    leave out what an RMX has.
    """

    code: int = 200
    no_srtp: bool = False
    strict_srtp: bool = False
    no_mki: bool = False
    no_update: bool = False


class RmxOutbound(Outbound):
    """Protects as libsrtp does, with a master key identifier before the tag (SEND_SRTP_MKI)."""

    def rtp(self, packet: bytes) -> bytes:
        return self._marked(super().rtp(packet), SUITES[self.suite][1])

    def rtcp(self, packet: bytes) -> bytes:
        return self._marked(super().rtcp(packet), RTCP_TAG_BYTES)

    def _marked(self, packet: bytes, tag: int) -> bytes:
        return packet[:-tag] + self.key.mki + packet[-tag:]


@dataclass
class _Medium:
    """One pair of ports; ``outbound`` is kept: a key stream must not begin twice."""

    stream: RtpStream
    master: MasterKey = field(repr=False)
    outbound: RmxOutbound | None = None


class McuMedia:
    """`answer` first, then any number of `offer` and `accept`. ``ask`` sends an INFO."""

    def __init__(self, show: Show, faults: Faults, *, ask: Callable[[], None]) -> None:
        self.encrypted = False
        self.content = False  # whether the next offer has slides
        self.late = False  # whether what comes next is the site's offer, though we asked
        self.answered = ""
        self.heard_key: Callable[[str], None] = lambda key: None
        self._faults, self._ask, self._show = faults, ask, show
        self._host = ""
        self._version = 0
        self._had_slides = False
        self._offering = False
        self._programmes = {
            "audio": Programme("audio", show.sound(Shown.QUEUE)),
            "video": Programme("video", show.picture(Shown.QUEUE)),
            "slides": Programme("video", show.picture(Shown.SLIDES)),
        }
        self._media: dict[str, _Medium] = {}

    async def open(self, host: str) -> None:
        """Take ports."""
        self._host = host
        clock, rate = FarClock(), SendRate()
        for role, programme in self._programmes.items():
            kind = programme.kind
            stream = RtpStream(
                *(kind, programme),
                clock=clock,
                rate=rate,
                name="RMX",
                ask=self._ask,
                now=time.monotonic,
            )
            await stream.open(host)
            fresh = MasterKey.fresh()
            self._media[role] = _Medium(
                stream, MasterKey(fresh.secret, b"" if self._faults.no_mki else MKI)
            )
        self._media["audio"].stream.receiver.heard_key = self._key_came

    async def move(self) -> None:
        """Other ports, streams and keys; `offer` tells the site."""
        for medium in self._media.values():
            await medium.stream.close()
        self._media.clear()
        await self.open(self._host)

    def conference(self) -> None:
        """Out of the entry queue: the people's picture and sound, as streams of their own."""
        self._programmes["video"].choose(self._show.picture(Shown.PEOPLE))
        self._programmes["audio"].choose(self._show.sound(Shown.PEOPLE))
        for role in ("audio", "video"):
            stream = self._media[role].stream
            stream.ssrc = random.getrandbits(32)
            assert stream.sender is not None
            stream.sender.ssrc = stream.ssrc

    def answer(self, offer: str) -> str:
        """An RMX's answer to a site's description."""
        host, lines = rmx_sdp.read(offer)
        written = ""
        roles = {"audio", "video"}
        for line in lines:
            if line.kind in roles and line.port:
                roles.discard(line.kind)
                written += self._answered(host, line)
            else:
                written += f"m={line.kind} 0 {line.protocol} {' '.join(line.formats)}\n"
        self._version += 1
        self._offering = False
        return rmx_sdp.whole(self._host, self._version, written)

    def _answered(self, host: str, line: Line) -> str:
        key = self._key(line.kind, line)
        self.encrypted = key is not None
        self._use(line.kind, host, line, key)
        port = self._media[line.kind].stream.path.port
        if line.kind == "audio":
            return rmx_sdp.sound(port, key, G722, line.number("telephone-event/8000") or EVENT)
        numbers = [line.number("h264", f"packetization-mode={mode}") for mode in (1, 0)]
        return rmx_sdp.picture(port, key, tuple(one for one in numbers if one is not None))

    def offer(self) -> str:
        """All lines of an RMX; the slides' keeps its place once it was there (RFC 3264)."""
        self._version += 1
        self._offering = True
        keys = {role: self._own_key(role) for role in self._media}
        ports = {role: medium.stream.path.port for role, medium in self._media.items()}
        written = rmx_sdp.sound(ports["audio"], keys["audio"], G722, EVENT)
        written += rmx_sdp.picture(ports["video"], keys["video"], H264) + BFCP + CAMERA
        if self.content or self._had_slides:
            port = ports["slides"] if self.content else 0
            written += rmx_sdp.slides(port, keys["slides"], "sendonly")
        self._had_slides = self._had_slides or self.content
        return rmx_sdp.whole(self._host, self._version, written)

    def accept(self, answer: str) -> None:
        """The site's answer to our offer."""
        if not self._offering:
            return
        if self.late:
            self.late = False
            self.answered = self.answer(answer)
            return
        self._offering = False
        host, lines = rmx_sdp.read(answer)
        assert len(lines) == (5 if self._had_slides else 4), "an answer has every line of its offer"
        assert [line.port for line in lines[2:4]] == [0, 0], "BFCP and the camera are refused"
        for role, line in zip(("audio", "video", "", "", "slides"), lines, strict=False):
            if role and line.port:
                self._use(role, host, line, self._key(role, line))
            elif role == "slides":
                self._media[role].stream.take_away()

    def fast_update(self) -> None:
        """The site wants a keyframe."""
        for role in ("video", "slides"):
            sender = self._media[role].stream.sender
            assert sender is not None
            sender.keyframe(time.monotonic())

    def hush(self, *roles: str) -> None:
        """No RTP and no RTCP any more; of all media where none is named."""
        for role in roles or self._media:
            self._media[role].stream.path.aim(None, None)

    def track(self, role: str) -> FarTrack:
        """What the site sends."""
        return self._media[role].stream.track

    async def close(self) -> None:
        """Free everything."""
        for medium in self._media.values():
            await medium.stream.close()
        for programme in self._programmes.values():
            programme.stop()

    def cut(self) -> None:
        """As a power cut: nothing more goes out, no goodbye either."""
        for medium in self._media.values():
            medium.stream.path.close()

    def _key_came(self, key: str) -> None:
        self.heard_key(key)

    def _own_key(self, role: str) -> Key | None:
        return Key("1", SUITE, self._media[role].master) if self.encrypted else None

    def _key(self, role: str, line: Line) -> Key | None:
        strict = self._faults.strict_srtp and line.protocol != "RTP/SAVP"
        if self._faults.no_srtp or strict or not line.keys:
            return None
        tag, suite, _ = next(key for key in line.keys if key[1] == SUITE)
        return Key(tag, suite, self._media[role].master, line.protocol)

    def _use(self, role: str, host: str, line: Line, key: Key | None) -> None:
        medium = self._media[role]
        medium.stream.path.aim((host, line.port), (host, line.port + 1))
        if key is not None:
            if medium.outbound is None:
                medium.outbound = RmxOutbound(SUITE, medium.master)
            far = next(secret for _, suite, secret in line.keys if suite == SUITE)
            inbound = medium.stream.path.inbound
            if inbound is None or inbound.keys != (MasterKey(far),):
                inbound = Inbound(SUITE, (MasterKey(far),))
            medium.stream.path.protect(medium.outbound, inbound)
        if line.kind == "audio":
            event = line.number("telephone-event/8000")
            receiving = Receiving({G722: ("G722", 8000), event or EVENT: ("telephone-event", 8000)})
            medium.stream.use(Sending(G722, "G722", 8000, event=event), receiving)
        else:
            number = line.number("h264", "packetization-mode=1")
            assert number is not None, line
            sending = Sending(number, "H264", 90000, bps=1_024_000)
            takes = role == "video" and line.direction in ("sendrecv", "sendonly")
            receiving = Receiving({number: ("H264", 90000)})
            medium.stream.use(sending, receiving if takes else None)
