"""Rewrites a far end's description so that one medium that cannot be taken costs itself alone.

aiortc refuses a whole description for one medium: an unknown codec, another H.264 profile than its
own two, a rejected line (RFC 3264 section 6). Here such a line is given to aiortc as an inactive
one, and stands in our answer as what it is: rejected, or with the parameters that were offered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

TAKEN_CODECS = {
    "audio": frozenset({"opus/48000", "g722/8000", "pcmu/8000", "pcma/8000"}),
    "video": frozenset({"h264/90000", "vp8/90000"}),
}
"""Encoding names and clocks of what we decode, by kind."""
STATIC_CODECS = {"0": "pcmu/8000", "8": "pcma/8000", "9": "g722/8000"}
"""Payload types that need no rtpmap (RFC 3551 section 6)."""
STATIC_MAPS = {"0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000"}
H264_PARAMETERS = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
"""What aiortc takes. FFmpeg decodes every profile, and both packetisation modes are read alike, so
a far end's own parameters decide nothing for the receiver (RFC 6184 section 8.2.2)."""
IDLE_FORMAT = {"audio": ("0", "PCMU/8000"), "video": ("97", "VP8/90000")}
TRANSPORT = ("ice-ufrag", "ice-pwd", "ice-options", "fingerprint", "setup", "candidate")
READABLE = {
    "candidate": r"\S+ \d+ \S+ \d+ \S+ \d+ typ \w+( (?!rport)\S+ \S+| rport \d+)*",
    "extmap": r"\d+(/\w+)? \S+",
    "fingerprint": r"\S+ \S+",
    "group": r".+",
    "ice-options": r".+",
    "ice-pwd": r"\S+",
    "ice-ufrag": r"\S+",
    "max-message-size": r"\d+",
    "mid": r"\S+",
    "msid": r".+",
    "msid-semantic": r".+",
    "rtcp-fb": r"\S+ \S+( .+)?",
    "rtpmap": r"\d+ [^/ ]+/\d+(/\d+)?",
    "sctp-port": r"\d+",
    "sctpmap": r"\d+ .+",
    "setup": r"active|passive|actpass",
    "ssrc": r"\d+ [^: ]+:.*",
}
FLAGS = frozenset(
    {"end-of-candidates", "ice-lite", "inactive", "recvonly", "rtcp-mux", "sendonly", "sendrecv"}
)
"""The attributes that aiortc is given, in the forms that its parser takes: it refuses a whole
description for one attribute in another form, among them some that RFCs allow."""
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
MAX_MEDIA = 64
MAX_BYTES = 256 * 1024
"""A browser's offer of everything it knows has 10 KB; aiortc's parser is in Python."""


class NegotiationError(Exception):
    """A far end's description cannot be taken, or none can be made for it."""


class NothingTakenError(NegotiationError):
    """A far end answers, and takes neither our picture nor our sound."""


@dataclass(frozen=True, slots=True)
class Medium:
    """One media section of a description (RFC 8866 section 5.14): its lines, the first is m=."""

    lines: tuple[str, ...]

    @property
    def kind(self) -> str:
        """``audio``, ``video``, or something else."""
        return self.lines[0][2:].partition(" ")[0]

    @property
    def words(self) -> list[str]:
        """Of the m= line: kind, port, profile and formats."""
        return self.lines[0][2:].split()

    def values(self, attribute: str) -> list[str]:
        """The values of each ``a=attribute:value``, in order."""
        start = f"a={attribute}:"
        return [line[len(start) :].strip() for line in self.lines if line.startswith(start)]

    @property
    def mid(self) -> str:
        """Its identification (RFC 5888); "" without one."""
        return next(iter(self.values("mid")), "")

    @property
    def rejected(self) -> bool:
        """Whether port 0 says that it is not used; in a bundle it may only be shared."""
        return self.words[1] == "0" and "a=bundle-only" not in self.lines

    @property
    def direction(self) -> str:
        """``sendrecv`` where it says nothing (RFC 8866 section 6.7)."""
        named = (line[2:].strip() for line in self.lines if line[2:].strip() in DIRECTIONS)
        return next(named, "sendrecv")

    def codecs(self) -> dict[str, str]:
        """Name and clock in small letters by payload type, such as {"96": "opus/48000"}."""
        readable = (v for v in self.values("rtpmap") if re.fullmatch(READABLE["rtpmap"], v))
        maps = dict(_pair(value) for value in readable)
        known = {number: maps.get(number, STATIC_CODECS.get(number)) for number in self.words[3:]}
        return {
            number: "/".join(codec.lower().split("/")[:2])
            for number, codec in known.items()
            if codec is not None
        }

    def taken(self) -> list[str]:
        """The payload types that we take, retransmission (RFC 4588) of theirs included."""
        codecs, parameters = self.codecs(), self.parameters()
        names = TAKEN_CODECS.get(self.kind, frozenset())
        own = [number for number, codec in codecs.items() if codec in names]
        again = [
            number
            for number, codec in codecs.items()
            if codec.startswith("rtx/") and re.fullmatch(r"apt=\d+", parameters.get(number, ""))
            and parameters[number][4:] in own
        ]  # fmt: skip
        return [number for number in self.words[3:] if number in own or number in again]

    def parameters(self) -> dict[str, str]:
        """The ``fmtp`` by payload type."""
        return dict(_pair(value) for value in self.values("fmtp"))


