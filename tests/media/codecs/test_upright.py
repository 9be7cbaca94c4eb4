"""Pictures of telephones that are held upright, and of rooms whose pixels are not square."""

from fractions import Fraction

import av
import numpy as np
import pytest

from appliance.media.capture.i420 import plane
from appliance.media.codecs.decoders import MAX_PIXELS, VIDEO_DECODERS
from appliance.media.codecs.upright import square_size, turned

CORNERS = {  # where the bright corner of a lying picture is once it is upright
    0: "top left", 1: "top right", 2: "bottom right", 3: "bottom left",
    4: "top right", 5: "bottom right", 6: "bottom left", 7: "top left",
}  # fmt: skip


def corner(frame: av.VideoFrame) -> str:
    luma = plane(frame, 0)
    height, width = luma.shape
    row, column = np.unravel_index(int(luma.argmax()), luma.shape)
    where = ("top" if row < height / 2 else "bottom", "left" if column < width / 2 else "right")
    return " ".join(where)


def lying(width: int = 64, height: int = 32) -> av.VideoFrame:
    """Bright and red in its top left corner."""
    picture = np.full((height * 3 // 2, width), 16, np.uint8)
    picture[height:] = 128
    picture[: height // 4, : width // 4] = 200
    colours = picture[height:].reshape(2, height // 2, width // 2)
    colours[1, : height // 8, : width // 8] = 240
    frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
    frame.pts = 7
    return frame


@pytest.mark.case("C16")
@pytest.mark.parametrize("orientation", range(16))
def test_a_lying_picture_is_turned_as_it_says(orientation: int) -> None:
    """Bit 3 only says which camera it is."""
    frame = turned(lying(), orientation)
    sideways = orientation & 1
    assert (frame.width, frame.height) == ((32, 64) if sideways else (64, 32))
    assert corner(frame) == CORNERS[orientation & 7]
    assert frame.pts == 7
    red = plane(frame, 2)
    brightest = np.unravel_index(int(red.argmax()), red.shape)
    luma = np.unravel_index(int(plane(frame, 0).argmax()), (frame.height, frame.width))
    assert all(abs(2 * a - b) < 20 for a, b in zip(brightest, luma, strict=True))


def test_an_odd_size_loses_its_last_column() -> None:
    odd = lying(66, 34).reformat(width=65, height=33)
    frame = turned(odd, 1)
    assert (frame.width, frame.height) == (32, 64)


@pytest.mark.case("C16")
@pytest.mark.parametrize(
    ("size", "aspect", "square"),
    [
        ((704, 576), Fraction(16, 11), (1024, 576)),
        ((352, 288), Fraction(12, 11), (384, 288)),
        ((640, 480), Fraction(4, 3), (854, 480)),
        ((1440, 1080), Fraction(4, 3), (1920, 1080)),
        ((720, 480), Fraction(10, 11), (720, 528)),
        ((1280, 720), Fraction(1), (1280, 720)),
        ((1280, 720), None, (1280, 720)),
        ((1280, 720), Fraction(0), (1280, 720)),
        ((1280, 720), Fraction(65535), (1280, 720)),
        ((1280, 720), Fraction(1, 65535), (1280, 720)),
    ],
)
def test_the_size_of_square_pixels(
    size: tuple[int, int], aspect: Fraction | None, square: tuple[int, int]
) -> None:
    assert square_size(*size, aspect) == square


@pytest.mark.case("C16")
@pytest.mark.parametrize(
    ("size", "aspect", "shown"),
    [
        ((704, 576), Fraction(16, 11), (1024, 576)),
        ((352, 288), Fraction(12, 11), (384, 288)),
        ((3840, 2160), Fraction(4), (3840, 2160)),
    ],
)
def test_a_decoder_gives_square_pixels(
    size: tuple[int, int], aspect: Fraction, shown: tuple[int, int]
) -> None:
    """People were a third too narrow; and a parameter set's wish has a bound."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.sample_aspect_ratio = Fraction(1, 30), aspect
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    (packet,) = encoder.encode(lying(*size))
    (frame,) = VIDEO_DECODERS["h264"]().decode(bytes(packet), pts=9)
    assert (frame.width, frame.height) == shown
    assert frame.width * frame.height <= MAX_PIXELS
    assert (frame.pts, corner(frame)) == (9, "top left")
