"""The pictures that a decoder of B frames holds back for later ones, when no later ones come.

A shared screen that stands still would otherwise be shown as it was two pictures ago.
"""

from collections.abc import Sequence

import av
from av.video.codeccontext import VideoCodecContext

MAX_GROUP = 150  # access units that are kept to be decoded twice: five seconds
MAX_GROUP_BYTES = 4_000_000


class HeldBack:
    """Keeps the access units since the last keyframe, as long as they are few."""

    def __init__(self) -> None:
        self._group: list[tuple[bytes, int]] = []
        self._bytes = 0
        self._waiting: set[int] = set()  # the times of pictures that have not come out
        self._given: set[int] = set()  # of those that `again` gave before the decoder did

    def goes_in(self, data: bytes, pts: int, *, key: bool) -> None:
        """Note an access unit."""
        if key:
            self._group, self._bytes = [], 0
            self._waiting.clear()
        if self._is_small:
            self._group.append((data, pts))
            self._bytes += len(data)
        self._waiting.add(pts)

    def comes_out(self, frames: Sequence[av.VideoFrame]) -> list[av.VideoFrame]:
        """Those of a decoder's pictures that are to be shown: not the ones that `again` gave."""
        times = {frame.pts for frame in frames if frame.pts is not None}
        self._waiting -= times
        new = [frame for frame in frames if frame.pts not in self._given]
        self._given -= times
        return new

    @property
    def some(self) -> bool:
        """Whether pictures wait that can be had."""
        return bool(self._waiting) and self._is_small

    @property
    def _is_small(self) -> bool:
        return len(self._group) < MAX_GROUP and self._bytes < MAX_GROUP_BYTES

    def again(self, codec: VideoCodecContext) -> list[av.VideoFrame]:
        """The waiting pictures, by another decoder that does all once more; raises av.FFmpegError.

        The first one could not go on after its end was asked for.
        """
        frames: list[av.VideoFrame] = []
        for data, pts in self._group:
            packet = av.Packet(data)
            packet.pts = pts
            frames += codec.decode(packet)
        frames = [frame for frame in [*frames, *codec.decode(None)] if frame.pts in self._waiting]
        self._given = {frame.pts for frame in frames if frame.pts is not None}
        self._waiting.clear()
        return frames
