"""Writes our media lines; the values that an agreement of offer and answer is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from appliance.dialers.sip.sdp.description import (
    Attribute,
    Bandwidth,
    Connection,
    Description,
    Media,
    Origin,
)
from appliance.dialers.sip.sdp.formats import Crypto, Payload
from appliance.dialers.sip.sdp.offer_formats import AUDIO_OFFER, h264_offer
from appliance.media.rtp.receiver import Receiving
from appliance.media.rtp.sender import Sending
from appliance.media.rtp.srtp import SUITES, MasterKey
from appliance.media.rtp.udp_ports import Address

FEEDBACK = ("nack", "nack pli", "ccm fir", "ccm tmmbr")
SOUND_BPS = 64_000
HEADERS_BPS = 16_000  # 50 packets a second


class Encryption(StrEnum):
    """SDES-SRTP (RFC 4568) in a call: never, where the far end offers it, or no call without."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Role(StrEnum):
    """What a medium is for."""

    AUDIO = "audio"
    VIDEO = "video"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side: a port for each role, a key for each role and suite; `bps` bounds the picture."""

    host: str
    ports: Mapping[Role, int]
    keys: Mapping[tuple[Role, str], MasterKey] = field(repr=False)
    encryption: Encryption = Encryption.OFF
    bps: int = 2_000_000
    session: str = "1"

    def own(self, role: Role, suite: str) -> MasterKey:
        """The master key of that role and suite; KeyError when none was made."""
        return self.keys[role, suite]


@dataclass(frozen=True, slots=True)
class Secured:
    """The SRTP keys of both directions of a medium."""

    suite: str
    own: MasterKey
    far: tuple[MasterKey, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """One medium that both ends agreed on; `sending` is None while we send nothing."""

    role: Role
    rtp: Address | None
    rtcp: Address | None
    sending: Sending | None
    receiving: Receiving | None
    secured: Secured | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both ends agreed on, and our own description of it."""

    local: Description
    media: tuple[Agreed, ...]


def first_offer(ours: Ours) -> Description:
    """Sound and picture. No a=rtcp and no ICE: an RMX sends no picture to those who say it."""
    audio = media_line(ours, Role.AUDIO, list(AUDIO_OFFER), "sendrecv")
    video = media_line(ours, Role.VIDEO, h264_offer(ours.bps), "sendrecv", FEEDBACK)
    protocol = "RTP/SAVP" if ours.encryption is Encryption.REQUIRED else "RTP/AVP"
    return description(
        ours,
        (
            with_keys(audio, protocol, own_keys(ours, Role.AUDIO)),
            with_keys(video, protocol, own_keys(ours, Role.VIDEO)),
        ),
    )


def own_keys(ours: Ours, role: Role) -> list[Crypto]:
    """Keys also on RTP/AVP, for a far end that wants them: the best effort of room codecs."""
    if ours.encryption is Encryption.OFF:
        return []
    return [Crypto(tag, suite, (ours.own(role, suite),)) for tag, suite in enumerate(SUITES, 1)]


def with_keys(media: Media, protocol: str, keys: list[Crypto]) -> Media:
    """The line by that protocol, with these keys as a=crypto."""
    lines = tuple(Attribute("crypto", str(key)) for key in keys)
    return replace(media, protocol=protocol, attributes=(*media.attributes, *lines))


def media_line(
    ours: Ours, role: Role, formats: list[Payload], direction: str, feedback: tuple[str, ...] = ()
) -> Media:
    """One medium of ours on RTP/AVP, with its payload formats and RTCP feedback."""
    attributes = []
    for payload in formats:
        attributes.append(Attribute("rtpmap", payload.rtpmap))
        if payload.fmtp is not None:
            attributes.append(Attribute("fmtp", payload.fmtp))
    if role is Role.AUDIO:
        attributes.append(Attribute("ptime", "20"))
    attributes += [Attribute("rtcp-fb", f"* {kind}") for kind in feedback]
    if role is Role.CONTENT:
        attributes.append(Attribute("content", "slides"))
    attributes.append(Attribute(direction))
    audio = role is Role.AUDIO
    return Media(
        "audio" if audio else "video",
        ours.ports[role],
        "RTP/AVP",
        tuple(str(payload.number) for payload in formats),
        bandwidths=() if audio else (Bandwidth("TIAS", ours.bps),),
        attributes=tuple(attributes),
    )


def refused_line(media: Media) -> Media:
    """A medium that we have no use for keeps its place."""
    return Media(media.kind, 0, media.protocol, media.formats or ("0",))


def description(ours: Ours, media: tuple[Media, ...]) -> Description:
    """The whole description in version 1; whoever keeps the last one counts on."""
    kbps = -(-(ours.bps + SOUND_BPS + HEADERS_BPS) // 1000)
    connection = Connection.to(ours.host)
    return Description(
        Origin("-", ours.session, "1", connection),
        "-",
        connection,
        (Bandwidth("AS", kbps),),
        media=media,
    )
