"""The camera of a site: one device for all near tracks, and a name card while it is absent."""

from __future__ import annotations

import threading
import time
from collections import deque

import av
from av.codec.context import CodecContext
from av.error import FFmpegError
from av.packet import Packet
from av.video.reformatter import Interpolation
from PIL import Image

from appliance.media.capture.device import STALL_TIMEOUT_S, Capture, CaptureControl, CaptureState
from appliance.media.capture.encoder_thread import EncoderThread
from appliance.media.capture.i420 import Letterbox, Picture, card_frame, packed
from appliance.media.capture.read_video import CaptureSettings, CodedFrame, TimedFrame, read_video
from appliance.media.capture.sources import Source, SourceKind
from appliance.media.codecs.board_encoders import SOFTWARE_ENCODER
from appliance.media.formats import SELF_VIEW, Size

CARD_FPS = 5
"""Frames a second of the name card: it never changes, but far ends expect a stream."""
CARD_DELAY_S = 0.4
"""The card is sent until the camera is open, if that takes longer than this."""
PREVIEW_INTERVAL_S = 0.1
"""Between two self-views."""
PREVIEW_IDLE_S = 1.0
"""The self-view is computed only for so long after it was last read."""
MAX_CODED = 60
"""Access units of a camera's own H.264 that may wait, two seconds; beyond that all are dropped up
to the next keyframe."""


