"""Two seconds of 440 Hz on the sound card of the TV, by the way that the product's sound takes."""

from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from hardware.boards import abilities
from hardware.vitals.identity import model
from hardware.vitals.tv_sound import TvSound

RATE = 48_000
SECONDS = 2
BLOCK = 1024
LEVEL = 0.3
"""Of full scale: heard in a room, and no fright."""


def samples() -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Two seconds, s16, one row of left and right in turn."""
    wave = np.sin(2 * np.pi * 440 * np.arange(SECONDS * RATE) / RATE)
    return np.repeat((wave * LEVEL * 32767).astype(np.int16), 2).reshape(1, -1)


def play(root: Path) -> str:
    """What came of it, in words; "played …" where the card took all."""
    sound = TvSound(root, by_usb=not abilities(model(root)).tv_sound)()
    name = sound.device or "default"
    if not sound.cards:
        return "no sound card"
    wave = samples()
    try:
        with av.open(name, "w", format="alsa") as card:
            stream = card.add_stream("pcm_s16le", rate=RATE, layout="stereo")
            for start in range(0, wave.shape[1], 2 * BLOCK):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(wave[:, start : start + 2 * BLOCK]), "s16", "stereo"
                )
                frame.sample_rate, frame.pts = RATE, start // 2
                card.mux(stream.encode(frame))
            card.mux(stream.encode(None))
    except (FFmpegError, OSError) as error:
        return f"{name}: {error}"
    return f"played at {name}"
