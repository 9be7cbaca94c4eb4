"""Opus out of 20 ms blocks of s16 sound, one packet a block (RFC 6716, RFC 7587)."""

from __future__ import annotations

import av
import numpy as np
from av.packet import Packet
from av.stream import Stream

from appliance.media.formats import AUDIO_RATE, AUDIO_TIME_BASE, BLOCK_SAMPLES

MAX_ENCODED_SILENCE_BLOCKS = 25
"""After half a second of silence all packets are alike: the last one is sent again instead of
encoding another, for most of a meeting."""


class OpusEncoder:
    """Voice at 32 kbit/s for each channel with in-band forward error correction."""

    def __init__(self, channels: int = 1, bitrate: int = 32_000, loss_percent: int = 10) -> None:
        """loss_percent: what the far end is expected to lose; it decides how much FEC is sent."""
        self._layout = "mono" if channels == 1 else "stereo"
        context = av.CodecContext.create("libopus", "w")
        context.bit_rate = bitrate * channels
        context.format = "s16"
        context.layout = self._layout
        context.sample_rate = AUDIO_RATE
        context.time_base = AUDIO_TIME_BASE
        context.options = {
            "application": "voip",
            "frame_duration": "20",
            "fec": "1",
            "packet_loss": str(loss_percent),
        }
        context.open()
        self._context = context
        self._silent = 0
        self._silence = b""

    def encode(self, block: bytes, pts: int) -> Packet[Stream]:
        """The packet of 960 samples a channel (s16, interleaved), at pts/48000 s."""
        if block.count(0) == len(block):
            self._silent += 1
        else:
            self._silent = 0
        data = self._silence
        if self._silent <= MAX_ENCODED_SILENCE_BLOCKS or not data:
            data = self._silence = self._encoded(block)
        packet = Packet(data)
        packet.pts = packet.dts = pts
        packet.duration = BLOCK_SAMPLES
        packet.time_base = AUDIO_TIME_BASE
        packet.is_keyframe = True
        return packet

    def _encoded(self, block: bytes) -> bytes:
        frame = block_frame(block, self._layout, 0)
        # libopus takes exactly one block and gives exactly one packet; its own times are shifted
        # by its look-ahead and are not used
        frame.pts = None
        return b"".join(bytes(packet) for packet in self._context.encode(frame))


def block_frame(block: bytes, layout: str, pts: int) -> av.AudioFrame:
    """A block of interleaved s16 samples as an AudioFrame at pts/48000 s."""
    samples = np.frombuffer(block, np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
    frame.sample_rate = AUDIO_RATE
    frame.time_base = AUDIO_TIME_BASE
    frame.pts = pts
    return frame
