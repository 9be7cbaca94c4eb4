"""The one thread that encodes a camera's newest picture, once a codec for all near tracks."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

import av
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from appliance.media.capture.i420 import Letterbox
from appliance.media.capture.pacing import FrameRateLimiter
from appliance.media.capture.read_video import CodedFrame, TimedFrame
from appliance.media.codecs.bitrate_ladder import Rung, lowered, rung_for, within
from appliance.media.codecs.decoders import VIDEO_DECODERS, VideoDecoder
from appliance.media.codecs.h264_encoder import EncoderError, H264Encoder
from appliance.media.codecs.vp8_encoder import Vp8Encoder
from appliance.media.formats import VIDEO_CLOCK, VIDEO_TIME_BASE, Size

MIN_KEYFRAME_INTERVAL_S = 0.5
"""Between two keyframes on request: many far ends may ask at once, and often."""
POLL_INTERVAL_S = 0.1
"""How long the thread waits for a picture before it checks for changes."""
RETRY_S = 1.0
"""After a failure the encoders are made anew."""

H264, VP8 = "h264", "vp8"

log = logging.getLogger(__name__)

Coded = tuple[str, "Packet[Stream]"]
"""A packet and its codec, H264 or VP8."""


class PacketConsumer(Protocol):
    """Takes the packets: one near track."""

    bitrate: int
    sliced: bool
    codec: str  # H264 or VP8

    @property
    def wanting(self) -> bool:
        """Whether packets would be taken now (not stalled)."""

    def deliver(self, packet: Packet[Stream]) -> None:
        """Called in the encoder's thread for each packet, in order, wanting or not; must not
        block."""


class FrameSource(Protocol):
    """Gives the pictures: the camera."""

    def take(self, timeout: float) -> TimedFrame | CodedFrame | None:
        """The next picture, or None after the timeout (seconds)."""

    def ask_keyframe(self) -> None:
        """Ask a camera that encodes by itself for a keyframe."""

    def ask_bitrate(self, bps: int) -> None:
        """Ask a camera that encodes by itself for a bit rate."""


class EncoderThread:
    """Encodes at the lowest bit rate of its consumers, and at the size that suits this rate."""

    def __init__(
        self,
        pictures: FrameSource,
        size: Size,
        fps: float,
        names: tuple[str, ...],
        threads: int = 1,
    ) -> None:
        self.size, self.fps = size, fps
        self.rung: Rung | None = None
        """What is sent: as the line allows, and no better than `steps_down` says."""
        self.steps_down = 0
        """Rungs below the best that are left out, whatever the line bears: the box is too hot."""
        self.problem = ""
        self._pictures = pictures
        self.names = names
        """FFmpeg encoders still to be tried; the one that runs is the first."""
        self._running = ""
        self._threads = threads
        self._consumers: tuple[PacketConsumer, ...] = ()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._encoders: dict[str, H264Encoder | Vp8Encoder] = {}
        self._decoder: VideoDecoder | None = None  # of a camera's H.264, for who takes none
        self._scale = Letterbox(size)
        self._limiter = FrameRateLimiter(fps)
        self._bps = 0
        self._line_rung: Rung | None = None
        self._steps_down = 0
        self._sliced = False
        self._keyframe_asked = False
        self._keyframe_at = float("-inf")
        self._last_pts = 0
        self._skip_coded = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, again after a stop too; consumers that were attached stay so."""
        self._stopped = threading.Event()
        self._keyframe_at = float("-inf")
        self._thread = threading.Thread(
            target=self._run, args=(self._stopped,), name="encoder", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Tell the thread to end, without waiting for it."""
        self._stopped.set()
        self._wake.set()

    def join(self, deadline_s: float) -> bool:
        """Wait for the end of the thread; False when it has not come in time."""
        self.stop()
        if self._thread is None:
            return True
        self._thread.join(deadline_s)
        return not self._thread.is_alive()

    @property
    def idle(self) -> bool:
        """Whether nobody takes packets now."""
        return not any(consumer.wanting for consumer in self._consumers)

    def attach(self, consumer: PacketConsumer) -> None:
        """Give packets to this consumer too, beginning with a keyframe as soon as possible."""
        with self._lock:
            self._consumers = (*self._consumers, consumer)
        self._keyframe_at = float("-inf")
        self.request_keyframe()

    def detach(self, consumer: PacketConsumer) -> None:
        """Give no more packets to that consumer."""
        with self._lock:
            self._consumers = tuple(other for other in self._consumers if other is not consumer)

    def request_keyframe(self) -> None:
        """Make the next picture a keyframe, or the first one after MIN_KEYFRAME_INTERVAL_S."""
        self._keyframe_asked = True
        self._wake.set()

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            self._wake.clear()
            wanting = [consumer for consumer in self._consumers if consumer.wanting]
            if not wanting:
                self._encoders.clear()
                self._wake.wait(POLL_INTERVAL_S)
                continue
            try:
                self._slice(any(consumer.sliced for consumer in wanting))
                self._adapt(min(consumer.bitrate for consumer in wanting))
                shot = self._pictures.take(POLL_INTERVAL_S)
                codecs = {consumer.codec for consumer in wanting}
                packets = self._packets(shot, codecs) if shot else []
            except (EncoderError, FFmpegError) as error:
                self.problem = f"encoder: {error}"
                self._encoders.clear()
                stopped.wait(RETRY_S)
                continue
            except Exception as error:  # else the thread would end, and the picture stand for good
                if not self.problem:
                    log.exception("encoder: it is made anew")
                self.problem = f"encoder: {type(error).__name__}: {error}"
                self._encoders.clear()
                stopped.wait(RETRY_S)
                continue
            # to all that are attached by now: a new consumer must get the keyframe it asked for
            for codec, packet in packets:
                for consumer in self._consumers:
                    if consumer.codec == codec:
                        consumer.deliver(packet)
        self._encoders.clear()

    def _slice(self, sliced: bool) -> None:
        if sliced != self._sliced:
            self._sliced = sliced
            self._encoders.clear()

    def _adapt(self, bps: int) -> None:
        steps_down = self.steps_down
        if bps == self._bps and steps_down == self._steps_down:
            return
        before, starting = self.rung, self._bps == 0
        self._bps, self._steps_down = bps, steps_down
        self._line_rung = rung_for(bps, self._line_rung, starting=starting)
        self.rung = lowered(self._line_rung, steps_down)
        if self.rung is not before:
            log.info("near → %s (%d steps down by heat)", self.rung or "sound only", steps_down)
        if self.rung is None:
            self._encoders.clear()
            return
        size, fps = within(self.rung, self.size, self.fps)
        if self._scale.size != size:
            self._scale = Letterbox(size)
        if self.rung is not before:
            self._limiter = FrameRateLimiter(fps)
        for codec, encoder in list(self._encoders.items()):
            if (encoder.size, encoder.fps) == (size, fps):
                encoder.set_bitrate(bps)
            else:
                del self._encoders[codec]
        self._pictures.ask_bitrate(bps)

    def _packets(self, shot: TimedFrame | CodedFrame, codecs: set[str]) -> list[Coded]:
        now = time.monotonic()
        if self.rung is None:
            self._skip_coded = True
            return []
        if isinstance(shot, CodedFrame):
            return self._pass_on(shot, now, codecs)
        return self._encode(shot.frame, shot.at, now, codecs)

    def _pass_on(self, coded: CodedFrame, now: float, codecs: set[str]) -> list[Coded]:
        """A camera's own H.264 as it is; decoded and encoded for who takes another codec."""
        self._encoders.pop(H264, None)
        self._ask_camera(now, came=coded.keyframe)
        self._skip_coded &= not coded.keyframe
        if self._skip_coded:
            return []
        others = codecs - {H264}
        packets = [(H264, _packet(coded, self._rising(coded.at)))] if H264 in codecs else []
        if not others:
            self._decoder = None
            return packets
        if self._decoder is None and not coded.keyframe:
            self._skip_coded = True
            self.request_keyframe()
            return packets
        self._decoder = self._decoder or VIDEO_DECODERS[H264]()
        for frame in self._decoder.decode(coded.data):
            packets += self._encode(frame, coded.at, now, others)
        return packets

    def _encode(
        self, picture: av.VideoFrame, at: float, now: float, codecs: set[str]
    ) -> list[Coded]:
        if not self._limiter.accept(at):
            return []
        frame = self._scale.convert(picture)
        forced = self._keyframe_asked and now - self._keyframe_at >= MIN_KEYFRAME_INTERVAL_S
        if forced:
            # cleared before the encoding: a request during it may mean that this one was missed
            self._keyframe_asked = False
        pts_s = self._rising(at) / VIDEO_CLOCK
        packets: list[Coded] = []
        for codec in sorted(codecs):
            encoder = self._encoder(codec, Size(frame.width, frame.height))
            coded = encoder.encode(frame, pts_s, keyframe=forced)
            if isinstance(encoder, H264Encoder):
                self._note(encoder)
            packets += [(codec, packet) for packet in coded]
        if any(packet.is_keyframe for _, packet in packets):
            self._keyframe_at = now
        return packets

    def _encoder(self, codec: str, size: Size) -> H264Encoder | Vp8Encoder:
        encoder = self._encoders.get(codec)
        if encoder is None:
            fps = 1 / self._limiter.interval
            if codec == VP8:
                encoder = Vp8Encoder(size, fps, self._bps, self._threads)
            else:
                encoder = H264Encoder(
                    self.names, size, fps, self._bps, self._threads, sliced=self._sliced
                )
            self._encoders[codec] = encoder
            self.problem = ""
        return encoder

    def _note(self, encoder: H264Encoder) -> None:
        if not self._sliced:
            # What did not work is not tried again as often as the size changes.
            self.names = encoder.names
        if encoder.name != self._running:
            self._running = encoder.name
            log.info("encoder %s runs", encoder.name)

    def _ask_camera(self, now: float, *, came: bool) -> None:
        if came:
            self._keyframe_asked = False
        elif self._keyframe_asked and now - self._keyframe_at >= MIN_KEYFRAME_INTERVAL_S:
            self._keyframe_at = now
            self._pictures.ask_keyframe()

    def _rising(self, at: float) -> int:
        # the times of card and camera come from two readings of the clock; packets' must rise
        self._last_pts = max(round(at * VIDEO_CLOCK), self._last_pts + 1)
        return self._last_pts


def _packet(coded: CodedFrame, pts: int) -> Packet[Stream]:
    packet = Packet(coded.data)
    packet.pts = packet.dts = pts
    packet.time_base = VIDEO_TIME_BASE
    packet.is_keyframe = coded.keyframe
    return packet
