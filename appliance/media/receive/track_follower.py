"""Follows whichever track is the one to show now, and hands every frame of it on."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack


class TrackFollower:
    """Reads one track at a time, so that none is left unread while it is the chosen one.

    `choose` may be said as often as one likes; `use` is called in the loop with each frame.
    """

    def __init__(self, use: Callable[[Any], None]) -> None:
        self._use = use
        self._track: MediaStreamTrack | None = None
        self._turn = asyncio.Event()

    def choose(self, track: MediaStreamTrack | None) -> None:
        """From now on this track is followed, or none."""
        if track is not self._track:
            self._track = track
            self._turn.set()

    async def run(self) -> None:
        """Follow until cancelled. A track that ends is left; errors of `use` end the run."""
        while True:
            self._turn.clear()
            reading = asyncio.create_task(self._read(self._track))
            turning = asyncio.create_task(self._turn.wait())
            try:
                await asyncio.wait({reading, turning}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    reading.result()
                    await turning
            finally:
                reading.cancel()
                turning.cancel()
                # gather, not suppress: a cancellation of our own must not be taken for theirs.
                await asyncio.gather(reading, turning, return_exceptions=True)

    async def _read(self, track: MediaStreamTrack | None) -> None:
        with suppress(MediaStreamError):
            while track is not None:
                self._use(await track.recv())
