"""The TV's picture is put together in I420 exactly where and as it was asked for."""

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from appliance.media.tv.compositor import Canvas, Layer, fitted

SIZE = (320, 180)


def rgb(canvas: Canvas) -> NDArray[np.int16]:
    frame = av.VideoFrame.from_ndarray(canvas.picture, format="yuv420p")
    return frame.to_ndarray(format="rgb24").astype(np.int16)


def grey(width: int, height: int, level: int) -> av.VideoFrame:
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = level
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def test_a_frame_of_the_same_size_is_copied_bit_for_bit() -> None:
    noise = np.random.default_rng(1).integers(16, 235, (270, 320)).astype(np.uint8)
    canvas = Canvas(SIZE)
    canvas.far(av.VideoFrame.from_ndarray(noise, format="yuv420p"))
    assert (canvas.picture == noise).all()


@pytest.mark.parametrize("source", [(640, 480), (180, 320), (1920, 1080), (322, 180), (100, 100)])
def test_another_shape_is_fitted_with_black_beside_it(source: tuple[int, int]) -> None:
    canvas = Canvas(SIZE)
    canvas.scene(np.full((180, 320, 3), 255, np.uint8))
    canvas.far(grey(*source, 200))
    x, y, width, height = fitted(source, SIZE)
    luma = canvas.picture[:180]
    inside = luma[y : y + height, x : x + width]
    assert abs(inside.astype(int) - 200).max() <= 1
    outside = luma.copy()
    outside[y : y + height, x : x + width] = 16
    assert (outside == 16).all()


@given(st.tuples(st.integers(2, 4000), st.integers(2, 4000)))
def test_a_fitted_place_is_even_inside_and_touches_two_sides(size: tuple[int, int]) -> None:
    x, y, width, height = fitted(size, (1280, 720))
    assert all(value % 2 == 0 and value >= 0 for value in (x, y, width, height))
    assert x + width <= 1280 and y + height <= 720
    assert width == 1280 or height == 720 or min(width, height) == 2


def test_full_range_is_brought_to_studio_range() -> None:
    frame = grey(320, 180, 255).reformat(format="yuvj420p", src_color_range=2, dst_color_range=2)
    canvas = Canvas(SIZE)
    canvas.far(frame)
    assert abs(int(canvas.picture[90, 160]) - 235) <= 1


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 200, 60), (20, 40, 250), (255, 255, 255)])
def test_scene_and_opaque_layer_give_the_same_colour(colour: tuple[int, int, int]) -> None:
    by_scene, by_layer = Canvas(SIZE), Canvas(SIZE)
    by_scene.scene(Image.new("RGB", SIZE, colour))
    by_layer.draw([Layer(Image.new("RGBA", SIZE, (*colour, 255)))])
    assert abs(rgb(by_scene) - rgb(by_layer)).max() <= 3
    assert abs(rgb(by_layer)[90, 160] - np.array(colour)).max() <= 4


@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(1, 70),
    st.integers(1, 70),
    st.integers(0, 255),
    st.integers(16, 235),
)
def test_a_layer_blends_its_place_and_nothing_else(
    x: int, y: int, width: int, height: int, alpha: int, below: int
) -> None:
    canvas = Canvas((140, 140))
    canvas.far(grey(140, 140, below))
    canvas.draw([Layer(np.full((height, width, 4), (255, 255, 255, alpha), np.uint8), x, y)])
    luma = canvas.picture[:140].astype(int)
    wanted = np.full((140, 140), below, float)
    wanted[y : y + height, x : x + width] += (235 - below) * alpha / 255
    assert abs(luma - wanted).max() <= 2


@given(st.integers(0, 2**32 - 1))
def test_no_drawing_overflows(seed: int) -> None:
    random = np.random.default_rng(seed)
    drawing = random.integers(0, 256, (40, 40, 4)).astype(np.uint8)
    picture = random.integers(0, 256, (60, 40)).astype(np.uint8)
    canvas = Canvas((40, 40))
    canvas.far(av.VideoFrame.from_ndarray(picture, format="yuv420p"))
    canvas.draw([Layer(drawing)])
    alpha = drawing[:, :, 3] / 255
    luma = drawing[:, :, :3] @ np.array([0.25679, 0.50414, 0.0979]) + 16
    wanted = picture[:40] * (1 - alpha) + luma * alpha
    assert abs(canvas.picture[:40] - wanted).max() <= 3


def test_text_over_a_picture_is_read_back() -> None:
    drawing = Image.new("RGBA", (320, 40), (0, 0, 0, 160))
    ImageDraw.Draw(drawing).rectangle((10, 10, 49, 29), fill=(255, 255, 0, 255))
    canvas = Canvas(SIZE)
    canvas.scene(Image.new("RGB", SIZE, (0, 0, 255)))
    canvas.draw([Layer(drawing, 0, 140)])
    picture = rgb(canvas)
    assert abs(picture[160, 30] - np.array((255, 255, 0))).max() <= 6
    assert abs(picture[145, 200] - np.array((0, 0, 95))).max() <= 6
    assert abs(picture[20, 200] - np.array((0, 0, 255))).max() <= 6


def test_the_self_view_lies_where_it_is_put() -> None:
    canvas = Canvas(SIZE)
    canvas.far(grey(320, 180, 50))
    small = np.full((45, 40), 120, np.uint8)
    canvas.inset(small, 270, 140)
    assert (canvas.picture[140:170, 270:310] == 120).all()
    assert (canvas.picture[:140] == 50).all()
    with pytest.raises(ValueError, match="does not fit"):
        canvas.inset(small, 300, 140)
    with pytest.raises(ValueError, match="even"):
        canvas.inset(small, 271, 140)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="want"):
        Layer(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ValueError, match="does not fit"):
        Canvas(SIZE).draw([Layer(np.zeros((4, 400, 4), np.uint8))])
    with pytest.raises(ValueError, match="want"):
        Canvas(SIZE).scene(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="even"):
        Canvas((321, 180))
