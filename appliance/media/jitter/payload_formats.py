"""Video payload formats: a packet's access unit bytes, and whether a frame starts in it."""

from collections.abc import Callable
from dataclasses import dataclass

from aiortc.codecs.vpx import VpxPayloadDescriptor, vp8_depayload

from appliance.media.jitter import h264_payload
from appliance.media.jitter.h264_payload import Contents


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """One video payload format.

    `depayload` gives the bytes of the access unit that a payload carries (H.264: Annex B) and
    raises ValueError; `starts_key` says whether a keyframe, parameter sets included, may start in a
    payload, `starts_frame` whether any frame surely does, `contents` what is in it.
    """

    name: str
    depayload: Callable[[bytes], bytes]
    starts_key: Callable[[bytes], bool]
    starts_frame: Callable[[bytes], bool]
    contents: Callable[[bytes], Contents]


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


def _vp8_contents(payload: bytes) -> Contents:
    """Each payload is a part of a picture; timestamp and marker say of which (RFC 7741 4.1)."""
    return Contents(picture=True, key=_vp8_starts_key(payload))


H264 = VideoFormat(
    "H264",
    h264_payload.depayload,
    h264_payload.starts_key,
    h264_payload.starts_frame,
    h264_payload.contents,
)
VP8 = VideoFormat("VP8", vp8_depayload, _vp8_starts_key, _vp8_starts_frame, _vp8_contents)
VIDEO_FORMATS = {"h264": H264, "vp8": VP8}
