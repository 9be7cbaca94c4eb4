"""Films of numbered pictures, and SDP answers of who sends them: for FFmpeg and GStreamer."""

import base64
import re
from fractions import Fraction
from pathlib import Path

import av

from appliance.media.rtp.h264_payload import nal_units
from tests.media.local_tracks import HEIGHT, RATE, WIDTH, numbered

PICTURES = 45
SETS = (7, 8)


def film(path: Path, profile: str, **options: str) -> Path:
    """An MP4 of PICTURES numbered pictures, an IDR picture each half second; its parameter sets
    stand in its head alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = RATE // 2
        stream.codec_context.profile = profile
        stream.codec_context.options = {
            "preset": "ultrafast",
            "tune": "psnr",
            "crf": "36",
            **options,
        }
        for number in range(PICTURES):
            picture = numbered(number)
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def sets_of(path: Path) -> list[bytes]:
    """The parameter sets in a film's head."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        to_annex_b = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        first = next(one for given in container.demux(stream) for one in to_annex_b.filter(given))
    return [unit for unit in nal_units(bytes(first)) if unit[0] & 0x1F in SETS]


def sprop(path: Path) -> str:
    """The same as a parameter of an fmtp line."""
    words = ",".join(base64.b64encode(unit).decode() for unit in sets_of(path))
    return f"sprop-parameter-sets={words}"


def answer(fmtp: str, number: int = 96, port: int = 40_002) -> str:
    """An answer that takes the picture alone."""
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 0 RTP/AVP 9\r\n"
        f"m=video {port} RTP/AVP {number}\r\na=rtpmap:{number} H264/90000\r\n"
        f"a=fmtp:{number} {fmtp}\r\n"
    )


def picture_port(offer: str) -> int:
    """Where an offer wants its picture."""
    found = re.search(r"m=video (\d+)", offer)
    assert found is not None
    return int(found[1])


def fmtp_of(sdp: str) -> str:
    """The fmtp line of an SDP, without its number."""
    found = re.search(r"a=fmtp:\d+ (.*)", sdp)
    assert found is not None
    return found[1].strip()
