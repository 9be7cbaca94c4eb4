"""The video jitter buffer: packets into access units, in order, lost ones requested again."""

from contextlib import suppress
from dataclasses import dataclass, field
from heapq import nlargest

from appliance.media.codecs.parameter_sets import ParameterSets
from appliance.media.jitter.h264_payload import Contents
from appliance.media.jitter.missing_packets import MissingPackets
from appliance.media.jitter.packets import Packet, Unwrapper
from appliance.media.jitter.payload_formats import H264, VideoFormat

HEAL_TIMEOUT_S = 0.2  # after this and a round trip a keyframe is requested as well
MAX_LATE_S = 0.06  # the same without retransmission: a packet may only be late
MAX_NACK_BURST = 64  # more missing packets than this cost more than a keyframe
MAX_HELD = 1024  # packets after a missing one: 5 s at 2 Mbit/s; then only a keyframe helps
MAX_SEQUENCE_STEP = 2048  # a step in sequence numbers that no loss explains: another stream
START_WAIT_S = 0.03  # a stream's first packets may come in another order
KEYFRAME_WAIT_S = 0.2  # and a round trip: the wait for a keyframe without retransmission
DEFAULT_ROUND_TRIP_S = 0.3  # until one is measured: somewhat more than half by satellite
CALM_AFTER_S = 3.0  # after a second loss within it, a damaged picture is better than a frozen one
MAX_PICTURE_TICKS = 900  # of 90 kHz, 10 ms: between the times of one picture's slices
MAX_KEYS = 16  # starts of keyframes that are examined, the newest
MIN_KEYFRAME_INTERVAL_S = 0.3  # between two requests: a keyframe is as large as ten frames
MAX_KEYLESS_S = 3.0  # a far end that sends no keyframe is shown damaged then, not for ever frozen
MAX_UNREPAIRED_S = 8.0  # nor is one that neither retransmits nor sends a keyframe, as it agreed to


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded frame; its RTP `timestamp` runs on and never wraps.

    `again` says that a part of it has left before, by a marker in its middle.
    """

    data: bytes
    timestamp: int
    key: bool
    again: bool = False


@dataclass(slots=True)
class _Frame:
    """What has come of a frame, in order; `time` is that of its first slice, None before it."""

    parts: list[bytes] = field(default_factory=list)
    time: int | None = None
    key: bool = False
    sets: bool = False
    bad: bool = False
    again: bool = False
    ends: bool = False  # it may be over: a picture has come, and no unit is cut in two

    def take(self, time: int, holds: Contents) -> None:
        """Note a packet of this frame. A keyframe counts as one where its beginning has come."""
        self.key = self.key or (holds.key and (self.sets or not holds.continues))
        self.sets = self.sets or holds.sets
        if holds.picture and self.time is None:
            self.time = time
        self.ends = self.time is not None and not holds.open

    def is_over(self, time: int, holds: Contents) -> bool:
        """Whether a packet of that time and contents belongs to the next frame."""
        if self.time is None:
            return False
        if time == self.time:
            return holds.begins
        # Slices of one picture may have been stamped one by one.
        near = abs(time - self.time) < MAX_PICTURE_TICKS
        return not (holds.continues and (near or not self.ends))


class VideoJitterBuffer:
    """The jitter buffer of one video stream.

    `add` takes a packet and gives the access units that can leave now; after it, and when
    `next_timer` comes round, `nacks` and `wants_keyframe` say what to send back. A frame leaves
    as soon as its RTP marker is there and everything before it has left. Where nothing is sent
    again (`repairs`) and losses follow one another sooner than keyframes can, complete frames leave
    without the lost ones before them, damaged, until a keyframe comes.

    The marker alone ends no frame (RFC 6184 section 5.1): what came must hold a picture, and end
    with a whole unit. Parameter sets and the like go with the picture that follows them, whatever
    marker and timestamp they have. `sets` are those of the call.
    """

    def __init__(self, form: VideoFormat, sets: ParameterSets | None = None) -> None:
        self.form = form
        self.sets = ParameterSets() if sets is None else sets
        self.missing = MissingPackets()
        self.repairs = True  # whether the far end retransmits
        self.lost = 0  # packets that never came, retransmission included
        self.recovered = 0  # packets that had been missing and came
        self.ssrc = -1
        self.streams = -1  # how many streams have begun after the first
        self._asked_at: float | None = None
        self._lost_at = float("-inf")  # when a missing packet was last given up
        self._restart()

    def _restart(self) -> None:
        self.streams += 1
        if self.streams:
            self.sets.restart()
        self._sequences = Unwrapper(16)
        self._timestamps = Unwrapper(32)
        # by running number, with running time
        self._held: dict[int, tuple[Packet, int, Contents]] = {}
        self._keys: set[int] = set()  # held packets in which a keyframe starts
        self._begun = False
        self._next = 0  # the first packet that has not left
        self._scan = 0  # the first packet that is not in line with it
        self._highest = 0
        self._frame = _Frame()
        self._following = _Frame()  # what came behind the frame's slices goes with the next one
        self._last: tuple[int, _Frame] | None = None  # that left by its marker, and its end
        self._markers_end = True  # this stream's markers stand at ends of frames alone
        self._left = False
        self._waits_for_key_since: float | None = None
        self._clean = False  # every frame since a keyframe has left
        self._damaged = False  # frames leave although some before them are lost
        self._unrepaired = False  # the far end did not retransmit, although it had agreed to
        self.missing.clear()

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and nothing is to be requested."""
        return not self.missing and self._waits_for_key_since is None

    @property
    def _full(self) -> bool:
        return max(len(self._held), len(self.missing)) > MAX_HELD

    def needs_keyframe(self, now: float) -> None:
        """Let nothing leave before a keyframe: the decoder cannot use it."""
        self._clean = self._damaged = False
        self._waits_for_key_since = now

    def running(self, timestamp: int) -> int:
        """The running form of a timestamp near the last one, as a sender report has it."""
        return self._timestamps.near(timestamp)

    def add(self, packet: Packet, now: float) -> list[AccessUnit]:
        """Take a packet that arrived at `now`; returns the access units that it completes."""
        step = (packet.sequence - self._highest) & 0xFFFF
        if self._begun and (
            packet.ssrc != self.ssrc or MAX_SEQUENCE_STEP < step < 0x10000 - MAX_SEQUENCE_STEP
        ):
            self._restart()
        self.ssrc = packet.ssrc
        sequence = self._sequences(packet.sequence)
        time = self._timestamps(packet.timestamp)
        if not self._takes(sequence, now):
            return []
        if sequence > self._highest:
            if sequence > self._highest + 1:
                self.missing.add(self._highest + 1, sequence - 1, now)
            self._highest = sequence
        elif self.missing.received(sequence, packet.repeated, now):
            self.recovered += 1
        self._held[sequence] = (packet, time, self.form.contents(packet.payload))
        if self.form.starts_key(packet.payload):
            self._keys.add(sequence)
        units: list[AccessUnit] = []
        if sequence == self._scan or self._scan in self._held:
            units = self._output(now)
            if not self._full and (units or not self._keys):
                return units
        units += self._skip_to_keyframe(now)
        # A keyframe before a gap is no reason to wait for what is missing in it.
        while self._full:
            units += self._skip_to_keyframe(now)
        return units

    def _takes(self, sequence: int, now: float) -> bool:
        """Whether a packet is new and not too late; the first one begins the stream."""
        if not self._begun:
            self._begun = True
            self._next = self._scan = self._highest = sequence
            self._waits_for_key_since = now
        elif sequence < self._next:
            if self._left or self._next - sequence > MAX_NACK_BURST:
                return False
            # The first packets of a stream were reordered.
            self.missing.add(sequence + 1, self._next - 1, now)
            self._next = self._scan = sequence
            self._frame = _Frame()
        return sequence not in self._held and sequence >= self._scan

    def _output(self, now: float) -> list[AccessUnit]:
        """Take the packets that are in order, and give the frames that they complete."""
        since = self._waits_for_key_since
        if not self._left and not self._keys and since is not None and now - since < START_WAIT_S:
            return []
        units: list[AccessUnit] = []
        while (entry := self._held.get(self._scan)) is not None:
            packet, time, holds = entry
            if self._frame.is_over(time, holds):
                self._finish(units, self._scan, now)
            self._distrust_markers(time, holds, now)
            self._put(packet, time, holds, now)
            self._scan += 1
            by_marker = packet.marker and self._markers_end and self._frame.ends
            if by_marker or not (packet.payload or self._frame.parts):
                frame = self._frame
                self._finish(units, self._scan, now)
                self._last = (self._scan, frame) if by_marker else None
        return units

    def _distrust_markers(self, time: int, holds: Contents, now: float) -> None:
        """Go on with the frame before, if it had been ended by a marker in its middle.

        Some far ends set the marker on each slice. Their frames end where the next one begins.
        """
        last, self._last = self._last, None
        if last is None or not (holds.continues and last[0] == self._scan):
            return
        if last[1].time == time:
            self._markers_end = False
            self._frame = last[1]
            self._frame.again = True
            if not last[1].key:
                self._damaged = True
                self._waits_for_key_since = self._waits_for_key_since or now

    def _put(self, packet: Packet, time: int, holds: Contents, now: float) -> None:
        if not packet.payload:
            return
        follows = self._frame.time is not None and not holds.picture
        frame = self._following if follows else self._frame
        frame.take(time, holds)
        if follows:
            self._frame.ends = not holds.open
        try:
            frame.parts.append(self.form.depayload(packet.payload))
        except ValueError:
            self._frame.bad = self._frame.time is not None
            self.needs_keyframe(now)

    def _finish(self, units: list[AccessUnit], end: int, now: float) -> None:
        """Finish the frame that ends before packet `end`."""
        frame = self._frame
        self._frame, self._following = self._following, _Frame()
        if frame.time is not None:
            data = b"".join(frame.parts)
            if frame.sets or (frame.key and self.form is H264):
                data = self.sets.repeat(data, keyframe=frame.key)
            if frame.bad:
                self.needs_keyframe(now)
            elif data and (frame.key or self._clean or self._damaged or self._keyless(now)):
                units.append(AccessUnit(data, frame.time, frame.key, frame.again))
                if frame.key:
                    self._clean, self._damaged = True, False
                    self._waits_for_key_since = None
        for old in range(self._next, end):
            self._held.pop(old, None)
            self._keys.discard(old)
        self._next = end
        self._left = True

    def _keyless(self, now: float) -> bool:
        """Whether the wait for a keyframe has been too long."""
        since = self._waits_for_key_since
        return since is not None and now - since > MAX_KEYLESS_S

    def _skip_to_keyframe(self, now: float) -> list[AccessUnit]:
        """Give up missing packets when a complete keyframe has come after them."""
        failed: int | None = None
        for start in nlargest(MAX_KEYS, self._keys):
            if start >= self._scan and self._is_complete(start, failed):
                self._jump(start)
                return self._output(now)
            failed = start
        onward = self._after_missing(now)
        if onward is not None:
            self._jump(onward)
            self._damaged = True
            self._waits_for_key_since = self._waits_for_key_since or now
            return self._output(now)
        if len(self._held) > MAX_HELD:
            # No held frame can be decoded without a keyframe, which has not come.
            self._jump(self._highest + 1)
            self.needs_keyframe(now)
        elif len(self.missing) > MAX_HELD:
            # The newest packet may begin that keyframe.
            self._jump(self._highest)
            self.needs_keyframe(now)
        return []

    def _after_missing(self, now: float) -> int | None:
        """The first packet of a frame after the missing ones, once the wait for them is over."""
        repaired = self.repairs and not self._unrepaired
        seen = self.missing.older_than(MAX_UNREPAIRED_S if repaired else MAX_LATE_S, now)
        if not seen or not (self._clean or self._damaged or self._keyless(now)):
            return None
        alone = max(seen) - min(seen) < MAX_LATE_S and now - self._lost_at > CALM_AFTER_S
        patience = KEYFRAME_WAIT_S + (self.missing.round_trip_s or DEFAULT_ROUND_TRIP_S)
        if self._clean and alone and now - min(seen) < MAX_LATE_S + patience:
            return None
        for sequence, (packet, time, _) in sorted(self._held.items()):
            before = self._held.get(sequence - 1)
            begins = before[0].marker or before[1] != time if before else False
            if sequence > self._scan and (begins or self.form.starts_frame(packet.payload)):
                self._unrepaired = self._unrepaired or self.repairs
                return sequence
        return None

    def _is_complete(self, start: int, failed: int | None) -> bool:
        """Whether all of the frame that starts here has come; the one from `failed` on has not.

        Otherwise a far end that begins a keyframe in each packet and ends none would cost the
        square of what is held.
        """
        frame = _Frame()
        at = start
        while (entry := self._held.get(at)) is not None:
            packet, time, holds = entry
            if frame.is_over(time, holds):
                return True
            if at == failed:
                return False
            frame.take(time, holds)
            if holds.picture and not frame.key:
                return False  # sets may stand before any picture
            if packet.marker and self._markers_end and frame.ends:
                return True
            at += 1
        return False

    def _jump(self, start: int) -> None:
        self.lost += sum(1 for missing in range(self._next, start) if missing in self.missing)
        self._lost_at = self.missing.oldest or self._lost_at
        self.missing.forget_before(start)
        self._learn_skipped(start)
        for old in [held for held in self._held if held < start]:
            del self._held[old]
            self._keys.discard(old)
        self._next = self._scan = start
        self._left = True
        self._frame, self._following, self._last = _Frame(), _Frame(), None
        self._clean = False

    def _learn_skipped(self, start: int) -> None:
        """Keep the parameter sets of skipped packets: the far end may send them once."""
        for sequence in sorted(held for held in self._held if held < start):
            packet, _, holds = self._held[sequence]
            if holds.sets and not holds.open:
                with suppress(ValueError):
                    self.sets.learn(self.form.depayload(packet.payload))

    def nacks(self, now: float) -> list[int]:
        """The 16-bit sequence numbers to request now (RFC 4585 section 6.2.1)."""
        if not self.repairs or len(self.missing) > MAX_NACK_BURST:
            return []
        return [sequence & 0xFFFF for sequence in self.missing.due(now)]

    def wants_keyframe(self, now: float) -> bool:
        """Whether to request a keyframe now (RFC 4585 section 6.3.1); True counts as sent."""
        ask_at = self._keyframe_at()
        if ask_at is None or ask_at > now:
            return False
        self._asked_at = now
        return True

    def _keyframe_at(self) -> float | None:
        reasons = []
        if self._waits_for_key_since is not None and (not self._keys or self._left):
            reasons.append(self._waits_for_key_since + (0.0 if self._left else START_WAIT_S))
        oldest = self.missing.oldest
        if oldest is not None:
            heal_s = (
                HEAL_TIMEOUT_S + (self.missing.round_trip_s or 0) if self.repairs else MAX_LATE_S
            )
            reasons.append(oldest + (0.0 if len(self.missing) > MAX_NACK_BURST else heal_s))
        if not reasons:
            return None
        if self._asked_at is None:
            return min(reasons)
        pause = max(MIN_KEYFRAME_INTERVAL_S, 2 * (self.missing.round_trip_s or 0.0))
        return max(min(reasons), self._asked_at + pause)

    def next_timer(self) -> float | None:
        """The monotonic second at which to call `nacks` and `wants_keyframe` again."""
        keyframe = self._keyframe_at()
        asks = self.repairs and len(self.missing) <= MAX_NACK_BURST
        nack = self.missing.next_timer() if asks else None
        if keyframe is None or nack is None:
            return keyframe if nack is None else nack
        return min(keyframe, nack)
