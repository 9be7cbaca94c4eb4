"""Measures a television from outside: due time to pixel, due time to loudspeaker, CPU, memory.

For the bench: `asyncio.run(measure(seconds=10, starts=5))`; by hand: `python -m tests.tv.measure`.
"""

import asyncio
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from appliance.media.tv.output import Output
from appliance.media.tv.television import Television
from services.demo.virtual import VirtualTv, virtual_tv
from tests.tv.marks import RATE, burst, onset, read_stamp, stamp

_PIECE = 0.020
_BURST_EVERY = 25
_SETTLE = 3.0
_STILL = 5.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds from the due time; CPU seconds a second and MB of the child."""

    picture_median: float
    picture_p95: float
    sound_median: float
    sound_spread: float
    sound_behind_picture: float
    sent: int
    seen: int
    cpu: float
    cpu_still: float
    """The same child before it was fed: one page that stands, and no sound."""
    pss_mb: float
    underflows: int
    clock_starts: list[int]


class Watcher:
    """Notes when each number is first seen on the screen and when each burst begins to sound."""

    def __init__(self, tv: VirtualTv) -> None:
        self.pictures: dict[int, float] = {}
        self.bursts: list[float] = []
        self._tv = tv
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator["Watcher"]:
        threads = [threading.Thread(target=self._look), threading.Thread(target=self._listen)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _look(self) -> None:
        live = self._tv.screen.live()
        while not self._ended.wait(0.001):
            number = read_stamp(live)
            if number is not None:
                self.pictures.setdefault(number, time.monotonic())

    def _listen(self) -> None:
        quiet_from = 0.0
        with self._tv.listening() as ear:
            while not self._ended.is_set():
                first, pcm = ear.read()
                begin = onset(pcm)
                if begin is not None and first + begin / RATE > quiet_from:
                    self.bursts.append(first + begin / RATE)
                    quiet_from = self.bursts[-1] + 0.1


async def feed(
    television: Television, seconds: float, *, rate: float = 30.0, jitter: float = 0.0
) -> tuple[dict[int, float], list[float]]:
    """Numbered pictures and bursts, given at their due times or up to `jitter` seconds later.

    ({number: due}, [due of each burst]).
    """
    pictures: dict[int, float] = {}
    bursts: list[float] = []
    width, height = television.size
    canvas = np.full((height * 3 // 2, width), 128, np.uint8)
    canvas[:height] = np.random.default_rng(1).integers(16, 235, (height, width))
    begin = time.monotonic() + 0.1

    async def until(due: float) -> None:
        await asyncio.sleep(due + random.uniform(0, jitter) - time.monotonic())

    async def show() -> None:
        for index in range(int(seconds * rate)):
            due = begin + index / rate
            stamp(canvas, index + 1)
            await until(due)
            pictures[index + 1] = due
            television.show(canvas, due)

    async def play() -> None:
        loud, quiet = burst(_PIECE), np.zeros((round(_PIECE * RATE), 2), np.int16)
        for index in range(int(seconds / _PIECE)):
            due = begin + index * _PIECE
            await until(due)
            marked = index % _BURST_EVERY == _BURST_EVERY // 2
            if marked:
                bursts.append(due)
            television.play((loud if marked else quiet).tobytes(), due)

    await asyncio.gather(show(), play())
    return pictures, bursts


async def measure_once(
    tv: VirtualTv,
    seconds: float = 8.0,
    *,
    size: tuple[int, int] = (1280, 720),
    output: Output | None = None,
    jitter: float = 0.0,
) -> Measured:
    """One start of a television, fed for that long."""
    television = Television(size, output, tv.environment)
    running = asyncio.create_task(television.run())
    try:
        await asyncio.sleep(_SETTLE)
        pid = television.pid
        if pid is None:
            raise RuntimeError(f"no television: {television.detail}")
        before, began = _cpu(pid), time.monotonic()
        await asyncio.sleep(_STILL)
        cpu_still = (_cpu(pid) - before) / (time.monotonic() - began)
        with Watcher(tv).watching() as watcher:
            await asyncio.sleep(1.0)  # the ear learns when samples sound
            before, began = _cpu(pid), time.monotonic()
            due, bursts = await feed(television, seconds, jitter=jitter)
            cpu = (_cpu(pid) - before) / (time.monotonic() - began)
            pss = _pss(pid)
            await asyncio.sleep(0.8)
        status = television.status
    finally:
        running.cancel()
        await asyncio.wait([running])
    seen = [(watcher.pictures[n] - at) * 1e3 for n, at in due.items() if n in watcher.pictures]
    heard = [
        min((h - at) * 1e3 for h in watcher.bursts if at - 0.1 < h)
        for at in bursts
        if any(at - 0.1 < h < at + 0.4 for h in watcher.bursts)
    ]
    return Measured(
        picture_median=median(seen),
        picture_p95=quantiles(seen, n=20)[-1],
        sound_median=median(heard),
        sound_spread=max(heard) - min(heard),
        sound_behind_picture=median(heard) - median(seen),
        sent=len(due),
        seen=len(seen),
        cpu=cpu,
        cpu_still=cpu_still,
        pss_mb=pss,
        underflows=status["underflows"],
        clock_starts=status["clock_starts"],
    )


async def measure(
    starts: int = 5,
    seconds: float = 8.0,
    *,
    size: tuple[int, int] = (1280, 720),
    output: Output | None = None,
    jitter: float = 0.0,
) -> list[Measured]:
    """Several starts, each on a display and a sound daemon of its own."""
    found = []
    for _ in range(starts):
        with virtual_tv(size) as tv:
            found.append(await measure_once(tv, seconds, size=size, output=output, jitter=jitter))
    return found


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    """Arguments: starts=N seconds=S jitter=S and any number among `Output`'s fields."""
    how = {key: float(value) for key, value in (pair.split("=") for pair in sys.argv[1:])}
    starts, seconds = int(how.pop("starts", 3)), how.pop("seconds", 6.0)
    jitter = how.pop("jitter", 0.0)
    output = replace(Output(), **how)  # type: ignore[arg-type]
    for found in asyncio.run(measure(starts, seconds, output=output, jitter=jitter)):
        sys.stdout.write(f"{found}\n")


if __name__ == "__main__":
    main()
