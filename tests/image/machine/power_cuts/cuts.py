"""Power cuts: QEMU's card as a pulled plug leaves it at a seeded moment has to start and be right.

Run as ``python -m tests.image.machine.power_cuts.cuts ROUNDS [SEED [JOBS]]``; each round says what
was cut, when, and what was found. What was found is kept with the image's sum and the seed: the
same command goes on where it was ended, and refuses another image or seed.
"""

import hashlib
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import click

from tests.image.machine.guest.emulator import BUILD
from tests.image.machine.power_cuts.cards import Cards
from tests.image.machine.power_cuts.due import Round, rounds_of, runs_of

FOLDER = BUILD / "cuts"
IMAGE = BUILD / "diemcau-virt.img"
PROGRESS = "progress.json"
MOST_PER_RUN = 5
"""Cuts of one run of the guest. More would be quicker, and each run is a chance of its own."""
MAX_TRIES = 3
"""Runs for the same cuts, where one came to no cut: that says nothing of the box."""


class CutAndStarted(Protocol):
    """What `Cards` does with a folder."""

    def make(self, image: Path) -> None:
        """What all rounds begin from."""

    def cut(self, rounds: tuple[Round, ...]) -> None:
        """One run of the guest, cut at these moments."""

    def start(self, due: Round) -> str:
        """What was found after that cut; raises where it is wrong."""


class AnotherImageError(Exception):
    """The folder has rounds of another image or seed, which these must not be counted with."""


@dataclass(slots=True)
class Progress:
    """What has been found so far: round by round, of one image and one seed."""

    image: str
    """SHA-256 of its file."""
    seed: int
    survived: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def due(self, rounds: int) -> list[Round]:
        """Those of the first `rounds` of which nothing is known yet."""
        known = self.survived.keys() | self.failed.keys()
        return [one for one in rounds_of(self.seed, rounds) if str(one.number) not in known]

    def keep(self, file: Path) -> None:
        """Whole or not at all."""
        part = file.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False))
        part.replace(file)


def run(
    folder: Path,
    rounds: int,
    seed: int,
    jobs: int = 2,
    *,
    image: Path = IMAGE,
    cards: CutAndStarted | None = None,
    say: Callable[[str], None] = click.echo,
) -> Progress:
    """Make the first `rounds` of `seed` in `folder`, `jobs` guests at a time; what was found.

    Raises `AnotherImageError`."""
    cards = cards or Cards(folder)
    progress = _begun(folder, image, seed, cards)
    runs = deque(runs_of(progress.due(rounds), MOST_PER_RUN))
    cut: deque[Round] = deque()
    tries: Counter[tuple[Round, ...]] = Counter()

    def found(due: Round, survived: str, error: BaseException | None) -> None:
        told = f"{due}; NOT SURVIVED: {error}" if error else survived
        (progress.failed if error else progress.survived)[str(due.number)] = told
        progress.keep(folder / PROGRESS)
        say(f"[{len(progress.survived) + len(progress.failed)} of {rounds}] {told}")

    def not_cut(group: tuple[Round, ...], error: BaseException) -> None:
        tries[group] += 1
        if tries[group] < MAX_TRIES:
            runs.append(group)
            say(f"not cut yet, {tries[group]} of {MAX_TRIES}: {_numbers(group)}: {error}")
        else:
            for due in group:
                found(due, "", error)

    with ThreadPoolExecutor(jobs) as workers:
        cutting: dict[Future[None], tuple[Round, ...]] = {}
        began: dict[Future[None], float] = {}
        starting: dict[Future[str], Round] = {}
        while cut or runs or cutting or starting:
            # What is cut is started first: cards take room.
            while (cut or runs) and len(cutting) + len(starting) < jobs:
                if cut:
                    due = cut.popleft()
                    starting[workers.submit(cards.start, due)] = due
                else:
                    group = runs.popleft()
                    run_of_guest = workers.submit(cards.cut, group)
                    cutting[run_of_guest], began[run_of_guest] = group, time.monotonic()
            _wait_for_one(cutting, starting)
            for ready in [one for one in cutting if one.done()]:
                group, error = cutting.pop(ready), ready.exception()
                seconds = time.monotonic() - began.pop(ready)
                if error is None:
                    cut.extend(group)
                    say(f"cut in one run of {seconds:.0f} s: {_numbers(group)}")
                else:
                    not_cut(group, error)
            for started in [one for one in starting if one.done()]:
                error = started.exception()
                found(starting.pop(started), "" if error else started.result(), error)
    return progress


def _numbers(group: tuple[Round, ...]) -> str:
    return f"{group[0].kind}, rounds {', '.join(str(one.number) for one in group)}"


def _wait_for_one(*tasks: Iterable[Future[Any]]) -> None:
    wait([task for group in tasks for task in group], return_when=FIRST_COMPLETED)


def _begun(folder: Path, image: Path, seed: int, cards: CutAndStarted) -> Progress:
    """Where the last run in `folder` has come to, or a new beginning."""
    file, found = folder / PROGRESS, _sum_of(image)
    if file.exists():
        progress = Progress(**json.loads(file.read_text()))
        if (progress.image, progress.seed) != (found, seed):
            raise AnotherImageError(
                f"{folder} has {len(progress.survived) + len(progress.failed)} rounds of image "
                f"{progress.image[:16]} and seed {progress.seed}; these would be of image "
                f"{found[:16]} and seed {seed}: remove that folder, or make that image again"
            )
        return progress
    cards.make(image)
    progress = Progress(found, seed)
    progress.keep(file)
    return progress


def _sum_of(image: Path) -> str:
    with image.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(rounds: int = 200, seed: int = 1, jobs: int = 2) -> int:
    """How many of how many, of which image; 1 where one was not survived, 2 for another image."""
    try:
        progress = run(FOLDER, rounds, seed, jobs)
    except AnotherImageError as error:
        click.echo(f"power cuts: {error}", err=True)
        return 2
    survived = len(progress.survived)
    told = f"of image {progress.image[:16]} and seed {seed}"
    click.echo(f"{survived} of {survived + len(progress.failed)} power cuts {told} survived")
    return 1 if progress.failed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
