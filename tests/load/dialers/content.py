"""The small picture that every site sends: a recording that is passed through undecoded."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, FPS = 320, 180, 5
BITRATE = 60_000
KEYFRAME_INTERVAL = 10
SECONDS = 20


def make_picture(path: Path) -> Path:
    """Constrained Baseline (as the product sends), a keyframe every two seconds."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = BITRATE
        stream.codec_context.gop_size = KEYFRAME_INTERVAL
        stream.codec_context.options = {"profile": "baseline", "preset": "veryfast", "bf": "0"}
        for number in range(SECONDS * FPS):
            luma = ((rows * 2 + columns + 4 * number) % 220 + 16).astype(np.uint8)
            chroma = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
            picture = av.VideoFrame.from_ndarray(np.vstack((luma, chroma)), "yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path
