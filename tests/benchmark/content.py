"""What everybody sends on the bench: a talking head with a sensor's noise and a code across it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from appliance.media.capture.i420 import plane
from appliance.media.codecs.board_encoders import SOFTWARE_ENCODER
from appliance.media.codecs.h264_encoder import H264Encoder
from appliance.media.formats import Size
from services.demo.sources import talking_head
from tests.code_picture import SITE, Code, draw

FPS = 30
FRAMES = 120
"""Forward and back again: the recording has no cut where it begins anew."""
KEYFRAME_INTERVAL = 60
"""Pictures between two keyframes of a camera's own H.264: two seconds."""
BITRATE = 1_500_000
NOISE = 3.0
"""Standard deviation of the noise in luma steps, as of a cheap sensor in a room at evening."""


@dataclass(frozen=True, slots=True)
class Clip:
    """The same four seconds raw (`.y4m`) and as a camera with an encoder would give them."""

    size: Size
    raw: Path
    coded: Path


def make_clip(folder: Path, size: Size) -> Clip:
    """Write both files; some seconds."""
    clip = Clip(size, folder / f"{size.height}.y4m", folder / f"{size.height}.mp4")
    with clip.raw.open("wb") as file:
        head = f"YUV4MPEG2 W{size.width} H{size.height} F{FPS}:1 Ip A1:1 C420jpeg\n"
        file.write(head.encode())
        for number, picture in enumerate(_pictures(size)):
            draw(plane(picture, 0), Code(SITE, number))
            file.write(b"FRAME\n" + picture.to_ndarray().tobytes())
    frames = list(read_raw(clip.raw))
    with av.open(str(clip.coded), "w") as container:
        stream = container.add_stream("h264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
        for number, packet in enumerate(encoded(frames, size)):
            packet.stream = stream
            packet.pts = packet.dts = number * 90_000 // FPS
            container.mux(packet)
    return clip


def read_raw(path: Path) -> Iterator[av.VideoFrame]:
    """The pictures of a raw clip."""
    with av.open(str(path)) as container:
        yield from container.decode(video=0)


def encoded(frames: list[av.VideoFrame], size: Size) -> list["av.Packet[av.stream.Stream]"]:
    """One packet a picture: Annex B, a keyframe every KEYFRAME_INTERVAL."""
    encoder = H264Encoder((SOFTWARE_ENCODER,), size, FPS, BITRATE)
    packets = []
    for number, frame in enumerate(frames):
        key = number % KEYFRAME_INTERVAL == 0
        packets += encoder.encode(frame, number / FPS, keyframe=key)
    return packets


def _pictures(size: Size) -> Iterator[av.VideoFrame]:
    chance = np.random.default_rng(9)
    margin = 64
    field = chance.normal(0, NOISE, (size.height + margin, size.width + margin)).astype(np.int8)
    clean = _recording(size)
    for number in range(FRAMES):
        shown = clean[min(number, FRAMES - 1 - number)]
        picture = av.VideoFrame.from_ndarray(shown, "yuv420p")
        down, across = chance.integers(0, margin, 2)
        luma = plane(picture, 0)
        noise = field[down : down + size.height, across : across + size.width]
        luma[:] = np.clip(luma.astype(np.int16) + noise, 16, 235)
        yield picture


def _recording(size: Size) -> list[NDArray[np.uint8]]:
    """The first half of the pictures, clean, at that size."""
    kind, _, name = talking_head().partition(":")
    found: list[NDArray[np.uint8]] = []
    with av.open(name, format="lavfi" if kind == "lavfi" else None) as container:
        for frame in container.decode(video=0):
            scaled = frame.reformat(*size, "yuv420p", interpolation=Interpolation.BICUBIC)
            found.append(np.asarray(scaled.to_ndarray(), np.uint8))
            if len(found) == FRAMES // 2:
                return found
    raise RuntimeError(f"{name} holds only {len(found)} pictures; want {FRAMES // 2}")
