"""Reads H.264 RTP payloads (RFC 6184): what is in one, and its bytes as Annex B.

Senders differ. Some set the marker on parameter sets, give them a timestamp of their own, or end a
picture with a unit that no decoder needs. So a payload is judged by the NAL units that it holds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_START = b"\0\0\0\1"
_BYTE_STREAM = (b"\0\0\1", _START)
_START_CODE = re.compile(rb"\x00?\x00\x00\x01")
SLICE, IDR_SLICE, SEI, SPS, PPS, DELIMITER = 1, 5, 6, 7, 8, 9
_STAP_A = 24
_FU_A = 28
_FU_START, _FU_END = 0x80, 0x40
_DECODED = frozenset((SLICE, IDR_SLICE, SEI, SPS, PPS, DELIMITER))
"""Any other type is skipped: ends of sequences, filler, SVC and MVC layers, types that are not
assigned (H.264 table 7-1, RFC 6184 table 1). A decoder of the base layer needs none of them."""
_PICTURE = frozenset((SLICE, IDR_SLICE, SPS, PPS))
"""Without one of these the picture is another; a part of any other unit may be missing."""
_RECOVERY_POINT = 6  # the SEI message of H.264 section D.1.8
_INTRA_TYPES = (7, 9)  # slice_type: all slices of the picture are I, or SI (H.264 table 7-6)
_INTRA_SLICES = (2, 4)  # this slice is; of the others nothing is said


@dataclass(frozen=True, slots=True)
class Contents:
    """What one payload of a video stream holds.

    `picture`: a part of a coded picture. `begins`: the first bytes of one, `continues`: surely none
    of its first. `key`: a picture that needs none before it. `sets`: parameter sets. `open`: the
    last unit is a fragment that goes on in the next packet.
    """

    picture: bool = False
    begins: bool = False
    continues: bool = False
    key: bool = False
    sets: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class _Unit:
    """A NAL unit or a fragment of one; `data` begins with the unit's header where it `starts`."""

    kind: int
    data: bytes
    starts: bool = True
    ends: bool = True


def _units(payload: bytes) -> Iterator[_Unit]:
    """The units that a decoder needs; raises ValueError for an aggregation that is cut off."""
    kind = payload[0] & 0x1F if payload else 0
    if not kind and payload.startswith(_BYTE_STREAM):
        # Some encoders leave the start codes in (H.264 annex B); no unit begins with a zero.
        for unit in filter(None, _START_CODE.split(payload)):
            yield from _units(unit)
    elif kind == _STAP_A:
        yield from _aggregated(payload)
    elif kind == _FU_A:
        if len(payload) > 2 and payload[1] & 0x1F in _DECODED:
            header = payload[1]
            starts = bool(header & _FU_START)
            head = bytes((payload[0] & 0xE0 | header & 0x1F,)) if starts else b""
            yield _Unit(header & 0x1F, head + payload[2:], starts, bool(header & _FU_END))
    elif kind in _DECODED and len(payload) > 1:
        yield _Unit(kind, payload)


def _aggregated(payload: bytes) -> Iterator[_Unit]:
    at = 1
    while at + 2 < len(payload):
        size = int.from_bytes(payload[at : at + 2])
        at += 2
        if at + size > len(payload):
            if payload[at] & 0x1F not in _PICTURE:
                return
            raise ValueError(f"an aggregated unit of {size} bytes is cut off")
        if size > 1 and payload[at] & 0x1F in _DECODED:
            yield _Unit(payload[at] & 0x1F, payload[at : at + size])
        at += size


def depayload(payload: bytes) -> bytes:
    """The payload's bytes of the access unit, as Annex B; b"" where a decoder needs none.

    Raises ValueError for an aggregation that is cut off.
    """
    return b"".join(_START + unit.data if unit.starts else unit.data for unit in _units(payload))


def contents(payload: bytes) -> Contents:
    """What the payload holds; nothing where it cannot be read."""
    try:
        units = list(_units(payload))
    except ValueError:
        return Contents()
    slices = [unit for unit in units if unit.kind in (SLICE, IDR_SLICE)]
    sets = any(unit.kind in (SPS, PPS) for unit in units)
    return Contents(
        picture=bool(slices),
        begins=bool(slices) and _is_first(slices[0]),
        continues=bool(slices) and not _is_first(slices[0]),
        key=any(_is_key(unit, with_sets=sets) for unit in units),
        sets=sets,
        open=bool(units) and not units[-1].ends,
    )


def _is_first(unit: _Unit) -> bool:
    """Whether a slice with macroblock 0 begins here.

    `first_mb_in_slice` is the slice header's first field: 0 is written as one bit that is set
    (H.264 sections 7.3.3 and 9.1).
    """
    return unit.starts and len(unit.data) > 1 and unit.data[1] & 0x80 != 0


def _is_key(unit: _Unit, *, with_sets: bool) -> bool:
    """Whether decoding can begin with the picture of this unit.

    That is an IDR picture, one of I slices alone, or what a recovery point announces: an encoder
    with intra refresh never sends an IDR picture again.
    """
    if unit.kind == IDR_SLICE:
        return True
    if unit.kind == SEI:
        return unit.starts and _RECOVERY_POINT in _messages(unit.data)
    if unit.kind != SLICE or not _is_first(unit):
        return False
    kind = exp_golomb(unit.data[1:9], 1)
    return kind in _INTRA_TYPES or (with_sets and kind in _INTRA_SLICES)


def _messages(sei: bytes) -> Iterator[int]:
    """The payload types of an SEI unit's messages (H.264 section 7.3.2.3.1)."""
    at = 1
    while at + 1 < len(sei) and sei[at] != 0x80:
        values = []
        for _ in range(2):
            value = 0
            while at < len(sei) and sei[at] == 0xFF:
                value += 255
                at += 1
            if at >= len(sei):
                return
            values.append(value + sei[at])
            at += 1
        yield values[0]
        at += values[1]


def exp_golomb(data: bytes, at: int = 0) -> int | None:
    """The ue(v) value at bit `at` (H.264 section 9.1); None where the bytes end before it does."""
    bits = int.from_bytes(data)
    left = 8 * len(data) - at
    if left <= 0:
        return None
    bits &= (1 << left) - 1
    zeros = left - bits.bit_length()
    if 2 * zeros + 1 > left:
        return None
    return (bits >> (left - 2 * zeros - 1)) - 1


def starts_key(payload: bytes) -> bool:
    """Whether a keyframe may start here: a parameter set, or the first slice of such a picture."""
    try:
        units = list(_units(payload))
    except ValueError:
        return False
    if any(unit.kind == SPS and unit.starts for unit in units):
        return True
    return any(
        (_is_first(unit) or unit.kind == SEI) and _is_key(unit, with_sets=False) for unit in units
    )


def starts_frame(payload: bytes) -> bool:
    """Whether a delimiter, a parameter set or a slice with macroblock 0 is first in a payload."""
    try:
        unit = next(iter(_units(payload)), None)
    except ValueError:
        return False
    return unit is not None and unit.starts and (unit.kind in (SPS, DELIMITER) or _is_first(unit))
