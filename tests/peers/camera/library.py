"""Compiles fake_v4l2.c and writes what its buffers hold; gives the environment of a program."""

import os
import subprocess
from pathlib import Path

import av
from PIL import Image

from tests.media.capture.recordings import write_video

ROOT = Path(__file__).parents[3]
SOURCE = Path(__file__).with_name("fake_v4l2.c")
JPEG, H264, YUYV = "MJPG:320x180:30", "H264:320x180:30", "YUYV:320x180:30"
COMPILE_S = 60
PICTURES, GOP = 30, 10
OTHER_SIZE = (640, 360)


def prepare(folder: Path) -> Path:
    """Make the library and the buffers' contents in `folder`; gives the library."""
    library = folder / "fake_v4l2.so"
    command = ("gcc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl")
    subprocess.run(command, check=True, timeout=COMPILE_S)
    _write(folder / "jpeg", folder / "h264", (320, 180))
    _write(folder / "jpeg-other", folder / "h264-other", OTHER_SIZE)
    return library


def environment(folder: Path, mode: str = JPEG, **told: str) -> dict[str, str]:
    """Of a program that finds the camera of `folder`; `told` is what fake_v4l2.c reads."""
    kind, other = ("h264", "jpeg") if mode == H264 else ("jpeg", "h264")
    # What another device would give: the same in another size, and another format.
    mixed = folder / f"{kind}-mixed"
    if not mixed.exists():
        mixed.mkdir()
        files = [*(folder / f"{kind}-other").iterdir(), *(folder / other).iterdir()]
        for number, file in enumerate(sorted(files)):
            (mixed / str(number)).write_bytes(file.read_bytes())
    return {
        **os.environ,
        "LD_PRELOAD": str(folder / "fake_v4l2.so"),
        "PYTHONPATH": str(ROOT),
        "CAMERA_MODES": mode,
        "CAMERA_FILES": str(folder / kind),
        "CAMERA_OTHER": str(mixed),
        **told,
    }


def _write(jpeg: Path, h264: Path, size: tuple[int, int]) -> None:
    """Thirty JPEG pictures, and thirty access units in groups of ten."""
    jpeg.mkdir()
    h264.mkdir()
    film_file = write_video(h264.with_suffix(".mp4"), frames=PICTURES, gop=GOP, size=size)
    with av.open(str(film_file)) as film:
        stream = film.streams.video[0]
        to_annex_b = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        units = [bytes(one) for given in film.demux(stream) for one in to_annex_b.filter(given)]
    for number, unit in enumerate(units):
        (h264 / str(number)).write_bytes(unit)
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = [f for unit in units for f in decoder.decode(av.Packet(unit))] + decoder.decode(None)
    for number, frame in enumerate(frames):
        rgb = Image.fromarray(frame.to_ndarray(format="rgb24"))
        rgb.save(jpeg / str(number), "JPEG")
