"""``python -m tests.benchmark.loss``: our receive side and aiortc's on the same lossy lines.

A far end of a conference system's kind sends counted pictures and a tone (plain RTP; PLI and FIR
are heeded, nothing is ever sent again) over a line that loses, delays and reorders, alike for
both. On a virtual clock with real codecs: a loaded machine changes no figure. Writes
build/bench-loss.json and build/bench-loss.md.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmark.loss.figures import Listener
from tests.benchmark.loss.stock import Stock
from tests.fast_loop import play
from tests.media.lossy_path import LossyPath
from tests.media.virtual_call import Line, Ours, Receiver

BUILD = Path(__file__).parents[3] / "build"
DELAY_S = 0.02  # each way
SETTLED_S = 2.0  # first keyframe, first sound
FORMATS = {"video": (96, "H264", 90000), "audio": (9, "G722", 8000)}
HEEDED = frozenset({"nack pli", "ccm fir"})
RECEIVERS: dict[str, Callable[[Line, Callable[[], None]], Receiver]] = {
    "ours": Ours,
    "aiortc": Stock,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One line: single losses at `lost` seconds, or `loss` at random with `jitter_s`."""

    name: str
    seconds: float
    lost: tuple[float, ...] = ()
    loss: float = 0.0
    jitter_s: float = 0.0

    def way(self) -> LossyPath:
        """The way to the listener; the same for each that is made."""
        way = LossyPath(seed=7, delay_s=DELAY_S, loss=self.loss, jitter_s=self.jitter_s)
        due = list(self.lost)

        def drops(number: int, datagram: bytes) -> bool:
            del number, datagram
            if due and asyncio.get_running_loop().time() >= due[0]:
                due.pop(0)
                return True
            return False

        way.drops = drops
        return way


CASES = (
    Case("none lost", 15.0),
    # So far apart since stock aiortc needs 3.6 s for one.
    Case("one packet, three times", 26.0, lost=(6.01, 13.02, 20.03)),
    Case("one packet of a keyframe", 12.0, lost=(5.01,)),
    *(Case(f"{loss} %, 40 ms jitter", 60.0, loss=loss / 100, jitter_s=0.04) for loss in (2, 5, 10)),
)


def heard(case: Case, who: str) -> Listener:
    """One receiver on that line."""
    listener = Listener()
    for kind, codec in FORMATS.items():
        line = Line(case.way(), LossyPath(delay_s=DELAY_S), kind, codec, HEEDED, RECEIVERS[who])
        play(line.call(case.seconds))
        newest = -1
        for at, number in line.seen.pictures:
            # A marred picture that still shows an older one is none that anybody would count.
            if number > newest:
                newest = number
                listener.pictures.append(at)
        listener.sounds += zip(line.seen.sounds, line.seen.wave, strict=True)
    return listener


def measure(case: Case) -> dict[str, dict[str, Any]]:
    """Both receivers on that line."""
    ended = case.seconds - DELAY_S - 0.3
    return {who: heard(case, who).figures(SETTLED_S, ended).plain() for who in RECEIVERS}


def markdown(run: dict[str, Any]) -> str:
    """One line a case and receiver."""
    lines = [
        "| line | receiver | pictures | freezes | frozen s | longest s | sound gaps | silent s |"
        " longest s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, case in run.items():
        for who, one in case.items():
            numbers = " | ".join(f"{value:g}" for value in one.values())
            lines.append(f"| {name} | {who} | {numbers} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure; the exit code says whether it could be, not how good it is."""
    run = {}
    for case in CASES:
        sys.stderr.write(f"bench: {case.name}\n")
        run[case.name] = measure(case)
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench-loss.json").write_text(json.dumps(run, indent=1) + "\n")
    (BUILD / "bench-loss.md").write_text(markdown(run))
    sys.stdout.write(markdown(run))


if __name__ == "__main__":
    main()
