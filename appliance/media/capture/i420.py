"""Any picture to I420 of one size, letterboxed, with as few copies as possible."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from PIL import Image

from appliance.media.formats import Area, Size, fit

Picture = npt.NDArray[np.uint8]


class Letterbox:
    """Converts pictures to I420 (limited range) of one size; a picture that is so already is
    returned as it is. Not thread-safe: it keeps its scalers, so each thread needs its own."""

    def __init__(self, size: Size, interpolation: Interpolation = Interpolation.BILINEAR) -> None:
        self.size = size
        self._interpolation = interpolation
        self._scaler = VideoReformatter()
        self._places: dict[Size, Area] = {}

    def convert(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The picture as yuv420p of this size, with black bars where the aspect differs."""
        given = Size(frame.width, frame.height)
        if (
            given == self.size
            and frame.format.name == "yuv420p"
            and frame.color_range != ColorRange.JPEG
        ):
            return frame
        place = self._places.get(given)
        if place is None:
            place = self._places[given] = fit(given, self.size)
        scaled = self._scaler.reformat(
            frame,
            width=place.width,
            height=place.height,
            format="yuv420p",
            interpolation=self._interpolation,
            dst_color_range=ColorRange.MPEG,
        )
        if place.width == self.size.width and place.height == self.size.height:
            return scaled
        return _on_black(scaled, place, self.size)


def plane(frame: av.VideoFrame, index: int) -> Picture:
    """One plane of a yuv420p frame as an array (rows, columns) that shares its memory."""
    store = frame.planes[index]
    flat: Picture = np.frombuffer(memoryview(store), np.uint8)
    rows = flat.reshape(-1, store.line_size)
    return rows[: store.height, : store.width]


def packed(frame: av.VideoFrame) -> Picture:
    """A yuv420p frame as one I420 array (height * 3 // 2, width), copied."""
    return np.asarray(frame.to_ndarray(), np.uint8)


def card_frame(card: Picture | Image.Image | None, size: Size) -> av.VideoFrame:
    """A name card, an RGB array (rows, columns, 3) or a Pillow image, as I420 of this size.

    Without a card the picture is dark grey: black could be taken for a broken line.
    """
    if card is None:
        return _filled(size, luma=32)
    if isinstance(card, Image.Image):
        card = np.asarray(card.convert("RGB"))
    rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(card), "rgb24")
    converted = Letterbox(size, Interpolation.AREA).convert(rgb)
    # the card is encoded again and again with new times: it must not be shared with the caller
    return av.VideoFrame.from_ndarray(packed(converted), "yuv420p")


def _filled(size: Size, luma: int) -> av.VideoFrame:
    frame = av.VideoFrame(size.width, size.height, "yuv420p")
    plane(frame, 0)[:] = luma
    plane(frame, 1)[:] = 128
    plane(frame, 2)[:] = 128
    return frame


def _on_black(inner: av.VideoFrame, place: Area, size: Size) -> av.VideoFrame:
    frame = _filled(size, luma=16)
    for index, shrink in ((0, 1), (1, 2), (2, 2)):
        left, top = place.left // shrink, place.top // shrink
        source = plane(inner, index)
        rows, columns = source.shape
        plane(frame, index)[top : top + rows, left : left + columns] = source
    return frame
