"""The child's two streams: pictures from the ring, sound from the queue, given to VLC in time."""

import contextlib
import ctypes
import select
import socket
import time
from collections import deque

from appliance.media.tv.imem import FILL, Block, Memory, VlcInput
from appliance.media.tv.output import Output
from appliance.media.tv.ring import SLOTS, PictureNote, PictureRing, SoundNote
from appliance.media.tv.sound_queue import BLOCK, BLOCK_BYTES, SoundQueue

PICTURE_LEAD = 0.020
"""Handed to VLC so long before its date: copy, conversion to RGB, X."""
PICTURE_LEAST = 0.010
"""A picture that is late already is given this much: less, and VLC would begin its clock anew."""
REPEAT = 1.0
"""The last picture is handed over again after this silence, so that nothing ever goes blank."""
WAITING = SLOTS - 2
"""Pictures that may wait for their dates: all but the one that is shown and the one that is
written. When so many wait, the oldest goes at once: to drop it instead would be to show none at all
while pictures come further ahead of their dates than this."""
LATE = 3
"""So many whose time is over are shown one after the other; of more, the newest."""

_NOTE_BYTES = 65_536


class PictureFeed:
    """Shows the newest pictures at their dates; the last one stays."""

    def __init__(self, ring: PictureRing, notes: socket.socket, delay: float) -> None:
        self.shown = -1
        """Number of the last picture given to VLC."""
        self.passed_over = 0
        self.feed = VlcInput(self._fill, self._follow)
        self._ring, self._notes, self._delay = ring, notes, delay
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(ring.memory))
        self._waiting: deque[PictureNote] = deque()
        self._slot = 0
        self._ended = False

    def _read(self, timeout: float) -> None:
        if not select.select([self._notes], [], [], max(timeout, 0.0))[0]:
            return
        with contextlib.suppress(BlockingIOError):
            while note := self._notes.recv(_NOTE_BYTES):
                self._waiting.append(PictureNote.unpack(note))
                if len(self._waiting) >= WAITING:
                    return
            self._ended = True

    def _memory(self, slot: int) -> Memory:
        return self._base + self._ring.offset(slot), self._ring.picture_bytes

    def _hand_at(self, place: int = 0) -> float:
        """When the picture at this place of the queue is to be given to VLC."""
        return self._waiting[place].due + self._delay - PICTURE_LEAD

    def _drop_late(self) -> None:
        now = time.monotonic()
        while len(self._waiting) > LATE and self._hand_at(1) <= now:
            self._waiting.popleft()
            self.passed_over += 1

    def _fill(self) -> Memory:
        self._read(0)
        if self._waiting:
            self._take(self._waiting.popleft())
        return self._memory(self._slot)

    def _take(self, note: PictureNote) -> None:
        self._slot, self.shown = note.slot, note.number

    def _follow(self) -> Block | None:
        repeat_at = time.monotonic() + REPEAT
        while not self._ended:
            now = time.monotonic()
            hand_at = self._hand_at() if self._waiting else repeat_at
            # VLC waits for a date, too: what goes early is not shown early.
            if len(self._waiting) < WAITING and hand_at > now:
                # A due time far ahead cannot keep the TV from repeating its picture.
                self._read(min(hand_at, repeat_at) - now)
                if time.monotonic() < repeat_at:
                    continue
            date = time.monotonic() + PICTURE_LEAST
            self._drop_late()
            full = len(self._waiting) >= WAITING
            if full or (self._waiting and self._hand_at() <= time.monotonic()):
                note = self._waiting.popleft()
                self._take(note)
                date = max(date, note.due + self._delay)
            return (*self._memory(self._slot), max(date, self.feed.free_from))
        return None


class SoundFeed:
    """Gives VLC one block after another without end: silence where nothing came."""

    def __init__(self, notes: socket.socket, output: Output) -> None:
        self.queue = SoundQueue()
        self.feed = VlcInput(self._fill, self._follow)
        self.behind = 0
        """How often a block was handed over so late that the sound server may have run dry."""
        self._notes = notes
        self._delay, self._early = output.delay, output.sound_early
        self._lead = output.sound_lead
        self._block = ctypes.create_string_buffer(BLOCK_BYTES)
        self._silence = ctypes.create_string_buffer(round(FILL / BLOCK) * BLOCK_BYTES)
        self._ended = False
        self._head: float | None = None

    def _read(self, timeout: float) -> None:
        if not select.select([self._notes], [], [], max(timeout, 0.0))[0]:
            return
        with contextlib.suppress(BlockingIOError):
            while note := self._notes.recv(_NOTE_BYTES):
                sound = SoundNote.unpack(note)
                self.queue.push(sound.pcm, sound.due + self._delay)
            self._ended = True

    def pause(self) -> None:
        """End the stream at the next block, so that the player can be stopped."""
        self._ended = True

    def resume(self) -> None:
        """Be ready to be played anew; only after the player has stopped."""
        self._ended = False
        self.feed.begin_again()

    def _fill(self) -> Memory:
        self._head = None
        return ctypes.addressof(self._silence), len(self._silence)

    def _follow(self) -> Block | None:
        if self._head is None:
            # Without a gap: VLC would close one of up to 40 ms by playing all that follows early.
            self._head = self.feed.free_from + FILL - self._early
        while (wait := self._head - self._lead - time.monotonic()) > 0 and not self._ended:
            self._read(wait)
        if self._ended:
            return None
        self._read(0)
        now = time.monotonic()
        if now > self._head - self._lead / 2:
            self.behind += 1
            # VLC would begin its clock anew for a block whose time is over.
            self._head = now + self._lead
        date = self._head
        self._block.raw = self.queue.take(date)
        self._head += BLOCK
        return ctypes.addressof(self._block), BLOCK_BYTES, date + self._early