@dataclass(frozen=True, slots=True)
class Description:
    """A session description as text: the session's lines, then each medium's."""

    session: tuple[str, ...]
    media: tuple[Medium, ...]

    @classmethod
    def parse(cls, text: str) -> Description:
        """Raises NegotiationError for what is none."""
        if len(text) > MAX_BYTES:
            raise NegotiationError(f"a description of {len(text)} bytes, at most {MAX_BYTES}")
        groups: list[list[str]] = [[]]
        for line in text.splitlines():
            if line.startswith("m="):
                groups.append([])
            if line.strip():
                groups[-1].append(line)
        media = tuple(Medium(tuple(lines)) for lines in groups[1:])
        if not media or len(media) > MAX_MEDIA:
            raise NegotiationError(f"a description with {len(media)} media, at most {MAX_MEDIA}")
        for medium in media:
            if len(medium.words) < 4 or not medium.words[1].isdecimal():
                raise NegotiationError(f"no media line: {medium.lines[0][:80]!r}")
        mids = [medium.mid for medium in media if medium.mid]
        if len(set(mids)) < len(mids):
            raise NegotiationError(f"two media have one identification: {mids}")
        return cls(tuple(groups[0]), media)

    def __str__(self) -> str:
        """The text, with CRLF."""
        lines = [*self.session, *(line for medium in self.media for line in medium.lines)]
        return "\r\n".join([*lines, ""])


@dataclass(frozen=True, slots=True)
class TakenOffer:
    """A far end's offer: ``text`` for aiortc, ``refused`` the mids of media whose codec we do not
    take."""

    offer: Description
    text: str
    refused: frozenset[str]

    @classmethod
    def of(cls, text: str) -> TakenOffer:
        """Raises NegotiationError where no medium is left."""
        offer = Description.parse(text)
        used = [medium for medium in offer.media if _is_used(medium)]
        if not used:
            raise NegotiationError("it offers no medium that we take")
        unused = [m for m in offer.media if m not in used and not m.rejected]
        media = tuple(_ours(m) if m in used else _idle(m, used[0]) for m in offer.media)
        rewritten = Description(_session(offer), media)
        return cls(offer, str(rewritten), frozenset(medium.mid for medium in unused))

    def answer(self, text: str) -> str:
        """Our answer as the far end has to get it, made of aiortc's to ``text``."""
        ours = Description.parse(text)
        if len(ours.media) != len(self.offer.media):
            raise NegotiationError("our answer has other media than the offer")
        media = []
        for offered, medium in zip(self.offer.media, ours.media, strict=True):
            media.append(_restored(medium, offered) if _is_used(offered) else _refused(offered))
        out = {m.mid for m in self.offer.media if not _is_used(m)}
        session = tuple(_without(line, out) for line in ours.session)
        return str(Description(session, tuple(media)))


@dataclass(frozen=True, slots=True)
class TakenAnswer:
    """A far end's answer to our offer: ``text`` for aiortc, ``refused`` the kinds (audio, video)
    that it does not take."""

    text: str
    refused: frozenset[str]

    @classmethod
    def of(cls, text: str, offer: str) -> TakenAnswer:
        """Raises NegotiationError where no medium is left, or where it answers something else."""
        answer, ours = Description.parse(text), Description.parse(offer)
        if [m.kind for m in answer.media] != [m.kind for m in ours.media]:
            raise NegotiationError("the answer has other media than our offer")
        used = [medium for medium in answer.media if _is_used(medium)]
        if not used:
            raise NothingTakenError("the far end takes neither our picture nor our sound")
        media = []
        pairs = list(zip(answer.media, ours.media, strict=True))
        for medium, offered in pairs:
            kept = _ours(medium) if medium in used else _idle(offered, used[0])
            media.append(_with_mid(kept, offered.mid))
        sending = [m for m, offered in pairs if offered.direction in ("sendrecv", "sendonly")]
        taking = [m for m in used if m.direction in ("sendrecv", "recvonly")]
        refused = frozenset(m.kind for m in sending if m not in taking)
        return cls(str(Description(_session(answer), tuple(media))), refused)


def codec_of_offer(offer: str, mid: str) -> str:
    """What the medium of this identification offers first, in small letters; "" where nothing."""
    media = (medium for medium in Description.parse(offer).media if medium.mid == mid)
    codecs = next((medium.codecs() for medium in media), {})
    return next(iter(codecs.values()), "").partition("/")[0]


