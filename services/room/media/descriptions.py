"""The session descriptions of the room: answers to publishers, offers to subscribers (RFC 8829).

One bundle, no retransmission streams (a packet is sent again unchanged), no simulcast.
"""

from dataclasses import dataclass

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription, candidate_to_sdp

from services.room.errors import INVALID_SDP, VideoRoomError
from services.room.media.transport import FarPath, Transport

ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")
BASELINE = "42e01f"


@dataclass(frozen=True, slots=True)
class AcceptedLine:
    """One line of a publisher's offer that the room accepts."""

    mid: str
    kind: str  # "audio" or "video"
    payload_type: int
    codec: str  # "opus" or "h264"
    ssrc: int | None
    clock_rate: int


@dataclass(frozen=True, slots=True)
class MediaLine:
    """One line of an offer to a subscriber; ``active`` False keeps the line for later use."""

    mid: str
    kind: str
    payload_type: int
    ssrc: int
    active: bool
    stream: str  # the same for sound and picture of one publisher, for lip sync


def accept_lines(offer: SessionDescription, codecs: dict[str, str]) -> list[AcceptedLine]:
    """The lines of the offer that have the room's codec for their kind."""
    found = []
    for media in offer.media:
        codec = _choose(media, codecs.get(media.kind, ""))
        if codec is None or media.port == 0 or media.direction not in ("sendrecv", "sendonly"):
            continue
        ssrc = media.ssrc[0].ssrc if media.ssrc else None
        found.append(
            AcceptedLine(
                media.rtp.muxId,
                media.kind,
                codec.payloadType or 0,
                codec.name.lower(),
                ssrc,
                codec.clockRate or 90000,
            )
        )
    return found


def parse_description(text: str) -> tuple[SessionDescription, FarPath]:
    """Read a browser's or a site's description; raises VideoRoomError."""
    try:
        description = SessionDescription.parse(text)
    except (ValueError, AssertionError, StopIteration, LookupError, AttributeError, TypeError) as e:
        raise VideoRoomError(INVALID_SDP, f"The description cannot be read: {e!r}") from None
    for media in description.media:
        ice, dtls = media.ice, media.dtls
        if ice is not None and dtls is not None and ice.usernameFragment and ice.password:
            found = tuple(media.ice_candidates)
            return description, FarPath(ice, dtls, found, media.ice_candidates_complete)
    raise VideoRoomError(INVALID_SDP, "The description has no path (ICE and DTLS) in any line")


def make_answer(
    offer: SessionDescription,
    lines: list[AcceptedLine],
    transport: Transport,
    version: int,
    bitrate: int,
) -> str:
    """The room's answer to a publisher: receive the accepted lines, refuse the others.

    Chromium starts at ``bitrate`` bit/s where the answer says so, otherwise at a fifth of it with a
    quarter of the picture.
    """
    by_mid = {line.mid: line for line in lines}
    mids = [m.rtp.muxId for m in offer.media if m.rtp.muxId in by_mid]
    text = _session(version, mids)
    roles = {media.dtls.role for media in offer.media if media.dtls is not None}
    setup = "passive" if roles == {"client"} else "active"
    for media in offer.media:
        line = by_mid.get(media.rtp.muxId)
        if line is None:
            formats = " ".join(str(f) for f in media.fmt[:1])
            text += [f"m={media.kind} 0 {media.profile} {formats}", "c=IN IP4 0.0.0.0"]
            text += ["a=inactive", f"a=mid:{media.rtp.muxId}"]
            continue
        text.append(f"m={media.kind} 9 {media.profile} {line.payload_type}")
        text += ["c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0"]
        text += ["a=recvonly", f"a=mid:{line.mid}", "a=rtcp-mux"]
        for extension in media.rtp.headerExtensions:
            if media.kind == "video" and extension.uri == ABS_SEND_TIME:
                text.append(f"a=extmap:{extension.id} {extension.uri}")
        text += _codec(line.kind, line.payload_type, f";x-google-start-bitrate={bitrate // 1000}")
        text += _path(transport, setup)
    return "\r\n".join(text) + "\r\n"


def offer(lines: list[MediaLine], transport: Transport, version: int, extension: int) -> str:
    """The room's offer to a subscriber: all its lines, the oldest first."""
    text = _session(version, [line.mid for line in lines])
    for line in lines:
        text.append(f"m={line.kind} 9 UDP/TLS/RTP/SAVPF {line.payload_type}")
        text += ["c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0"]
        text.append("a=sendonly" if line.active else "a=inactive")
        text += [f"a=mid:{line.mid}", "a=rtcp-mux"]
        if line.kind == "video":
            text.append(f"a=extmap:{extension} {ABS_SEND_TIME}")
        text += _codec(line.kind, line.payload_type)
        if line.active:
            text += [
                f"a=msid:{line.stream} {line.stream}-{line.mid}",
                f"a=ssrc:{line.ssrc} cname:{line.stream}",
                f"a=ssrc:{line.ssrc} msid:{line.stream} {line.stream}-{line.mid}",
            ]
        text += _path(transport, "actpass")
    return "\r\n".join(text) + "\r\n"


def _session(version: int, mids: list[str]) -> list[str]:
    text = ["v=0", f"o=- 1 {version} IN IP4 127.0.0.1", "s=diemcau", "t=0 0"]
    return [*text, f"a=group:BUNDLE {' '.join(mids)}", "a=msid-semantic: WMS *"]


def _codec(kind: str, payload_type: int, more: str = "") -> list[str]:
    if kind == "audio":
        return [
            f"a=rtpmap:{payload_type} opus/48000/2",
            f"a=fmtp:{payload_type} minptime=10;useinbandfec=1",
        ]
    text = [
        f"a=rtpmap:{payload_type} H264/90000",
        f"a=fmtp:{payload_type} level-asymmetry-allowed=1;packetization-mode=1;"
        f"profile-level-id={BASELINE}{more}",
    ]
    return text + [f"a=rtcp-fb:{payload_type} {feedback}" for feedback in FEEDBACK]


def _path(transport: Transport, setup: str) -> list[str]:
    ice = transport.ice_parameters()
    text = [f"a=ice-ufrag:{ice.usernameFragment}", f"a=ice-pwd:{ice.password}"]
    fingerprints = transport.dtls_parameters().fingerprints
    text += [f"a=fingerprint:{one.algorithm} {one.value}" for one in fingerprints]
    text.append(f"a=setup:{setup}")
    text += ["a=candidate:" + candidate_to_sdp(c) for c in transport.candidates()]
    return [*text, "a=end-of-candidates"]


def _choose(media: MediaDescription, wanted: str) -> RTCRtpCodecParameters | None:
    """The first codec of that name; of H.264 the one that every browser and site decodes."""
    found = [c for c in media.rtp.codecs if c.name.lower() == wanted]
    if wanted == "h264":
        found = [c for c in found if str(c.parameters.get("packetization-mode", "0")) == "1"]
        found.sort(key=lambda c: not _is_baseline(c))
    return found[0] if found else None


def _is_baseline(codec: RTCRtpCodecParameters) -> bool:
    level = str(codec.parameters.get("profile-level-id", BASELINE)).lower()
    return level[:4] in ("42e0", "42c0")
