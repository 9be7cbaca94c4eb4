"""The near end's sound as a track: one 20 ms block each 20 ms, silence where there is none."""

from __future__ import annotations

import asyncio
import time

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet
from av.stream import Stream

from appliance.media.capture.microphone import Microphone
from appliance.media.codecs.opus import OpusEncoder, block_frame
from appliance.media.formats import AUDIO_RATE, BLOCK_S, BLOCK_SAMPLES

PRIME_BLOCKS = 2
"""Blocks that must wait before sound is sent after silence: devices deliver in bursts."""
MAX_BEHIND_BLOCKS = 5
"""100 ms: more than that is delay from a device whose clock is fast, and the oldest is left out."""
MAX_CATCH_UP_BLOCKS = 2
"""Blocks that may be sent at once after a stall of the loop; beyond them sound is left out."""


class LocalAudio(MediaStreamTrack):
    """Sound of one microphone; several tracks may share it.

    codec "opus": av.Packet of Opus; "pcm": av.AudioFrame, s16 interleaved. Both 48 kHz, 20 ms,
    time_base 1/48000, pts on the monotonic clock and rising by 960, by more only after a stall of
    the loop (as after a silence that was not sent, RFC 3550 section 5.1).
    """

    kind = "audio"

    def __init__(self, microphone: Microphone, codec: str = "opus", bitrate: int = 32_000) -> None:
        super().__init__()
        self.microphone = microphone
        channels = microphone.channels
        self._layout = "mono" if channels == 1 else "stereo"
        self._silence = bytes(BLOCK_SAMPLES * channels * 2)
        self._bitrate = bitrate
        self._opus: OpusEncoder | None = None
        self.codec = codec
        self._cursor = 0
        self._primed = False
        self._pts: int | None = None

    @property
    def codec(self) -> str:
        """What recv gives, "opus" or "pcm"; a far end may choose after we were made."""
        return "pcm" if self._opus is None else "opus"

    @codec.setter
    def codec(self, codec: str) -> None:
        if codec not in ("opus", "pcm"):
            raise ValueError(f"codec {codec!r} is neither 'opus' nor 'pcm'")
        if codec == "pcm":
            self._opus = None
        elif self._opus is None:
            self._opus = OpusEncoder(self.microphone.channels, self._bitrate)

    @property
    def live(self) -> bool:
        """Whether the room is heard; the same for all tracks of the microphone."""
        return self.microphone.live

    @live.setter
    def live(self, live: bool) -> None:
        self.microphone.live = live

    async def recv(self) -> Packet[Stream] | av.AudioFrame:
        """The next 20 ms, when they are due; raises MediaStreamError after stop()."""
        if self.readyState != "live":
            raise MediaStreamError
        pts = await self._due()
        if self.readyState != "live":
            raise MediaStreamError
        block = self._block()
        if self._opus is None:
            return block_frame(block, self._layout, pts)
        return self._opus.encode(block, pts)

    async def _due(self) -> int:
        now = time.monotonic()
        if self._pts is None:
            self._pts = round(now * AUDIO_RATE)
            return self._pts
        pts = self._pts + BLOCK_SAMPLES
        late_s = now - pts / AUDIO_RATE
        if late_s > MAX_CATCH_UP_BLOCKS * BLOCK_S:
            pts += int(late_s / BLOCK_S) * BLOCK_SAMPLES
        elif late_s < 0:
            await asyncio.sleep(-late_s)
        self._pts = pts
        return pts

    def _block(self) -> bytes:
        microphone = self.microphone
        if not self._primed and microphone.waiting(self._cursor) < PRIME_BLOCKS:
            return self._silence
        block, self._cursor = microphone.take(self._cursor, MAX_BEHIND_BLOCKS)
        self._primed = block is not None
        if block is None:
            return self._silence
        return block