class Camera:
    """Owns the capture thread and the encoder's thread; open only while a call is wanted.

    source: see Source. size, fps: what is sent at most. name_card: an RGB array (rows, columns, 3)
    or a Pillow image of any size. passthrough: let H.264 that the source delivers itself through
    undecoded (by default from v4l2 devices only). encoders: FFmpeg names to try in turn.
    """

    def __init__(
        self,
        source: str | Source,
        size: tuple[int, int] = (1280, 720),
        fps: float = 30,
        name_card: Picture | Image.Image | None = None,
        *,
        passthrough: bool | None = None,
        encoders: tuple[str, ...] = (SOFTWARE_ENCODER,),
        threads: int = 1,
        self_view: tuple[int, int] = SELF_VIEW,
    ) -> None:
        self.source = source if isinstance(source, Source) else Source.parse(source)
        self.size = Size(*size)
        self.fps = fps
        if passthrough is None:
            passthrough = self.source.kind is SourceKind.V4L2
        self._settings = CaptureSettings(self.size, fps, passthrough)
        self._changed = threading.Condition()
        self._newest: TimedFrame | None = None
        self._coded: deque[CodedFrame] = deque()
        self._skip_coded = True
        self._control = CaptureControl()
        self._capture: Capture[TimedFrame | CodedFrame] | None = None
        self._opened_at = self._fed_at = self._card_at = 0.0
        self._on_card = False
        self._i420 = Letterbox(self.size)
        self._preview = _Preview(Size(*self_view))
        self._card = card_frame(name_card, self.size)
        self._card_preview: Picture | None = None
        self.encoder = EncoderThread(self, self.size, fps, encoders, threads)

    def open(self) -> None:
        """Start both threads and return at once; the device is opened in its thread. Idempotent.

        Near tracks that were attached before stay attached.
        """
        if self._capture is not None:
            return
        plugged = self._control.plugged
        self._control = CaptureControl()
        self._control.plugged = plugged
        self._opened_at, self._fed_at, self._card_at = time.monotonic(), float("-inf"), 0.0
        self._capture = Capture(
            str(self.source),
            lambda control: read_video(self.source, self._settings, control),
            self._deliver,
            control=self._control,
        )
        if self.source.kind is not SourceKind.NONE:
            self._capture.start()
        self.encoder.start()

    def close(self, deadline_s: float = 3.0) -> bool:
        """Stop and join both threads; False when one of them hangs (a driver may). Idempotent."""
        capture, self._capture = self._capture, None
        if capture is None:
            return True
        until = time.monotonic() + deadline_s
        capture.stop()
        self.encoder.stop()
        with self._changed:
            self._changed.notify_all()
        ended = self.encoder.join(max(0.1, until - time.monotonic()))
        if self.source.kind is not SourceKind.NONE:
            ended &= capture.join(max(0.1, until - time.monotonic()))
        with self._changed:
            self._newest = None
            self._coded.clear()
            self._skip_coded = True
        return ended

    @property
    def state(self) -> CaptureState:
        """What the device is doing now."""
        if self._capture is None:
            return CaptureState.CLOSED
        if self.source.kind is SourceKind.NONE:
            return CaptureState.NONE
        return self._capture.state

    @property
    def problem(self) -> str:
        """Why there is no camera's picture, in one line; empty when all is well or none is due."""
        capture = self._capture.problem if self._capture else ""
        return capture or self.encoder.problem

    @property
    def damaged(self) -> bool:
        """Whether many of the open camera's pictures come damaged."""
        return self._capture is not None and self._control.damage.many(time.monotonic())

    @property
    def on_card(self) -> bool:
        """Whether the name card is sent, for want of the camera's own picture."""
        return self._on_card

    @property
    def plugged(self) -> bool:
        """Whether the camera is plugged in; the simulator sets it to False to pull it out."""
        return self._control.plugged

    @plugged.setter
    def plugged(self, plugged: bool) -> None:
        self._control.plugged = plugged

    def preview(self) -> Picture | None:
        """The newest self-view as I420 of the size `self_view`, at most ten a second; None
        before the first.

        It is computed only while it is read: the first call starts that.
        """
        now = time.monotonic()
        self._preview.read_at = now
        if self._on_card or self.state is CaptureState.NONE:
            with self._changed:
                if self._card_preview is None:
                    self._card_preview = self._preview.small(self._card)
                return self._card_preview
        return self._preview.newest

    def take(self, timeout: float) -> TimedFrame | CodedFrame | None:
        """The next thing to send, for the encoder's thread: a camera's own packet, the newest
        picture, or the card when the camera is away; None after the timeout (seconds)."""
        until = time.monotonic() + timeout
        with self._changed:
            while not self._control.stopped:
                now = time.monotonic()
                if self._coded or self._newest:
                    return self._pop()
                card_due = self._card_due()
                if now >= card_due:
                    self._card_at = now + 1 / CARD_FPS
                    self._cut(to_card=True)
                    return TimedFrame(now, self._card)
                if now >= until:
                    return None
                self._changed.wait(min(until, card_due) - now)
        return None

    def ask_keyframe(self) -> None:
        """Ask a camera that encodes by itself for a keyframe; its reader does it."""
        self._control.keyframe_wanted = True

    def ask_bitrate(self, bps: int) -> None:
        """Ask a camera that encodes by itself for a bit rate; its reader does it."""
        self._control.bitrate_wanted = bps

    def _card_due(self) -> float:
        """From when on the card is sent, if nothing comes from the device."""
        state = self.state
        if state is CaptureState.LIVE:
            return max(self._card_at, self._fed_at + STALL_TIMEOUT_S)
        if state is CaptureState.OPENING:
            return max(self._card_at, self._opened_at + CARD_DELAY_S)
        return self._card_at

    def _pop(self) -> TimedFrame | CodedFrame | None:
        self._cut(to_card=False)
        if self._coded:
            return self._coded.popleft()
        shot, self._newest = self._newest, None
        return shot

    def _cut(self, *, to_card: bool) -> None:
        # a keyframe at the change: the first picture after it would be as large anyway
        if to_card is not self._on_card:
            self._on_card = to_card
            self.encoder.request_keyframe()

    def _deliver(self, item: TimedFrame | CodedFrame) -> None:
        now = time.monotonic()
        if isinstance(item, TimedFrame):
            item = TimedFrame(item.at, self._i420.convert(item.frame))
            self._preview.see(item.frame, now)
        else:
            self._preview.see_coded(item, now)
        with self._changed:
            self._fed_at = now
            if isinstance(item, TimedFrame):
                self._newest = item
            else:
                self._keep(item)
            self._changed.notify_all()

    def _keep(self, item: CodedFrame) -> None:
        if len(self._coded) >= MAX_CODED:
            self._skip_coded = True
        if self._skip_coded or (item.keyframe and self.encoder.idle):
            # while nobody sends, the newest keyframe and what follows is kept: the first near
            # track then need not wait for the camera's next one
            self._coded.clear()
        self._skip_coded &= not item.keyframe
        if not self._skip_coded:
            self._coded.append(item)


class _Preview:
    """Makes the self-view in the capture thread, only while it is read."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self.read_at = float("-inf")
        self.newest: Picture | None = None
        self._made_at = float("-inf")
        self._scale = Letterbox(size, Interpolation.FAST_BILINEAR)

    def small(self, frame: av.VideoFrame) -> Picture:
        return packed(Letterbox(self._size, Interpolation.AREA).convert(frame))

    def see(self, frame: av.VideoFrame, now: float) -> None:
        if self._due(now):
            self._made_at = now
            self.newest = packed(self._scale.convert(frame))

    def see_coded(self, coded: CodedFrame, now: float) -> None:
        # only keyframes are decoded, each for itself: at the pace at which the camera gives them
        if not coded.keyframe or not self._due(now):
            return
        decoder = CodecContext.create("h264", "r")
        decoder.thread_count = 1
        try:
            for frame in [*decoder.decode(Packet(coded.data)), *decoder.decode(None)]:
                self.see(frame, now)
        except FFmpegError:
            return

    def _due(self, now: float) -> bool:
        return (
            now - self.read_at < PREVIEW_IDLE_S and now - self._made_at >= PREVIEW_INTERVAL_S * 0.9
        )
