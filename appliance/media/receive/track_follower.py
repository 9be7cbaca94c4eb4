"""Reads the track that is to be shown now, and passes on each of its frames."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack


class TrackFollower:
    """Reads one chosen track at a time; `use` is called in the loop with each of its frames.

    `choose` may be called as often as one likes.
    """

    def __init__(self, use: Callable[[Any], None]) -> None:
        self._use = use
        self._track: MediaStreamTrack | None = None
        self._chosen = asyncio.Event()

    def choose(self, track: MediaStreamTrack | None) -> None:
        """Read this track from now on, or none."""
        if track is not self._track:
            self._track = track
            self._chosen.set()

    async def run(self) -> None:
        """Read until cancelled. A track may end; an error of `use` ends the run."""
        while True:
            self._chosen.clear()
            reading = asyncio.create_task(self._read(self._track))
            choosing = asyncio.create_task(self._chosen.wait())
            try:
                await asyncio.wait({reading, choosing}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    reading.result()
                    await choosing
            finally:
                reading.cancel()
                choosing.cancel()
                # gather, not suppress: a cancellation of our own must not be taken for theirs.
                await asyncio.gather(reading, choosing, return_exceptions=True)

    async def _read(self, track: MediaStreamTrack | None) -> None:
        with suppress(MediaStreamError):
            while track is not None:
                self._use(await track.recv())
