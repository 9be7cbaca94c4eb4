"""Small real recordings for the near end's tests, with a readable number in each picture."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from appliance.media.capture.i420 import plane

BITS = 8
Luma = npt.NDArray[np.uint8]


def coded_frame(number: int, width: int, height: int) -> av.VideoFrame:
    """A grey picture with the number's bits as black and white bars, the highest at the left."""
    frame = av.VideoFrame(width, height, "yuv420p")
    luma = plane(frame, 0)
    luma[:] = 100
    bar = width // BITS
    for bit in range(BITS):
        luma[:, bit * bar : (bit + 1) * bar] = 220 if number >> (BITS - 1 - bit) & 1 else 30
    for index in (1, 2):
        plane(frame, index)[:] = 128
    return frame


def read_number(luma: Luma) -> int | None:
    """The number in a picture of any size (rows, columns); None where there is none."""
    width = luma.shape[1]
    middle = luma[luma.shape[0] // 2]
    number = 0
    for bit in range(BITS):
        value = int(middle[round((bit + 0.5) * width / BITS)])
        if 70 < value < 180:
            return None
        number = number << 1 | (value >= 180)
    return number


def write_video(
    path: Path,
    *,
    frames: int = 60,
    fps: int = 30,
    size: tuple[int, int] = (320, 180),
    gop: int = 10,
) -> Path:
    """An H.264 recording without B frames whose pictures are numbered from 0."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.options = {"preset": "ultrafast", "tune": "zerolatency"}
        for number in range(frames):
            frame = coded_frame(number, *size)
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_tone(path: Path, *, seconds: float = 1.0, hertz: float = 440) -> Path:
    """A mono WAV with a tone at half of full scale (-9 dBFS)."""
    times = np.arange(round(seconds * 16_000)) / 16_000
    samples = (np.sin(2 * np.pi * hertz * times) * 16384).astype(np.int16).reshape(1, -1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def decoded(packets: Iterable[Packet[Stream]], name: str = "h264") -> list[Luma]:
    """The luma planes of H.264 packets, by a decoder that is given nothing else."""
    decoder = cast(VideoCodecContext, av.CodecContext.create(name, "r"))
    decoder.thread_count = 1
    lumas = []
    for packet in packets:
        lone = Packet(bytes(packet))
        lumas += [plane(frame, 0).copy() for frame in decoder.decode(lone)]
    lumas += [plane(frame, 0).copy() for frame in decoder.decode(None)]
    return lumas


def heard(packets: Iterable[Packet[Stream]]) -> npt.NDArray[np.float64]:
    """The samples of Opus packets, scaled to full scale 1, left channel."""
    decoder = av.CodecContext.create("libopus", "r")
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "mono", 48_000
    parts = [f.to_ndarray()[0] for packet in packets for f in decoder.decode(Packet(bytes(packet)))]
    return np.concatenate(parts).astype(np.float64) / 32768


def loudest_hertz(samples: npt.NDArray[np.float64]) -> float:
    """The strongest frequency in 48 kHz samples."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * 48_000 / samples.size
