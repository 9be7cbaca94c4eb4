"""Reads the attributes of a medium: payload formats, RTCP feedback, SRTP keys."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from appliance.dialers.sip.sdp.description import Media
from appliance.media.rtp.srtp import SUITES, MasterKey

_STATIC = {
    0: ("PCMU", 8000, 1),
    3: ("GSM", 8000, 1),
    4: ("G723", 8000, 1),
    8: ("PCMA", 8000, 1),
    9: ("G722", 8000, 1),  # its clock is 8000 although it samples at 16000 (RFC 3551 4.5.2)
    13: ("CN", 8000, 1),
    15: ("G728", 8000, 1),
    18: ("G729", 8000, 1),
    31: ("H261", 90000, 1),
    34: ("H263", 90000, 1),
}
_NUMBER = re.compile(r"[0-9]{1,9}")
_BLANK = re.compile(r"[ \t]+")
_HARMLESS = re.compile(r"WSH=.*|KDR=0+")
MAX_KEYS = 4


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload format: `rate` is the RTP clock in Hz; names in `parameters` are lower case."""

    number: int
    name: str
    rate: int
    channels: int = 1
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def rtpmap(self) -> str:
        """The value of its a=rtpmap."""
        channels = f"/{self.channels}" if self.channels > 1 else ""
        return f"{self.number} {self.name}/{self.rate}{channels}"

    @property
    def fmtp(self) -> str | None:
        """The value of its a=fmtp; None without parameters."""
        if not self.parameters:
            return None
        value = ";".join(f"{k}={v}" if v else k for k, v in self.parameters.items())
        return f"{self.number} {value}"

    def parameter(self, name: str, default: int) -> int:
        """A parameter that is a number; `default` when it is none or not there."""
        text = self.parameters.get(name, "")
        return int(text) if _NUMBER.fullmatch(text) else default


def payloads(media: Media, offered: Sequence[Payload] = ()) -> list[Payload]:
    """The payload formats of an RTP medium, in its order; what is not understood is left out.

    A number without a=rtpmap is what `offered` says of it, if it is no static one.
    """
    known = {p.number: (p.name, p.rate, p.channels) for p in offered}
    maps = dict(_numbered(media, "rtpmap"))
    parameters = {number: _parameters(text) for number, text in _numbered(media, "fmtp")}
    found = []
    for word in media.formats:
        number = int(word) if re.fullmatch(r"[0-9]{1,3}", word) else 128
        if number > 127:
            continue
        form = _map(maps[number]) if number in maps else _STATIC.get(number) or known.get(number)
        if form is not None:
            found.append(Payload(number, *form, parameters.get(number, {})))
    return found


def _numbered(media: Media, name: str) -> Iterator[tuple[int, str]]:
    for value in media.values(name):
        number, _, rest = _BLANK.sub(" ", value).partition(" ")
        if re.fullmatch(r"[0-9]{1,3}", number):
            yield int(number), rest.strip()


def _map(text: str) -> tuple[str, int, int] | None:
    name, _, rest = text.partition("/")
    rate, _, channels = rest.partition("/")
    if not name or not _NUMBER.fullmatch(rate.strip()):
        return None
    return name.strip(), int(rate), int(channels) if _NUMBER.fullmatch(channels) else 1


def _parameters(text: str) -> dict[str, str]:
    """Polycom writes a blank after each semicolon: it is no part of the name."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name.strip():
            found[name.strip().lower()] = value.strip()
    return found


def feedback(media: Media, numbers: set[int]) -> frozenset[str]:
    """The RTCP feedback ("nack pli", "ccm fir"...) offered for any of these payload numbers.

    Polycom offers it on RTP/AVP, too.
    """
    found = set()
    for value in media.values("rtcp-fb"):
        which, _, kind = _BLANK.sub(" ", value).partition(" ")
        if which == "*" or (which.isdigit() and which.isascii() and int(which[:4]) in numbers):
            found.add(" ".join(kind.lower().split()))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Crypto:
    """An a=crypto line (RFC 4568 section 9.1). The keys are not shown in `repr`."""

    tag: int
    suite: str
    keys: tuple[MasterKey, ...] = field(repr=False)

    @classmethod
    def parse(cls, value: str) -> "Crypto | None":
        """None for a line that cannot be used: another suite, or parameters that change it."""
        words = value.split()
        if len(words) < 3 or not _NUMBER.fullmatch(words[0]) or words[1].upper() not in SUITES:
            return None
        # Window sizes change nothing for us, nor does a rate of 0 for new keys, which means never;
        # any other parameter would have to be obeyed.
        if any(not _HARMLESS.fullmatch(word.upper()) for word in words[3:]):
            return None
        suite = words[1].upper()
        keys = tuple(_key(text) for text in words[2].split(";") if text)
        known = tuple(key for key in keys if key is not None)
        if not known or len(known) != len(keys) or len(keys) > MAX_KEYS:
            return None
        return cls(int(words[0]), suite, known)

    def __str__(self) -> str:
        """The attribute's value, with its keys: for the wire only, never for a log."""
        keys = ";".join(f"inline:{base64.b64encode(key.secret).decode()}" for key in self.keys)
        return f"{self.tag} {self.suite} {keys}"


def _key(text: str) -> MasterKey | None:
    method, _, rest = text.partition(":")
    parts = rest.split("|")
    try:
        secret = base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if method.lower() != "inline" or len(secret) != MasterKey.LENGTH:
        return None
    mki = b""
    for part in parts[1:]:
        number, colon, length = part.partition(":")
        if colon:
            if not (_NUMBER.fullmatch(number) and re.fullmatch(r"[0-9]{1,3}", length)):
                return None
            if not 1 <= int(length) <= 128 or int(number) >> (8 * int(length)):
                return None
            mki = int(number).to_bytes(int(length))
    return MasterKey(secret, mki)


def cryptos(media: Media) -> list[Crypto]:
    """The usable a=crypto lines, in order."""
    found = (Crypto.parse(value) for value in media.values("crypto"))
    return [crypto for crypto in found if crypto is not None]
