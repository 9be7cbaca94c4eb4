"""Looks at a television's pixels and listens at its loudspeaker, from outside."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from services.demo.virtual import RATE, VirtualTv
from tests.code_picture import CELLS, LEFT, MIDDLE, RIGHT, TOP, Code, read
from tests.tv.marks import onset

POLL_INTERVAL_S = 0.001
"""Between two looks at the screen: the most by which a picture is seen late."""


class Watcher:
    """Notes when each code is first on the screen and when each tone begins to sound."""

    def __init__(self, tv: VirtualTv) -> None:
        self.seen: dict[Code, float] = {}
        self.heard: list[float] = []
        self._tv = tv
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator["Watcher"]:
        """Watch until the block ends."""
        threads = [threading.Thread(target=self._look), threading.Thread(target=self._listen)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def first(self, who: int) -> float | None:
        """When the first picture of this sender was seen."""
        return min((at for code, at in list(self.seen.items()) if code.who == who), default=None)

    def times(self, who: int) -> list[float]:
        """When each new picture of this sender was seen, in order."""
        return sorted(at for code, at in list(self.seen.items()) if code.who == who)

    def _look(self) -> None:
        live = self._tv.screen.live()
        height, width = live.shape[:2]
        columns = width * (LEFT + (RIGHT - LEFT) * (np.arange(CELLS) + 0.5) / CELLS)
        across, upper = columns.astype(int), round(height * (TOP + MIDDLE) / 2)
        before = b""
        while not self._ended.wait(POLL_INTERVAL_S):
            # Sixteen pixels tell whether a closer look is worth its time.
            glance = (live[upper, across, 1] // 64).tobytes()
            if glance == before:
                continue
            at = time.monotonic()
            code = read(live[:, :, 1])
            if code is not None:
                before = glance
                self.seen.setdefault(code, at)

    def _listen(self) -> None:
        quiet_from = 0.0
        with self._tv.listening() as ear:
            while not self._ended.is_set():
                first, pcm = ear.read()
                begin = onset(pcm)
                if begin is not None and first + begin / RATE > quiet_from:
                    self.heard.append(first + begin / RATE)
                    quiet_from = self.heard[-1] + 0.1
