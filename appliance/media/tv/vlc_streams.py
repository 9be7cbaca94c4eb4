"""The child's two streams into VLC: pictures from the ring, sound from the queue, each on time."""

import contextlib
import ctypes
import select
import socket
import time
from collections import deque

from appliance.media.tv.audio_queue import (
    BLOCK_BYTES,
    BLOCK_S,
    FRAME_BYTES,
    RATE,
    REST_BLOCK_BYTES,
    AudioQueue,
)
from appliance.media.tv.imem import FILL_S, Block, Memory, VlcInput
from appliance.media.tv.output import Output
from appliance.media.tv.ring import SLOTS, PictureNote, PictureRing, SoundNote

PICTURE_LEAD_S = 0.020
"""VLC gets a picture so long before its date, for a copy, a conversion to RGB, and X."""
MIN_PICTURE_LEAD_S = 0.010
"""The lead of a picture that is late already; with less, VLC would restart its clock."""
REPEAT_INTERVAL_S = 1.0
"""The last picture is given to VLC again after so long without a new one: the TV is never blank."""
MAX_WAITING = SLOTS - 2
"""Pictures that may wait for their dates: all slots but the one that is shown and the one that is
written. When so many wait, the oldest is shown at once. Dropping it instead would show nothing at
all while pictures come further ahead of their dates than this."""
MAX_LATE = 3
"""Late pictures that are shown one after the other; of more, only the newest ones are."""

_MAX_NOTE_BYTES = 65_536


class PictureStream:
    """Gives VLC each picture at its date, and the last one again while none comes."""

    def __init__(self, ring: PictureRing, notes: socket.socket, delay: float) -> None:
        self.shown = -1
        """Number of the last picture given to VLC."""
        self.passed_over = 0
        """Late pictures that were not shown."""
        self.vlc_input = VlcInput(self._fill, self._next_block)
        self._ring, self._notes, self._delay = ring, notes, delay
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(ring.memory))
        self._waiting: deque[PictureNote] = deque()
        self._slot = 0
        self._ended = False

    def _read(self, timeout: float) -> None:
        if not select.select([self._notes], [], [], max(timeout, 0.0))[0]:
            return
        with contextlib.suppress(BlockingIOError):
            while note := self._notes.recv(_MAX_NOTE_BYTES):
                self._waiting.append(PictureNote.unpack(note))
                if len(self._waiting) >= MAX_WAITING:
                    return
            self._ended = True

    def _memory(self, slot: int) -> Memory:
        return self._base + self._ring.offset(slot), self._ring.picture_bytes

    def _hand_at(self, place: int = 0) -> float:
        """When the picture at this place of the queue is to be given to VLC."""
        return self._waiting[place].due + self._delay - PICTURE_LEAD_S

    def _drop_late(self) -> None:
        now = time.monotonic()
        while len(self._waiting) > MAX_LATE and self._hand_at(1) <= now:
            self._waiting.popleft()
            self.passed_over += 1

    def _fill(self) -> Memory:
        self._read(0)
        if self._waiting:
            self._take(self._waiting.popleft())
        return self._memory(self._slot)

    def _take(self, note: PictureNote) -> None:
        self._slot, self.shown = note.slot, note.number

    def _next_block(self) -> Block | None:
        repeat_at = time.monotonic() + REPEAT_INTERVAL_S
        while not self._ended:
            now = time.monotonic()
            hand_at = self._hand_at() if self._waiting else repeat_at
            # VLC waits for the date, too: a picture that it gets early is not shown early.
            if len(self._waiting) < MAX_WAITING and hand_at > now:
                # A date far ahead must not stop the repetition of the last picture.
                self._read(min(hand_at, repeat_at) - now)
                if time.monotonic() < repeat_at:
                    continue
            date = time.monotonic() + MIN_PICTURE_LEAD_S
            self._drop_late()
            full = len(self._waiting) >= MAX_WAITING
            if full or (self._waiting and self._hand_at() <= time.monotonic()):
                note = self._waiting.popleft()
                self._take(note)
                date = max(date, note.due + self._delay)
            return (*self._memory(self._slot), max(date, self.vlc_input.free_from))
        return None


class SoundStream:
    """Gives VLC one block of sound after another without end: silence where nothing came."""

    def __init__(self, notes: socket.socket, output: Output) -> None:
        self.queue = AudioQueue()
        self.vlc_input = VlcInput(self._fill, self._next_block)
        self.behind = 0
        """Blocks that VLC got so late that the sound server may have run dry."""
        self._notes = notes
        self._delay, self._early = output.delay, output.sound_early
        self._lead = output.sound_lead
        self._block = ctypes.create_string_buffer(REST_BLOCK_BYTES)
        self._silence = ctypes.create_string_buffer(round(FILL_S / BLOCK_S) * BLOCK_BYTES)
        self._ended = False
        self._head: float | None = None

    def _read(self, timeout: float) -> None:
        if not select.select([self._notes], [], [], max(timeout, 0.0))[0]:
            return
        with contextlib.suppress(BlockingIOError):
            while note := self._notes.recv(_MAX_NOTE_BYTES):
                sound = SoundNote.unpack(note)
                self.queue.push(sound.pcm, sound.due + self._delay)
            self._ended = True

    def pause(self) -> None:
        """End the stream at the next block, so that the player can be stopped."""
        self._ended = True

    def resume(self) -> None:
        """Get ready for the player's next start; only after it has stopped."""
        self._ended = False
        self.vlc_input.begin_again()

    def _fill(self) -> Memory:
        self._head = None
        return ctypes.addressof(self._silence), len(self._silence)

    def _next_block(self) -> Block | None:
        if self._head is None:
            # No gap here: VLC closes one of up to 40 ms by playing everything after it early.
            self._head = self.vlc_input.free_from + FILL_S - self._early
        while (wait := self._head - self._lead - time.monotonic()) > 0 and not self._ended:
            self._read(wait)
        if self._ended:
            return None
        self._read(0)
        now = time.monotonic()
        if now > self._head - self._lead / 2:
            self.behind += 1
            # VLC would restart its clock for a block whose date is past.
            self._head = now + self._lead
        date = self._head
        pcm = self.queue.take(date)
        ctypes.memmove(self._block, pcm, len(pcm))
        self._head += len(pcm) / FRAME_BYTES / RATE
        return ctypes.addressof(self._block), len(pcm), date + self._early
