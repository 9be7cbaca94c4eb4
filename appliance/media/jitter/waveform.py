"""Concealment and time stretching of sound, one pitch period at a time.

All PCM is int16 of shape (samples, channels) at 48 kHz.
"""

import numpy as np
from numpy.typing import NDArray

RATE = 48000
Pcm = NDArray[np.int16]
Wave = NDArray[np.float32]

_STEP = 6  # the pitch is searched at 8 kHz
_SHORTEST = RATE // 400  # 400 Hz
_LONGEST = RATE // 80  # 80 Hz
_WINDOW = RATE // 100  # 10 ms are compared
HISTORY_SAMPLES = 2 * (_LONGEST + _WINDOW)
CROSSFADE = RATE // 200  # 5 ms of cross-fade
FADE_S = 0.1  # repetition is silent after this


def silence(samples: int, channels: int = 2) -> Pcm:
    """Zeros of shape (samples, channels)."""
    return np.zeros((samples, channels), np.int16)


def loudness(pcm: Pcm) -> float:
    """Root mean square of the first channel; full scale is 32768."""
    if not len(pcm):
        return 0.0
    wave = pcm[:, 0].astype(np.float32)
    return float(np.sqrt(np.mean(wave * wave)))


def period(pcm: Pcm) -> int:
    """The pitch period at the end of `pcm` in samples (2.5 to 12.5 ms), by autocorrelation."""
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
    """Repeats the last pitch period over lost sound, fading out, and joins the next sound to it."""

    def __init__(self) -> None:
        self._history: Pcm = silence(HISTORY_SAMPLES)
        self._loop: Wave = np.zeros((0, 2), np.float32)
        self._step: Wave = np.zeros(2, np.float32)
        self.concealing = False
        self._at = 0  # samples concealed in this loss

    def received(self, pcm: Pcm) -> Pcm:
        """Take received sound; returns it joined without a click to concealed sound before it."""
        if self.concealing and len(pcm):
            seam = min(CROSSFADE, len(pcm))
            concealed = self._repeat(seam)
            joined = pcm.copy()
            joined[:seam] = _pcm(_crossfade(concealed, pcm[:seam].astype(np.float32)))
            pcm = joined
            self.concealing = False
        self._remember(pcm)
        return pcm

    def conceal(self, samples: int) -> Pcm:
        """`samples` of sound that continues what was received."""
        if not self.concealing:
            self._begin()
        concealed = _pcm(self._repeat(samples))
        self._remember(concealed)
        return concealed

    def _begin(self) -> None:
        wave = self._history.astype(np.float32)
        lag = period(self._history)
        loop = wave[-lag:].copy()
        # The loop's end must lead into its start: blend it towards what came before the start.
        seam = min(CROSSFADE, lag // 2)
        loop[-seam:] = _crossfade(loop[-seam:], wave[-lag - seam : -lag])
        self._loop = loop
        # Sound rarely repeats exactly: the step at the join fades out.
        self._step = wave[-1] - wave[-lag - 1]
        self._at = 0
        self.concealing = True

    def _repeat(self, samples: int) -> Wave:
        at = self._at + np.arange(samples)
        self._at += samples
        gain = np.clip(1.0 - at / (FADE_S * RATE), 0.0, 1.0).astype(np.float32)[:, None]
        fade = np.clip(1.0 - at / CROSSFADE, 0.0, 1.0).astype(np.float32)[:, None]
        faded: Wave = (self._loop[at % len(self._loop)] + self._step * fade) * gain
        return faded

    def _remember(self, pcm: Pcm) -> None:
        if len(pcm) >= HISTORY_SAMPLES:
            self._history = pcm[-HISTORY_SAMPLES:].copy()
        elif len(pcm):
            self._history = np.concatenate((self._history[len(pcm) :], pcm))


def shorten(pcm: Pcm) -> Pcm:
    """One pitch period less, spliced where the wave repeats itself."""
    lag = period(pcm)
    if len(pcm) < lag + CROSSFADE:
        return pcm
    wave = pcm.astype(np.float32)
    end = len(pcm) - lag  # the last `lag` samples look like the ones before them
    join = _pcm(_crossfade(wave[end - CROSSFADE : end], wave[len(pcm) - CROSSFADE :]))
    return np.concatenate((pcm[: end - CROSSFADE], join))


def lengthen(pcm: Pcm) -> Pcm:
    """One pitch period more, spliced where the wave repeats itself."""
    lag = period(pcm)
    if len(pcm) < lag + CROSSFADE:
        return pcm
    wave = pcm.astype(np.float32)
    end = len(pcm)
    join = _pcm(_crossfade(wave[end - CROSSFADE :], wave[end - lag - CROSSFADE : end - lag]))
    return np.concatenate((pcm[: end - CROSSFADE], join, pcm[end - lag :]))
