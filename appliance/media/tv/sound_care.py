"""Decides when VLC's sound must begin anew: after a hole, or when the sound server has gone."""

_SETTLING = 0.6
"""A new stream fills VLC's 0.3 s and may run dry once before it is steady."""
_LONGEST = 5.0
_STEADY = 0.5
_MUTE = 5.0


class SoundCare:
    """Asked a few times a second.

    Left to itself after a hole, VLC goes on within its tolerance of -40 to +60 ms, may run dry
    again with every block, or stays silent for seconds; a new stream begins on the millisecond.
    Where a new stream runs dry at once, each try gets twice the time of the one before.
    """

    def __init__(self, now: float) -> None:
        self._patience = _SETTLING
        self._began = self._sounded_at = now
        self._holes = self._sounded = 0

    def begins_anew(self, holes: int, sounded: int, now: float) -> bool:
        """From the counts of holes and of blocks played by VLC: must the stream begin anew?"""
        if sounded != self._sounded:
            self._sounded, self._sounded_at = sounded, now
        dry, self._holes = holes != self._holes, holes
        age = now - self._began
        if age < self._patience:
            return False
        if not dry and now - self._sounded_at < _MUTE:
            return False
        again = age < self._patience + _STEADY
        self._patience = min(self._patience * 2, _LONGEST) if again else _SETTLING
        self._began = self._sounded_at = now
        return True
