"""Decides which samples are played at a given moment: silence, queued or late ones."""

from collections import deque

RATE = 48_000
FRAME_BYTES = 4  # s16le stereo
BLOCK_S = 0.010
"""Seconds of one block for VLC: short enough for lip sync, 100 calls a second."""
BLOCK_BYTES = round(BLOCK_S * RATE) * FRAME_BYTES
MAX_QUEUED_S = 0.200
TOLERANCE_S = 0.015
"""A smaller error in time is left alone: to correct what nobody hears would make a click."""
_CATCH_UP_BLOCKS = 200  # two seconds
REST_AFTER_BLOCKS = 200
"""So many blocks without any sound, two seconds, and the silence is given in longer ones."""
REST_BLOCK_BYTES = 4 * BLOCK_BYTES
"""A box stands idle for most of its life: 25 calls a second in place of 100. What begins meanwhile
loses 26 ms of its beginning at most."""


def _bytes(seconds: float) -> int:
    return round(seconds * RATE) * FRAME_BYTES


def _seconds(count: int) -> float:
    return count / (RATE * FRAME_BYTES)


class AudioQueue:
    """Queues at most `MAX_QUEUED_S` seconds of sound with its dates, and gives it block by block.

    Sound that comes in time is played on its date. Sound that comes late after a gap is played
    `slack` seconds later instead of being dropped, and the delay is taken back when the queue was
    never nearly empty for two seconds. A source whose clock drifts exceeds `TOLERANCE_S` now and
    then: samples are then dropped, or silence is inserted, once.
    """

    def __init__(self) -> None:
        self.slack = 0.0
        self.dropped = 0.0
        """Seconds of sound that were thrown away, for the statistics."""
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._held = 0
        self._playing = False
        self._least = MAX_QUEUED_S
        self._blocks = 0
        self._empty_blocks = 0

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
        if self.held > MAX_QUEUED_S:
            self._drop(self._held - _bytes(MAX_QUEUED_S))

    def take(self, head: float) -> bytes:
        """One block, to sound at the monotonic second `head`; a longer one of silence at rest."""
        if not self._pieces:
            self._playing = False
            self._empty_blocks += 1
            return bytes(REST_BLOCK_BYTES if self._rests else BLOCK_BYTES)
        ahead = self._pieces[0][0] + self.slack - head
        silence = 0
        # What the long silence covers is no sound that came late: nothing is played later for it.
        late = -TOLERANCE_S if self._playing else 0.0
        rested, self._empty_blocks = self._rests, 0
        if (self._playing or rested) and ahead < late:
            self._drop(_bytes(-ahead))
        elif not self._playing and ahead < 0:
            self.slack = min(self.slack - ahead, MAX_QUEUED_S)
        elif ahead > (TOLERANCE_S if self._playing else 0.0):
            silence = min(_bytes(ahead), BLOCK_BYTES)
        if silence == BLOCK_BYTES:
            self._playing = False
            return bytes(BLOCK_BYTES)
        block = bytes(silence) + self._pop(BLOCK_BYTES - silence)
        self._playing = True
        self._catch_up()
        return block + bytes(BLOCK_BYTES - len(block))

    @property
    def _rests(self) -> bool:
        return self._empty_blocks > REST_AFTER_BLOCKS

    def _catch_up(self) -> None:
        self._least = min(self._least, self.held)
        self._blocks += 1
        if self._blocks < _CATCH_UP_BLOCKS:
            return
        if self.slack > 0 and self._least > 2 * BLOCK_S:
            step = min(self.slack, BLOCK_S)
            self._drop(_bytes(step))
            self.slack -= step
        self._least, self._blocks = MAX_QUEUED_S, 0

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
