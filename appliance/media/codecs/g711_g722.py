"""Encodes the near sound for a conference system: G.722, G.711 A-law and mu-law, or Opus."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.packet import Packet
from av.stream import Stream

from appliance.media.codecs.decoders import AUDIO_DECODERS, AudioDecoder
from appliance.media.codecs.opus import OpusEncoder, block_frame
from appliance.media.formats import BLOCK_SAMPLES

READY_CODEC = "opus"
"""The codec of the packets that a near track may deliver instead of frames."""


class _MonoEncoder:
    """One of libavcodec's encoders of mono sound; takes 20 ms at 48 kHz."""

    def __init__(self, name: str, rate: int) -> None:
        codec = cast(AudioCodecContext, av.CodecContext.create(name, "w"))
        codec.sample_rate = rate
        codec.layout = "mono"
        codec.format = "s16"
        codec.open()
        self._codec = codec
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)

    def encode(self, frame: av.AudioFrame) -> bytes:
        """The bytes that are ready after this frame; the first one may give a little less."""
        frame.pts = None
        coded = b""
        for piece in self._resampler.resample(frame):
            piece.pts = None
            coded += b"".join(bytes(packet) for packet in self._codec.encode(piece))
        return coded


class _OpusEncoder:
    """Opus from frames, for a near track that gives no ready packets."""

    def __init__(self) -> None:
        self._encoder: OpusEncoder | None = None

    def encode(self, frame: av.AudioFrame) -> bytes:
        if self._encoder is None:
            self._encoder = OpusEncoder(len(frame.layout.channels))
        return bytes(self._encoder.encode(frame.to_ndarray().tobytes(), 0))


_ENCODERS: dict[str, Callable[[], _MonoEncoder | _OpusEncoder]] = {
    "opus": _OpusEncoder,
    "g722": lambda: _MonoEncoder("g722", 16_000),
    "pcma": lambda: _MonoEncoder("pcm_alaw", 8_000),
    "pcmu": lambda: _MonoEncoder("pcm_mulaw", 8_000),
}


class AudioEncoder:
    """Encodes 20 ms blocks of a near track as `codec` (a name of SDP).

    Blocks are av.AudioFrame (s16, 48 kHz) or ready Opus packets; ready packets are decoded where
    the far end takes no Opus.
    """

    def __init__(self, codec: str) -> None:
        """Raises KeyError for an unknown codec."""
        self.codec = codec
        self._encoder = _ENCODERS[codec.lower()]()
        self._decoder: AudioDecoder | None = None
        # A far end's jitter buffer expects equal packets, and a resampler's output varies: it is
        # cut into 20 ms. G.722 has 64 kbit/s like G.711.
        self._size = 0 if isinstance(self._encoder, _OpusEncoder) else 160
        self._rest = b""

    def code(self, block: Packet[Stream] | av.AudioFrame) -> bytes:
        """The payload for the block; b"" where none is ready yet."""
        if isinstance(block, Packet):
            if not self._size:
                return bytes(block)
            block = self._decoded(bytes(block))
        coded = self._encoder.encode(block)
        if not self._size:
            return coded
        self._rest += coded
        payload, self._rest = self._rest[: self._size], self._rest[self._size :]
        if len(payload) < self._size:
            payload, self._rest = b"", payload
        # Never more than one block behind.
        self._rest = self._rest[-self._size :]
        return payload

    def _decoded(self, packet: bytes) -> av.AudioFrame:
        if self._decoder is None:
            self._decoder = AUDIO_DECODERS[READY_CODEC]()
        try:
            pcm = self._decoder.decode(packet)
        except av.FFmpegError:
            pcm = np.zeros((BLOCK_SAMPLES, 2), np.int16)
        return block_frame(pcm.tobytes(), "stereo", 0)
