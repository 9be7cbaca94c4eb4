"""Video payload formats: what a packet carries and whether a keyframe starts in it."""

from collections.abc import Callable
from dataclasses import dataclass

from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import VpxPayloadDescriptor, vp8_depayload

_NAL_IDR = 5
_NAL_SPS = 7
_NAL_STAP_A = 24
_NAL_FU_A = 28
_FU_START = 0x80


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """One video payload format.

    `depayload` gives the bytes of the access unit that a payload carries (H.264: Annex B) and
    raises ValueError; `starts_key` says whether the first bytes of a keyframe, parameter sets
    included, are in a payload.
    """

    name: str
    depayload: Callable[[bytes], bytes]
    starts_key: Callable[[bytes], bool]


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


def _vp8_starts_key(payload: bytes) -> bool:
    """Whether partition 0 of a VP8 key frame begins here (RFC 7741 section 4.3)."""
    try:
        descriptor, data = VpxPayloadDescriptor.parse(payload)
    except ValueError:
        return False
    return bool(
        descriptor.partition_start and not descriptor.partition_id and data and not data[0] & 1
    )


H264 = VideoFormat("H264", h264_depayload, _h264_starts_key)
VP8 = VideoFormat("VP8", vp8_depayload, _vp8_starts_key)
VIDEO_FORMATS = {"h264": H264, "vp8": VP8}
