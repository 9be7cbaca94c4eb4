"""Decides which samples sound at a given moment: silence, the queue's, late ones shifted."""

from collections import deque

RATE = 48_000
FRAME_BYTES = 4  # s16le stereo
BLOCK = 0.010
"""Seconds handed to VLC at once: short enough for lip sync, 100 calls a second."""
BLOCK_BYTES = round(BLOCK * RATE) * FRAME_BYTES
BOUND = 0.200
TOLERANCE = 0.015
"""Below this, sound goes on as it comes: what the ear does not notice must not click."""
_EASY_BLOCKS = 200  # two seconds


def _bytes(seconds: float) -> int:
    return round(seconds * RATE) * FRAME_BYTES


def _seconds(count: int) -> float:
    return count / (RATE * FRAME_BYTES)


class SoundQueue:
    """At most `BOUND` seconds of sound with their times; gives back block after block.

    Pieces that come on time sound at their time. Sound that comes late after a hole is played
    `slack` later rather than thrown away, and caught up when the queue has had air for two seconds.
    A source whose clock drifts leaves `TOLERANCE` now and then: samples are dropped, or silence
    inserted, once.
    """

    def __init__(self) -> None:
        self.slack = 0.0
        self.dropped = 0.0
        """Seconds of sound that were thrown away, for the statistics."""
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._held = 0
        self._playing = False
        self._least = BOUND
        self._blocks = 0

    @property
    def held(self) -> float:
        """Seconds that wait."""
        return _seconds(self._held)

    def push(self, pcm: bytes, date: float) -> None:
        """Take s16le stereo 48 kHz whose first sample should sound at the monotonic `date`."""
        whole = len(pcm) // FRAME_BYTES * FRAME_BYTES
        if not whole:
            return
        self._pieces.append((date, pcm[:whole]))
        self._held += whole
        if self.held > BOUND:
            self._drop(self._held - _bytes(BOUND))

    def take(self, head: float) -> bytes:
        """Exactly one block, to sound at the monotonic second `head`."""
        if not self._pieces:
            self._playing = False
            return bytes(BLOCK_BYTES)
        ahead = self._pieces[0][0] + self.slack - head
        silence = 0
        if self._playing and ahead < -TOLERANCE:
            self._drop(_bytes(-ahead))
        elif not self._playing and ahead < 0:
            self.slack = min(self.slack - ahead, BOUND)
        elif ahead > (TOLERANCE if self._playing else 0.0):
            silence = min(_bytes(ahead), BLOCK_BYTES)
        if silence == BLOCK_BYTES:
            self._playing = False
            return bytes(BLOCK_BYTES)
        block = bytes(silence) + self._pop(BLOCK_BYTES - silence)
        self._playing = True
        self._catch_up()
        return block + bytes(BLOCK_BYTES - len(block))

    def _catch_up(self) -> None:
        self._least = min(self._least, self.held)
        self._blocks += 1
        if self._blocks < _EASY_BLOCKS:
            return
        if self.slack > 0 and self._least > 2 * BLOCK:
            step = min(self.slack, BLOCK)
            self._drop(_bytes(step))
            self.slack -= step
        self._least, self._blocks = BOUND, 0

    def _drop(self, count: int) -> None:
        self.dropped += _seconds(len(self._pop(count)))

    def _pop(self, count: int) -> bytes:
        parts = []
        while count > 0 and self._pieces:
            date, pcm = self._pieces.popleft()
            parts.append(pcm[:count])
            taken = len(parts[-1])
            if taken < len(pcm):
                self._pieces.appendleft((date + _seconds(taken), pcm[taken:]))
            count -= taken
            self._held -= taken
        return b"".join(parts)
