"""Sound where there is too much or too little of it: pitch-wise repetition, splicing, fading.

All PCM is int16 of shape (samples, channels) at 48 kHz.
"""

import numpy as np
from numpy.typing import NDArray

RATE = 48000
Pcm = NDArray[np.int16]
Wave = NDArray[np.float32]

_STEP = 6  # the pitch is looked for at 8 kHz
_SHORTEST = RATE // 400  # 400 Hz
_LONGEST = RATE // 80  # 80 Hz
_WINDOW = RATE // 100  # 10 ms are compared
HISTORY = 2 * (_LONGEST + _WINDOW)
SEAM = RATE // 200  # 5 ms of cross-fade
FADE_S = 0.1  # repetition is silent after this


def silence(samples: int, channels: int = 2) -> Pcm:
    """Zeros of shape (samples, channels)."""
    return np.zeros((samples, channels), np.int16)


def loudness(pcm: Pcm) -> float:
    """Root mean square, of 32768."""
    if not len(pcm):
        return 0.0
    wave = pcm[:, 0].astype(np.float32)
    return float(np.sqrt(np.mean(wave * wave)))


def period(pcm: Pcm) -> int:
    """Samples after which the end of `pcm` looks most like itself (2.5 to 12.5 ms)."""
    mono = pcm[::_STEP, 0].astype(np.float32)
    window = min(_WINDOW // _STEP, len(mono) // 2)
    low, high = _SHORTEST // _STEP, min(_LONGEST // _STEP, len(mono) - window)
    if high <= low or window < 8:
        return _LONGEST
    tail = mono[len(mono) - window :]
    zone = mono[len(mono) - window - high : len(mono) - low]
    match = np.correlate(zone, tail, "valid")  # index 0 is lag `high`, the last is lag `low`
    power = np.convolve(zone * zone, np.ones(window, np.float32), "valid")
    score = match / np.sqrt(power + 1.0)
    return (high - int(np.argmax(score))) * _STEP


def _crossfade(old: Wave, new: Wave) -> Wave:
    """`old` fades into `new`; both have the same shape."""
    ramp = np.linspace(0.0, 1.0, len(old), dtype=np.float32)[:, None]
    mixed: Wave = old * (1.0 - ramp) + new * ramp
    return mixed


def _pcm(wave: Wave) -> Pcm:
    clipped: Pcm = np.clip(np.rint(wave), -32768, 32767).astype(np.int16)
    return clipped


class Concealer:
    """Repeats the last pitch period over a hole, fading out, and joins what follows on to it."""

    def __init__(self) -> None:
        self._history: Pcm = silence(HISTORY)
        self._loop: Wave = np.zeros((0, 2), np.float32)
        self._step: Wave = np.zeros(2, np.float32)
        self.concealing = False
        self._at = 0  # samples made since the hole began

    def heard(self, pcm: Pcm) -> Pcm:
        """Real sound; the same, joined without a click to what was made up before it."""
        if self.concealing and len(pcm):
            seam = min(SEAM, len(pcm))
            made_up = self._repeat(seam)
            joined = pcm.copy()
            joined[:seam] = _pcm(_crossfade(made_up, pcm[:seam].astype(np.float32)))
            pcm = joined
            self.concealing = False
        self._remember(pcm)
        return pcm

    def conceal(self, samples: int) -> Pcm:
        """`samples` of made-up sound that goes on from what was heard."""
        if not self.concealing:
            self._begin()
        made_up = _pcm(self._repeat(samples))
        self._remember(made_up)
        return made_up

    def _begin(self) -> None:
        wave = self._history.astype(np.float32)
        lag = period(self._history)
        loop = wave[-lag:].copy()
        # The loop's end must lead into its start: blend it towards what came before the start.
        seam = min(SEAM, lag // 2)
        loop[-seam:] = _crossfade(loop[-seam:], wave[-lag - seam : -lag])
        self._loop = loop
        # What was heard rarely repeats itself to the sample: the step at the join melts away.
        self._step = wave[-1] - wave[-lag - 1]
        self._at = 0
        self.concealing = True

    def _repeat(self, samples: int) -> Wave:
        at = self._at + np.arange(samples)
        self._at += samples
        gain = np.clip(1.0 - at / (FADE_S * RATE), 0.0, 1.0).astype(np.float32)[:, None]
        melt = np.clip(1.0 - at / SEAM, 0.0, 1.0).astype(np.float32)[:, None]
        faded: Wave = (self._loop[at % len(self._loop)] + self._step * melt) * gain
        return faded

    def _remember(self, pcm: Pcm) -> None:
        if len(pcm) >= HISTORY:
            self._history = pcm[-HISTORY:].copy()
        elif len(pcm):
            self._history = np.concatenate((self._history[len(pcm) :], pcm))


def shorten(pcm: Pcm) -> Pcm:
    """One pitch period less, spliced where the wave repeats itself."""
    lag = period(pcm)
    if len(pcm) < lag + SEAM:
        return pcm
    wave = pcm.astype(np.float32)
    end = len(pcm) - lag  # the last `lag` samples look like the ones before them
    join = _pcm(_crossfade(wave[end - SEAM : end], wave[len(pcm) - SEAM :]))
    return np.concatenate((pcm[: end - SEAM], join))


def lengthen(pcm: Pcm) -> Pcm:
    """One pitch period more, spliced where the wave repeats itself."""
    lag = period(pcm)
    if len(pcm) < lag + SEAM:
        return pcm
    wave = pcm.astype(np.float32)
    end = len(pcm)
    join = _pcm(_crossfade(wave[end - SEAM :], wave[end - lag - SEAM : end - lag]))
    return np.concatenate((pcm[: end - SEAM], join, pcm[end - lag :]))
