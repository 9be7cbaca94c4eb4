"""A camera that means no good, in front of the product's own capture, in real time.

Each camera (MJPEG, its own H.264, uncompressed) is a Video4Linux device that LD_PRELOAD plays, in a
process of its own with `Devices`, a near track and who decodes that. By seed its buffers are
damaged, empty, of another size or format, with dates of any time; it is pulled out, belongs to
somebody else, falls silent, or its driver does not come back; calls end and begin meanwhile. What
is counted: inputs, ends of the program (never), parts that failed (never), how long the picture
took to come back after each, and what was wrong for long and was told by nobody (nothing).

``python -m tests.fuzz.cameras --seconds 60`` is a part of ``make fuzz``.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.core.problems import ProblemKey
from tests.peers.camera.library import H264, JPEG, YUYV
from tests.peers.camera.process import CameraProcess, camera_process

MODES = {"MJPEG": JPEG, "H.264": H264, "YUYV": YUYV}
BUFFERS = (
    "error", "empty", "zeros", "junk", "cut", "short", "long", "random", "other", "stamps",
)  # fmt: skip
DEVICES = ("gone", "busy", "silent", "hang")
SEEN_BY_ALL = ("error", "empty", "junk")
"""Damage that can be told from a picture, whatever the format; YUYV has no wrong contents."""
EVERY = (1, 1, 2, 3, 7, 25)
MAX_RETURN_S = 10.0
"""The picture is back within this: a second attempt of a device that was opened for 2.5 s, and more
on a busy machine."""
TOLD_S = 6.5
"""What is wrong for so long is told: a driver has 5 s to come back, damage is given up after 4."""
DAMAGE_TOLD_S = 2.5
LOOK_S = 0.1
PICTURES = 3
"""So many new ones are a picture that came back."""


@dataclass
class Counts:
    """What came of some cameras."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    buffers: int = 0
    spoiled: int = 0
    pictures: int = 0
    calls: int = 0
    undecoded: int = 0
    """Packets that a far end's decoder refused: a camera's own H.264 is not decoded here."""
    returns_s: list[float] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Errors in the journal that nobody expected: a part of the capture that was made anew."""
    untold: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        """Spoiled buffers, and what the device itself did."""
        return self.spoiled + sum(self.faults[fault] for fault in DEVICES)

    @property
    def right(self) -> bool:
        """Whether all held."""
        late = max(self.returns_s, default=MAX_RETURN_S + 1) > MAX_RETURN_S
        return not (self.ends or self.failed or self.untold or late)

    def __str__(self) -> str:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.faults.items()))
        wrong = [f"END {one}" for one in self.ends] + [f"FAILED {one}" for one in self.failed]
        wrong += [f"UNTOLD {one}" for one in self.untold]
        middle, most = 0.0, 0.0
        if self.returns_s:
            middle, most = statistics.median(self.returns_s), max(self.returns_s)
        return (
            f"cameras, seed {self.seed}: {self.inputs} inputs ({self.spoiled} of {self.buffers}"
            f" buffers; faults: {kinds}), {self.calls} calls ended and begun,"
            f" {len(self.ends)} program ends, {len(self.failed)} failures of parts,"
            f" {len(self.untold)} told by nobody; {self.pictures} pictures arrived,"
            f" {self.undecoded} packets not decoded; the picture was back"
            f" {len(self.returns_s)} times, after {middle:.1f} s, {most:.1f} s at most"
            f" (bound {MAX_RETURN_S:g} s)" + "".join(f"\n  {one}" for one in wrong)
        )


class _Camera:
    """One camera, and what is done to it."""

    def __init__(
        self, name: str, process: CameraProcess, dice: random.Random, counts: Counts
    ) -> None:
        self._name, self._process, self._dice, self._counts = name, process, dice, counts
        self._answer: dict[str, Any] = {}

    def run(self, seconds: float) -> None:
        """One fault after another, for so long from the first picture on; raises EOFError where its
        program ends."""
        self._process.want(True, live=False)
        self._comes_back("the start")
        until = time.monotonic() + seconds
        while not self._answer["spoiled"] or time.monotonic() < until:
            fault = self._dice.choice((*BUFFERS, *DEVICES))
            self._counts.faults[fault] += 1
            every = self._dice.choice(EVERY)
            lasts_s = self._dice.uniform(0.3, 2.5)
            if fault in DEVICES:
                lasts_s = self._dice.choice((0.5, 1.5, 3.0, TOLD_S + 1.5))
            self._spoil(fault, every, lasts_s)
            self._process.ask(fault="", every=0)
            self._comes_back(fault)
        self._counts.pictures += self._answer["pictures"]
        self._counts.undecoded += self._answer["undecoded"]
        self._counts.buffers += self._answer["buffers"]
        self._counts.spoiled += self._answer["spoiled"]

    def _spoil(self, fault: str, every: int, lasts_s: float) -> None:
        began = time.monotonic()
        told: set[str] = set()
        self._process.ask(fault=fault, every=every)
        if fault == "busy" or self._dice.random() < 0.2:
            # A call ends and the next begins: the device is closed and opened meanwhile.
            self._counts.calls += 1
            self._process.want(False, live=False)
            time.sleep(self._dice.choice((0.0, 0.5)))
            self._process.want(True, live=False)
            began = time.monotonic()
        while time.monotonic() < began + lasts_s:
            self._answer = self._process.ask()
            told.update(self._answer["problems"])
            time.sleep(LOOK_S)
        absent = fault in DEVICES and lasts_s > TOLD_S
        damaged = fault in SEEN_BY_ALL and self._name != "YUYV" and every <= 2
        if (absent and ProblemKey.CAMERA_MISSING not in told) or (
            damaged and lasts_s > DAMAGE_TOLD_S - 0.5 and not told
        ):
            self._counts.untold.append(f"{self._name}: {fault} every {every} for {lasts_s:.1f} s")

    def _comes_back(self, after: str) -> None:
        began = time.monotonic()
        seen = self._process.ask()["pictures"]
        while True:
            self._answer = self._process.ask()
            back = self._answer["pictures"] >= seen + PICTURES
            if back and self._answer["state"] == "live" and not self._answer["on_card"]:
                break
            if time.monotonic() > began + 2 * MAX_RETURN_S:
                self._counts.ends.append(f"{self._name}: no picture after {after}: {self._answer}")
                break
            time.sleep(LOOK_S / 2)
        if after != "the start":
            self._counts.returns_s.append(time.monotonic() - began)


def run(folder: Path, seconds: float, seed: int) -> Counts:
    """All cameras, one after another, for so long together."""
    counts = Counts(seed)
    dice = random.Random(seed)
    for name, mode in MODES.items():
        log = folder / f"{name}.log"
        try:
            with camera_process(folder, mode=mode, seed=dice.randrange(2**60), log=log) as process:
                _Camera(name, process, dice, counts).run(seconds / len(MODES))
        except (EOFError, TimeoutError) as error:
            counts.ends.append(f"{name}: {error}")
        lines = log.read_text(errors="replace").splitlines()
        counts.failed += [f"{name}: {line}" for line in lines if line.startswith("ERROR")]
        counts.ends += [f"{name}: {line}" for line in lines if line.startswith("Traceback")][:1]
    return counts


def main() -> None:
    """Exit code 1 where anything of it did not hold."""
    ask = argparse.ArgumentParser(prog="python -m tests.fuzz.cameras", description=__doc__)
    ask.add_argument("--seconds", type=int, default=60)
    ask.add_argument("--seed", type=int, default=1)
    asked = ask.parse_args()
    with tempfile.TemporaryDirectory(prefix="diemcau-fuzz-") as folder:
        counts = run(Path(folder), asked.seconds, asked.seed)
    sys.stdout.write(f"{counts}\n")
    sys.exit(0 if counts.right else 1)


if __name__ == "__main__":
    main()
