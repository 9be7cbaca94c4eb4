"""Decides when VLC's audio stream must be restarted: after a gap, or without a sound server."""

_MIN_PATIENCE_S = 0.6
"""A new stream fills VLC's 0.3 s of buffers and may run dry once before it is steady."""
_MAX_PATIENCE_S = 5.0
_STEADY_S = 0.5
_MAX_MUTE_S = 5.0


class AudioResync:
    """Watches one audio stream; `needs_restart` is called a few times a second.

    After a gap VLC goes on anywhere within its tolerance of -40 to +60 ms, may run dry again with
    every block, or stays silent for seconds. A new stream begins on the millisecond. Where a new
    stream runs dry at once, each attempt gets twice the time of the one before.
    """

    def __init__(self, now: float) -> None:
        self._patience = _MIN_PATIENCE_S
        self._began = self._sounded_at = now
        self._gaps = self._sounded = 0

    def needs_restart(self, gaps: int, sounded: int, now: float) -> bool:
        """Whether to restart now, from VLC's counts of gaps and of blocks played so far."""
        if sounded != self._sounded:
            self._sounded, self._sounded_at = sounded, now
        dry, self._gaps = gaps != self._gaps, gaps
        age = now - self._began
        if age < self._patience:
            return False
        if not dry and now - self._sounded_at < _MAX_MUTE_S:
            return False
        again = age < self._patience + _STEADY_S
        self._patience = min(self._patience * 2, _MAX_PATIENCE_S) if again else _MIN_PATIENCE_S
        self._began = self._sounded_at = now
        return True
