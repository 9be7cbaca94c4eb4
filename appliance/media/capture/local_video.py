"""The near end's picture as a track: ready packets, encoded once however many tracks send them."""

from __future__ import annotations

import asyncio
from collections import deque

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet
from av.stream import Stream

from appliance.media.capture.camera import Camera
from appliance.media.capture.encoder_thread import H264, VP8

MAX_QUEUE = 30
"""Packets, one second; a consumer that lags behind further goes on at the next keyframe."""


class LocalVideo(MediaStreamTrack):
    """H.264 (Constrained Baseline, Annex B) or VP8 of one camera, beginning with a keyframe.

    Several tracks may share a camera: it encodes once, at the lowest bit rate that was set on one
    of them. Stopping a track leaves the camera open. To be made in the loop that calls recv.
    """

    kind = "video"

    def __init__(self, camera: Camera, bitrate: int = 1_500_000) -> None:
        super().__init__()
        self.camera = camera
        self.highest_bitrate = bitrate
        self.bitrate = bitrate
        self.sliced = False
        self._owner = asyncio.get_running_loop()
        self._queue: deque[Packet[Stream]] = deque()
        self._arrived = asyncio.Event()
        self._stalled = False
        self._awaits_keyframe = True
        self._codec = H264
        camera.encoder.attach(self)

    @property
    def codec(self) -> str:
        """What recv gives, "h264" or "vp8"; a far end may choose after we were made."""
        return self._codec

    @codec.setter
    def codec(self, codec: str) -> None:
        if codec not in (H264, VP8):
            raise ValueError(f"codec {codec!r} is neither {H264!r} nor {VP8!r}")
        if codec != self._codec:
            self._codec = codec
            self._queue.clear()
            self._awaits_keyframe = True
            self.request_keyframe()

    @property
    def wanting(self) -> bool:
        """Whether packets would be taken now."""
        return not self._stalled

    async def recv(self) -> Packet[Stream]:
        """The next access unit: time_base 1/90000, pts on the monotonic clock, is_keyframe.

        Waits for ever while the bit rate is below what any video needs; raises MediaStreamError
        after stop().
        """
        if self._stalled:
            self._restart()
        while not self._queue:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrived.clear()
            await self._arrived.wait()
        return self._queue.popleft()

    def request_keyframe(self) -> None:
        """Make the next picture a keyframe; several requests within 0.5 s are one."""
        self.camera.encoder.request_keyframe()

    def set_bitrate(self, bps: int) -> None:
        """Aim at this bit rate (bit/s), at most the one given at the beginning; picture size and
        rate follow it down the steps of bitrate_ladder.py, and below its last rung video stops."""
        self.bitrate = max(1, min(bps, self.highest_bitrate))

    def limit_slices(self, limited: bool) -> None:
        """Cut pictures into slices of one packet each, for a far end that puts no fragments
        together (RFC 6184 packetisation mode 0); costs bits, and all tracks of the camera get it.
        A camera that encodes by itself cannot."""
        self.sliced = limited

    def stop(self) -> None:
        """End the track; the camera stays open for others."""
        self.camera.encoder.detach(self)
        super().stop()
        self._queue.clear()
        self._arrived.set()

    def deliver(self, packet: Packet[Stream]) -> None:
        """Called by the encoder's thread."""
        try:
            self._owner.call_soon_threadsafe(self._put, packet)
        except RuntimeError:
            # the loop is closed: nobody will ever call recv again
            self.camera.encoder.detach(self)

    def _put(self, packet: Packet[Stream]) -> None:
        if self._stalled or self.readyState != "live":
            return
        if self._awaits_keyframe and not packet.is_keyframe:
            return
        if len(self._queue) >= MAX_QUEUE:
            self._queue.clear()
            self._stalled = True
            return
        self._awaits_keyframe = False
        self._queue.append(packet)
        self._arrived.set()

    def _restart(self) -> None:
        self._stalled = False
        self._awaits_keyframe = True
        self.request_keyframe()
