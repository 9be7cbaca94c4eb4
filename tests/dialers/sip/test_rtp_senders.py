"""FFmpeg and GStreamer send H.264 as they like to; every picture arrives, in its order."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.dialers.sip.sdp.offer_lines import Encryption
from tests.dialers.sip.films import PICTURES, answer, film, fmtp_of, picture_port, sprop
from tests.dialers.sip.media_pair import HOST, End, end, until

FILMS = {
    "baseline": ("Baseline", {"bf": "0"}),
    "main": ("Main", {"bf": "1"}),
    "high": ("High", {"bf": "3", "x264-params": "b-pyramid=normal"}),
    "slices": ("Baseline", {"bf": "0", "slice-max-size": "1000"}),
}
FFMPEG = {
    "sets in the SDP only": ("baseline", []),
    "sets with each keyframe": ("baseline", ["-bsf:v", "h264_mp4toannexb"]),
    "Main, sets in the SDP only": ("main", []),
    "High with B frames": ("high", []),
    "High with delimiters": ("high", ["-bsf:v", "h264_mp4toannexb,h264_metadata=aud=insert"]),
    "single units": ("slices", ["-rtpflags", "h264_mode0"]),
}
GSTREAMER = {
    "sets in the SDP only": ("baseline", "config-interval=0"),
    "sets with each IDR": ("baseline", "config-interval=-1"),
    "sets each second": ("main", "config-interval=1"),
    "sets aggregated": ("main", "config-interval=-1 aggregate-mode=zero-latency"),
    "all aggregated": ("slices", "config-interval=0 aggregate-mode=max-stap"),
    "High with B frames": ("high", "config-interval=0"),
    "small packets": ("high", "config-interval=-1 mtu=500"),
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    return {
        name: film(folder / f"{name}.mp4", profile, **options)
        for name, (profile, options) in FILMS.items()
    }


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A sender; ended at the end, whatever it does."""
    process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[End, int]]:
    """A media session that has offered, and the port of its picture."""
    near = end(Encryption.OFF)
    try:
        await near.session.open(HOST)
        yield near, picture_port(near.session.offer())
    finally:
        await near.close()


async def shown(near: End, *sender: str) -> None:
    """Everything that the program sends is shown."""
    near.watch()
    async with program(*sender):
        await until(
            lambda: near.session.statistics().video.received_frames >= PICTURES, "the whole film"
        )
    # On a busy machine the reader may miss some; none comes twice, or before an earlier one.
    assert all(sooner < later for sooner, later in itertools.pairwise(near.numbers))
    assert near.session.statistics().video.received_frames == PICTURES


@pytest.mark.case("C1", "C2", "C15")
@pytest.mark.parametrize("name", FFMPEG)
async def test_ffmpeg(films: dict[str, Path], name: str) -> None:
    kind, options = FFMPEG[name]
    ffmpeg = ("ffmpeg", "-v", "error", "-re", "-i", str(films[kind]), "-c", "copy", *options)
    async with program(*ffmpeg, "-frames:v", "1", "-f", "rtp", "rtp://127.0.0.1:9") as dry:
        text, _ = await dry.communicate()  # its SDP
    async with receiver() as (near, port):
        near.session.accept(answer(fmtp_of(text.decode())))
        target = f"rtp://{HOST}:{port}?pkt_size=1200"
        await shown(near, *ffmpeg, "-payload_type", "96", "-f", "rtp", target)


@pytest.mark.case("C1", "C2", "C15")
@pytest.mark.parametrize("name", GSTREAMER)
async def test_gstreamer(films: dict[str, Path], name: str) -> None:
    kind, options = GSTREAMER[name]
    async with receiver() as (near, port):
        near.session.accept(answer(f"packetization-mode=1;{sprop(films[kind])}", 109))
        pipeline = (
            f"filesrc location={films[kind]} ! qtdemux ! rtph264pay pt=109 {options}"
            f" ! udpsink host={HOST} port={port}"
        )
        await shown(near, "gst-launch-1.0", "-q", *pipeline.split())
