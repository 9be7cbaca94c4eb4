"""Video payload formats: a packet's access unit bytes, and whether a frame starts in it."""

from collections.abc import Callable
from dataclasses import dataclass

from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import VpxPayloadDescriptor, vp8_depayload

_SLICES = (1, 5)
_NAL_SPS = 7
_NAL_DELIMITER = 9
_NAL_STAP_A = 24
_NAL_FU_A = 28
_FU_START = 0x80


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """One video payload format.

    `depayload` gives the bytes of the access unit that a payload carries (H.264: Annex B) and
    raises ValueError; `starts_key` says whether the first bytes of a keyframe, parameter sets
    included, are in a payload, `starts_frame` whether those of any frame surely are.
    """

    name: str
    depayload: Callable[[bytes], bytes]
    starts_key: Callable[[bytes], bool]
    starts_frame: Callable[[bytes], bool]


def _h264_starts_key(payload: bytes) -> bool:
    """Whether a sequence parameter set is in an RFC 6184 payload.

    An IDR picture without its parameter sets is of no use to a decoder that has just started,
    and every sender we know repeats them with each IDR, so the set is what counts.
    """
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind == _NAL_SPS:
        return True
    if kind == _NAL_FU_A:
        return len(payload) > 1 and payload[1] & 0x9F == _FU_START | _NAL_SPS
    if kind != _NAL_STAP_A:
        return False
    at = 1
    while at + 3 <= len(payload):
        if payload[at + 2] & 0x1F == _NAL_SPS:
            return True
        at += 2 + int.from_bytes(payload[at : at + 2])
    return False


def _h264_starts_frame(payload: bytes) -> bool:
    """Whether a delimiter, a parameter set or a slice with macroblock 0 is first in a payload.

    `first_mb_in_slice` is the slice header's first field: 0 is written as one bit that is set
    (H.264 sections 7.3.3 and 9.1).
    """
    kind = payload[0] & 0x1F if payload else 0
    if kind in _SLICES:
        return len(payload) > 1 and payload[1] & 0x80 != 0
    if kind == _NAL_FU_A:
        begins = len(payload) > 2 and payload[1] & _FU_START and payload[1] & 0x1F in _SLICES
        return bool(begins and payload[2] & 0x80)
    return kind in (_NAL_SPS, _NAL_DELIMITER) or (kind == _NAL_STAP_A and _h264_starts_key(payload))


def _vp8_starts_key(payload: bytes) -> bool:
    """Whether partition 0 of a VP8 key frame begins here (RFC 7741 section 4.3)."""
    try:
        descriptor, data = VpxPayloadDescriptor.parse(payload)
    except ValueError:
        return False
    return bool(
        descriptor.partition_start and not descriptor.partition_id and data and not data[0] & 1
    )


def _vp8_starts_frame(payload: bytes) -> bool:
    """Whether partition 0 begins here."""
    try:
        descriptor, _ = VpxPayloadDescriptor.parse(payload)
    except ValueError:
        return False
    return bool(descriptor.partition_start and not descriptor.partition_id)


H264 = VideoFormat("H264", h264_depayload, _h264_starts_key, _h264_starts_frame)
VP8 = VideoFormat("VP8", vp8_depayload, _vp8_starts_key, _vp8_starts_frame)
VIDEO_FORMATS = {"h264": H264, "vp8": VP8}
