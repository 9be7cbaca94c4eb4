"""Sees a site's picture as a far end does, and tells the camera's own from the name card."""

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from appliance.media.capture.local_video import LocalVideo

CARD = np.full((90, 160, 3), 255, np.uint8)
"""The name card of whoever is watched: white."""
WHITE = 225


class Viewer:
    """Decodes a track; `pictures` are the camera's, `cards` the name card."""

    def __init__(self, track: LocalVideo) -> None:
        self._track = track
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, VideoCodecContext)
        self._decoder = decoder
        self.pictures = self.cards = self.errors = 0

    async def see(self) -> None:
        """The next packet; raises what the track raises."""
        packet = await self._track.recv()
        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError:
            self.errors += 1
            return
        for frame in frames:
            white = bool(frame.to_ndarray(format="gray").mean() > WHITE)
            self.cards, self.pictures = self.cards + white, self.pictures + (not white)