def _is_used(medium: Medium) -> bool:
    return not medium.rejected and (medium.kind == "application" or bool(medium.taken()))


def _ours(medium: Medium) -> Medium:
    """With the codecs that we take alone, H.264's parameters as aiortc knows them."""
    if medium.kind == "application":
        return Medium((medium.lines[0], *_readable(medium.lines[1:])))
    numbers, codecs = medium.taken(), medium.codecs()
    lines = [" ".join(["m=" + medium.words[0], *medium.words[1:3], *numbers])]
    for line in _readable(medium.lines[1:]):
        number = re.match(r"a=(?:rtpmap|rtcp-fb):(\S+)", line)
        if number is None or number[1] in {*numbers, "*"}:
            lines.append(line)
    mapped = {_pair(value)[0] for value in medium.values("rtpmap")}
    for n in numbers:
        if n not in mapped:
            lines.append(f"a=rtpmap:{n} {STATIC_MAPS[n]}")
        if codecs[n] == "h264/90000":
            lines.append(f"a=fmtp:{n} {H264_PARAMETERS}")
        elif codecs[n].startswith("rtx/"):
            lines.append(f"a=fmtp:{n} {medium.parameters()[n]}")
    return Medium(tuple(lines))


def _idle(medium: Medium, beside: Medium) -> Medium:
    """An inactive medium in the place of one that is not used, with the transport of another."""
    kind = medium.kind if medium.kind in IDLE_FORMAT else "audio"
    number, codec = IDLE_FORMAT[kind]
    lines = [f"m={kind} 9 UDP/TLS/RTP/SAVPF {number}", "c=IN IP4 0.0.0.0", "a=inactive"]
    lines += [f"a=mid:{medium.mid}", "a=rtcp-mux", f"a=rtpmap:{number} {codec}"]
    for line in _readable(beside.lines):
        if line.startswith("a=") and re.split("[:=]", line)[1] in TRANSPORT:
            lines.append(line)
    return Medium(tuple(lines))


def _restored(medium: Medium, offered: Medium) -> Medium:
    """A medium of our answer with the H.264 parameters that were offered."""
    theirs = offered.parameters()
    lines = []
    for line in medium.lines:
        number = re.match(r"a=fmtp:(\S+)", line)
        if number is None or medium.codecs().get(number[1]) != "h264/90000":
            lines.append(line)
        elif number[1] in theirs:
            lines.append(f"a=fmtp:{number[1]} {theirs[number[1]]}")
    return Medium(tuple(lines))


def _refused(offered: Medium) -> Medium:
    """As RFC 3264 section 6 wants it: port 0, and the formats of the offer."""
    words = offered.words
    mid = [f"a=mid:{offered.mid}"] if offered.mid else []
    first = " ".join([f"m={words[0]} 0", *words[2:]])
    return Medium((first, "c=IN IP4 0.0.0.0", "a=inactive", *mid))


def _with_mid(medium: Medium, mid: str) -> Medium:
    rest = [line for line in medium.lines[1:] if not line.startswith("a=mid:")]
    return Medium((medium.lines[0], *([f"a=mid:{mid}"] if mid else []), *rest))


def _session(description: Description) -> tuple[str, ...]:
    """What aiortc reads of a session; a bundle may name media that there are not."""
    absent = {
        mid
        for line in description.session
        if line.startswith("a=group:BUNDLE ")
        for mid in line.split()[1:]
    } - {medium.mid for medium in description.media}
    return tuple(_without(line, absent) for line in _readable(description.session))


def _without(line: str, mids: set[str]) -> str:
    """A rejected medium is in no bundle (RFC 8843 section 7.3.3)."""
    if not line.startswith("a=group:BUNDLE"):
        return line
    first, *words = line.split()
    return " ".join([first, *(word for word in words if word not in mids)])


def _readable(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Those that aiortc's parser reads, and takes."""
    return tuple(line for line in map(_shortened, lines) if _is_readable(line))


def _shortened(line: str) -> str:
    """An extension without its own attributes (RFC 8285 section 8)."""
    return " ".join(line.split(" ")[:2]) if line.startswith("a=extmap:") else line


def _is_readable(line: str) -> bool:
    if not line.startswith("a="):
        return re.match(r"[ost]=|v=\d+$", line) is not None
    name, _, value = line[2:].strip().partition(":")
    if name not in READABLE or re.fullmatch(READABLE[name], value) is None:
        return name in FLAGS
    return name != "candidate" or _is_reachable(value.split()[4])


def _is_reachable(host: str) -> bool:
    """Whether a candidate's address is one; a name is allowed (RFC 8839 5.1) and nobody asks it."""
    if host.endswith(".local"):
        return True  # aioice asks by mDNS
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _pair(value: str) -> tuple[str, str]:
    number, _, rest = value.partition(" ")
    return number, rest.strip()
