"""A tone that says who sends it, and an ear that finds it in whatever else there is."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
SITE_HERTZ, GUEST_HERTZ = 620.0, 1060.0
HEARD = 0.25
"""Of the sound's energy, in the tone's own band: what counts as heard."""
QUIET = 30.0
"""RMS of s16 below which nothing sounds at all."""


def write_beeps(path: Path, hertz: float, *, seconds: float = 8.0) -> Path:
    """A WAV, mono 48 kHz, with four beeps a second.

    Beeps, since a browser's noise suppression takes a tone that stands for the hum of a fan.
    """
    at = np.arange(round(seconds * RATE)) / RATE
    beep = np.clip(np.sin(2 * np.pi * 4 * at) * 4 + 1, 0, 1)
    samples = (14_000 * np.sin(2 * np.pi * hertz * at) * beep).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


def loudness(pcm: NDArray[np.int16]) -> float:
    """RMS of (samples, channels) or (samples,) s16."""
    return float(np.sqrt(np.mean(np.square(pcm.astype(np.float64))))) if pcm.size else 0.0


def share(pcm: NDArray[np.int16], hertz: float) -> float:
    """Which part of the energy lies within 40 Hz of the tone, 0 to 1; 0 where nothing sounds."""
    if loudness(pcm) < QUIET:
        return 0.0
    mono = pcm.astype(np.float64)
    mono = mono.mean(axis=1) if mono.ndim == 2 else mono
    power = np.abs(np.fft.rfft(mono * np.hanning(len(mono)))) ** 2
    pitches = np.fft.rfftfreq(len(mono), 1 / RATE)
    near = np.abs(pitches - hertz) < 40
    return float(power[near].sum() / power.sum())
