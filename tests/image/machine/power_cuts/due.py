"""Which cuts are due: kinds of work in turn, each cut at a moment of chance."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from tests.image.machine.guest.emulator import Machine


@dataclass(frozen=True, slots=True)
class Work:
    """One kind: what runs (`begin`) and how many seconds later the plug may be pulled."""

    begin: Callable[[Machine], None]
    longest: float
    settled: bool
    """From a box that has settled; else from power on, the first start of its card."""


def _power_on(machine: Machine) -> None:
    machine.wait_for("diemcau: slot A version")


def _importing(machine: Machine) -> None:
    machine.wait_for("Starting diemcau-first-boot")


def _asked(command: str) -> Callable[[Machine], None]:
    def begin(machine: Machine) -> None:
        machine.ask(f"systemd-run --quiet {command}")

    return begin


WORK = {
    "start": Work(_power_on, 75.0, settled=False),
    "import": Work(_importing, 8.0, settled=False),
    "install": Work(_asked("diemcau update /run/stick/good.raucb"), 90.0, settled=True),
    "mark-good": Work(
        _asked("sh -c 'while :; do diemcau slots set-state A bad; rauc status mark-good; done'"),
        25.0,
        settled=True,
    ),
    "running": Work(_asked("true"), 20.0, settled=True),
}


@dataclass(frozen=True, slots=True)
class Round:
    """One cut that is due: `moment` (0 to 1) of its kind's longest."""

    number: int
    kind: str
    moment: float

    def __str__(self) -> str:
        return f"round {self.number}: {self.kind} cut after {self.after:.1f} s"

    @property
    def after(self) -> float:
        """Seconds from the work's beginning."""
        return self.moment * WORK[self.kind].longest


def rounds_of(seed: int, count: int) -> Iterator[Round]:
    """The kinds in turn, each at a moment of chance; the same for the same seed."""
    chance = random.Random(seed)
    for number in range(count):
        yield Round(number + 1, list(WORK)[number % len(WORK)], chance.random())


def runs_of(due: Iterable[Round], most: int) -> Iterator[tuple[Round, ...]]:
    """`due` in groups of one kind, at most `most` each, which one run of the guest serves."""
    by_kind: dict[str, list[Round]] = {kind: [] for kind in WORK}
    for one in due:
        by_kind[one.kind].append(one)
    iterators = [iter(rounds) for rounds in by_kind.values()]
    while iterators:
        for rounds in tuple(iterators):
            if group := tuple(islice(rounds, most)):
                yield group
            else:
                iterators.remove(rounds)
