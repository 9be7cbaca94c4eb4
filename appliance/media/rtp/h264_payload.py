"""H.264 access units into RTP payloads: packetisation modes 1 and 0 (RFC 6184)."""

from collections.abc import Iterator

from appliance.media.codecs.bitrate_ladder import BITRATE_LADDER

MAX_PAYLOAD_BYTES = 1_200  # with headers, SRTP and two tunnels it still fits into 1500
LEAST_BPS = BITRATE_LADDER[-1].enter_bps  # the smallest picture needs as much, to stop and resume
_START = b"\0\0\1"
_FU_A = 28
_FIRST, _LAST = 0x80, 0x40


def nal_units(access_unit: bytes) -> Iterator[bytes]:
    """The NAL units of an Annex B byte stream, without start codes."""
    at = access_unit.find(_START)
    while at >= 0:
        at += 3
        following = access_unit.find(_START, at)
        unit = access_unit[at:] if following < 0 else access_unit[at:following]
        # A zero byte before the next start code belongs to that code; no NAL unit ends with one.
        unit = unit.rstrip(b"\0")
        if unit:
            yield unit
        at = following


def packetise(access_unit: bytes, mode: int, limit: int = MAX_PAYLOAD_BYTES) -> list[bytes]:
    """The payloads of one picture; the marker belongs on the last.

    Mode 1 splits a long unit into FU-A fragments (section 5.8). Mode 0 has nothing but whole
    nal_units (section 6.2): raises ValueError for one that is longer than `limit`.
    """
    payloads: list[bytes] = []
    for unit in nal_units(access_unit):
        if len(unit) <= limit:
            payloads.append(unit)
        elif mode == 1:
            payloads += _fragments(unit, limit)
        else:
            raise ValueError(f"a slice of {len(unit)} bytes does not fit into {limit} in mode 0")
    return payloads


def _fragments(unit: bytes, limit: int) -> Iterator[bytes]:
    indicator = unit[0] & 0xE0 | _FU_A
    kind = unit[0] & 0x1F
    body = unit[1:]
    room = limit - 2
    count = -(-len(body) // room)
    size = -(-len(body) // count)  # even pieces: no tiny last packet
    for number in range(count):
        header = kind | (_FIRST if number == 0 else 0) | (_LAST if number == count - 1 else 0)
        yield bytes((indicator, header)) + body[number * size : (number + 1) * size]


def bps_within(max_fs: int, max_mbps: int) -> int | None:
    """The highest bit rate at which the bitrate ladder keeps within a far end's limits.

    `max_fs` in macroblocks, `max_mbps` in macroblocks a second (H.264 table A-1, RFC 6184 section
    8.1); None where every picture of ours fits.
    """
    limit: int | None = None
    for rung in BITRATE_LADDER:
        size = -(-rung.size.width // 16) * -(-rung.size.height // 16)
        if size <= max_fs and size * rung.fps <= max_mbps:
            break
        limit = rung.leave_bps - 1
    return limit
