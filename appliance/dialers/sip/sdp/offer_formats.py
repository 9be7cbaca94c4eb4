"""Chooses the payload formats of a call: our order of audio codecs, and H.264 for both ends."""

from dataclasses import dataclass, replace

from appliance.dialers.sip.sdp.formats import Payload
from appliance.media.rtp.h264_payload import LEAST_BPS, bps_within

AUDIO_ORDER = ("g722", "opus", "pcma", "pcmu")  # no conference system is known to refuse the first
EVENT = "telephone-event"
AUDIO_OFFER = (
    Payload(9, "G722", 8000),
    Payload(98, "opus", 48000, 2, {"useinbandfec": "1"}),
    Payload(8, "PCMA", 8000),
    Payload(0, "PCMU", 8000),
    Payload(101, EVENT, 8000, 1, {"0-15": ""}),
    Payload(102, EVENT, 48000, 1, {"0-15": ""}),
)

LEVEL = 0x1F  # 3.1: 720p30
_OWN = b"\x42\xe0\x1f"  # Constrained Baseline
# A Polycom DMA refuses a video offer without max-fs.
_SIZES = {"max-mbps": "108000", "max-fs": "3600"}
_BASELINE = 66
_LEVELS = {  # macroblocks, macroblocks/s, bit/s (H.264 table A-1)
    9: (99, 1_485, 128_000),
    10: (99, 1_485, 64_000),
    11: (396, 3_000, 192_000),
    12: (396, 6_000, 384_000),
    13: (396, 11_880, 768_000),
    20: (396, 11_880, 2_000_000),
    21: (792, 19_800, 4_000_000),
    22: (1_620, 20_250, 4_000_000),
    30: (1_620, 40_500, 10_000_000),
    31: (3_600, 108_000, 14_000_000),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """An H.264 profile-level-id (RFC 6184 section 8.1)."""

    idc: int
    constraints: int
    level: int

    @classmethod
    def of(cls, payload: Payload) -> "Profile":
        """Of a payload; ours where it names none that is usable.

        The RFC says Baseline at level 1 then, which is 99 macroblocks. No far end means that: those
        that name no profile take every one of Baseline.
        """
        text = payload.parameters.get("profile-level-id", "")
        try:
            raw = bytes.fromhex(text) if len(text) == 6 else _OWN
        except ValueError:
            raw = _OWN
        return cls(*raw)

    def __str__(self) -> str:
        return f"{self.idc:02x}{self.constraints:02x}{self.level:02x}"


def mode(payload: Payload) -> int:
    """H.264's packetization mode: 0 where it is not given."""
    return payload.parameter("packetization-mode", 0)


def h264_offer(bps: int) -> list[Payload]:
    """Constrained Baseline in mode 1, and in mode 0 for far ends without fragmentation."""
    parameters = {**_SIZES, "max-br": str(bps // 1000)}
    first = {"profile-level-id": _OWN.hex(), "packetization-mode": "1", **parameters}
    second = {"profile-level-id": _OWN.hex(), "packetization-mode": "0", **parameters}
    return [Payload(99, "H264", 90000, 1, first), Payload(100, "H264", 90000, 1, second)]


def h264(offered: list[Payload]) -> Payload | None:
    """The best of what is offered: mode 1 before 0, Baseline before what contains it."""
    known = [p for p in offered if p.name.lower() == "h264" and mode(p) in (0, 1)]
    return min(known, key=lambda p: (mode(p) != 1, Profile.of(p).idc != _BASELINE), default=None)


def h264_answer(chosen: Payload, bps: int) -> Payload:
    """Our answer to it: the same profile and mode, a level of ours (RFC 6184 section 8.2.2)."""
    profile = Profile.of(chosen)
    asymmetric = chosen.parameters.get("level-asymmetry-allowed") == "1"
    level = LEVEL if asymmetric else min(profile.level, LEVEL)
    parameters = {"profile-level-id": str(Profile(profile.idc, profile.constraints, level))}
    if mode(chosen) or "packetization-mode" in chosen.parameters:
        parameters["packetization-mode"] = str(mode(chosen))
    if asymmetric:
        parameters["level-asymmetry-allowed"] = "1"
    parameters |= {**_SIZES, "max-br": str(bps // 1000)}
    return Payload(chosen.number, chosen.name, chosen.rate, 1, parameters)


def h264_bps(far: Payload) -> int:
    """The most bit/s to send to such a receiver, by its level's picture size, rate and bit rate.

    Never less than our smallest picture needs: a level below that is a far end's slip, for what it
    decodes is far more.
    """
    level = min((known for known in _LEVELS if known >= Profile.of(far).level), default=31)
    size, speed, rate = _LEVELS[level]
    size = max(size, far.parameter("max-fs", 0))
    speed = max(speed, far.parameter("max-mbps", 0))
    rate = max(rate, far.parameter("max-br", 0) * 1000)
    fitting = bps_within(size, speed)
    return max(LEAST_BPS, rate if fitting is None else min(rate, fitting))


def answered(theirs: list[Payload], own: list[Payload]) -> list[tuple[Payload, Payload]]:
    """The payloads of an answer with those of our offer that they are of, in the answer's order.

    Some far ends answer with numbers of their own (RFC 3264 section 6.1 lets them send so, and
    wants to be sent theirs); what an answer does not say of H.264 is as we offered it.
    """
    found = []
    for payload in _with_own_events(theirs):
        alike = [p for p in own if _is_same(p, payload)]
        if not alike:
            continue
        other_mode = [bool(payload.parameters) and mode(p) != mode(payload) for p in alike]
        _, near = min(
            zip(other_mode, alike, strict=True),
            key=lambda pair: (pair[1].number != payload.number, pair[0]),
        )
        found.append((_completed(payload, near), near))
    return found


def _completed(payload: Payload, near: Payload) -> Payload:
    """An H.264 payload of an answer, with our own parameters where it names no profile."""
    given = payload.parameters
    if "profile-level-id" in given or payload.name.lower() != "h264":
        return payload
    mine = dict(near.parameters)
    if given:
        mine.pop("packetization-mode", None)  # parameters that do not name it mean mode 0
    return replace(payload, parameters={**mine, **given})


def _with_own_events(theirs: list[Payload]) -> list[Payload]:
    """Telephone events at 16 kHz, beside a G.722 that is called so, are those at 8 kHz."""
    if any(event.rate == 8000 for event in events(theirs)):
        return theirs
    return [replace(p, rate=8000) if p in events(theirs) and p.rate == 16000 else p for p in theirs]


def _is_same(one: Payload, other: Payload) -> bool:
    return one.name.lower() == other.name.lower() and clock(one) == clock(other)


def sound(offered: list[Payload]) -> list[Payload]:
    """The audio formats that we have too, in our order; then telephone events of their clocks."""
    found: list[Payload] = []
    for name in AUDIO_ORDER:
        found += [p for p in offered if p.name.lower() == name][:1]
    if found:
        found += [p for p in events(offered) if p.rate in {clock(q) for q in found}]
    return found


def events(offered: list[Payload]) -> list[Payload]:
    """The telephone events among them."""
    return [p for p in offered if p.name.lower() == EVENT]


def clock(payload: Payload) -> int:
    """The RTP clock in Hz. G.722's is 8000 whatever a far end says (RFC 3551 section 4.5.2)."""
    return 8000 if payload.name.lower() == "g722" else payload.rate
