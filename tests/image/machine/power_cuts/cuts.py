"""Power cuts: QEMU is killed at a seeded moment of its work, then has to start and be right.

Run as ``python -m tests.image.machine.power_cuts.cuts ROUNDS [SEED [JOBS [FIRST]]]``; each round
says what was cut, when, and what was found; FIRST goes on with a run that was ended before that
round. What the guest had handed to its disk stays there, in order: that a card's own controller
loses or reorders it is not shown by this.
"""

import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click

from tests.image.machine.guest.bundles import bundle, slot_with
from tests.image.machine.guest.emulator import BUILD, ROOT, Machine, copy_of, in_tools
from tests.image.machine.guest.questions import SITE, prepare, with_data

RUN = BUILD / "cuts"
NEXT = "0.1.1+209901010000"
SETTLED = "settled"
SECRET = "Khong-ai-biet"
SCREEN = (640, 360)
"""As large as the site's canvas: to enlarge a page that stands still costs the emulator half a core
of its two, for as long as the box is on."""
LOUD = "systemd.show_status=1 SYSTEMD_COLORS=0"
"""Each unit is named on the serial line as it starts, in plain text: what a cut can be aimed at."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One kind of cut: what runs (`begin`) and how many seconds later the plug may be pulled."""

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


CUTS = {
    "start": Cut(_power_on, 75.0, settled=False),
    "import": Cut(_importing, 8.0, settled=False),
    "install": Cut(_asked("diemcau update /run/stick/good.raucb"), 90.0, settled=True),
    "mark-good": Cut(
        _asked("sh -c 'while :; do diemcau slots set-state A bad; rauc status mark-good; done'"),
        25.0,
        settled=True,
    ),
    "running": Cut(_asked("true"), 20.0, settled=True),
}


def card_with_everything() -> None:
    """A new card with a site file, a stick with a bundle, and a box that has settled, kept with
    its memory as the snapshot of a disk."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    with_data(card)
    prepare(card, SITE.format(port=9), kernel_words=LOUD)
    stick = RUN / "stick"
    stick.mkdir()
    bundle(stick / "good.raucb", slot_with(RUN / "next.img", NEXT), NEXT)
    here = RUN.relative_to(ROOT)
    in_tools("mke2fs", "-q", "-t", "ext4", "-d", f"{here}/stick", f"{here}/stick.img", "640M")
    in_tools("qemu-img", "convert", "-O", "qcow2", f"{here}/stick.img", f"{here}/stick.qcow2")
    in_tools("qemu-img", "convert", "-O", "qcow2", f"{here}/card.img", f"{here}/new.qcow2")
    shutil.copy(RUN / "new.qcow2", RUN / "settled.qcow2")
    with _machine(RUN / "settled.qcow2") as machine:
        _settle(machine)
        machine.ask("mkdir -p /run/stick && mount -o ro /dev/vdb /run/stick && sync")
        said = machine.tell(f"savevm {SETTLED}")
        assert "rror" not in said, said


@dataclass(frozen=True, slots=True)
class Round:
    """One cut that is due: `moment` (0 to 1) of its kind's longest."""

    number: int
    kind: str
    moment: float

    def __str__(self) -> str:
        return f"round {self.number}: {self.kind} cut after {self.moment * self.longest:.1f} s"

    @property
    def longest(self) -> float:
        """Seconds."""
        return CUTS[self.kind].longest


def rounds_of(seed: int, count: int) -> Iterator[Round]:
    """The kinds in turn, each at a moment of chance; the same for the same seed."""
    chance = random.Random(seed)
    for number in range(count):
        yield Round(number + 1, list(CUTS)[number % len(CUTS)], chance.random())


def cut_and_start(due: Round) -> str:
    """What was found after the cut; raises where that is wrong, and leaves the disk for people."""
    began = time.monotonic()
    cut = CUTS[due.kind]
    folder = RUN / f"round-{due.number}"
    folder.mkdir()
    disk = folder / "card.qcow2"
    base, more = ("settled", ("-loadvm", SETTLED)) if cut.settled else ("new", ())
    subprocess.run(["cp", "--sparse=always", RUN / f"{base}.qcow2", disk], check=True, timeout=600)
    with _machine(disk, *more) as machine:
        cut.begin(machine)
        time.sleep(due.moment * cut.longest)
    with _machine(disk) as machine:
        state = _settle(machine)
        _right(machine)
    shutil.rmtree(folder)
    return f"{due}; started, {state}; {time.monotonic() - began:.0f} s"


def _machine(disk: Path, *more: str) -> Machine:
    stick = (
        f"if=none,id=stick,file={(RUN / 'stick.qcow2').relative_to(ROOT)},format=qcow2,readonly=on"
    )
    more = ("-drive", stick, "-device", "virtio-blk-pci,drive=stick", *more)
    return Machine(disk, *more, screen=SCREEN)


def _settle(machine: Machine) -> str:
    state = machine.ask("systemctl is-system-running --wait")
    assert state == "running", machine.ask("systemctl --failed; journalctl -b -p warning -n 40")
    return machine.ask("diemcau slots show").splitlines()[0]


def _right(machine: Machine) -> None:
    """Settings whole and in force, the secret taken, the running slot good, the disk sound."""
    assert machine.ask("cat /data/site/secrets/sip-password") == SECRET
    assert machine.ask("diemcau check /data/site/site.toml >/dev/null; echo $?") == "0"
    running = machine.ask("sed 's/.*rauc.slot=\\([AB]\\).*/\\1/' /proc/cmdline")
    state = machine.ask("diemcau slots show")
    assert re.search(rf"attempts left: .*{running} 3", state), state
    assert "rw," in machine.ask("grep ' /data ' /proc/mounts")
    errors = machine.ask("cat /sys/fs/ext4/vda4/errors_count")
    assert errors == "0", f"{errors} errors of the file system"


def run(
    rounds: int,
    seed: int,
    jobs: int = 1,
    first: int = 1,
    *,
    say: Callable[[str], None] = click.echo,
) -> int:
    """Give how many of the cuts from `first` to `rounds` were survived; each that was not is said
    with its reason."""
    card_with_everything()
    survived = 0
    with ThreadPoolExecutor(jobs) as workers:
        done: dict[Future[str], Round] = {
            workers.submit(cut_and_start, due): due
            for due in islice(rounds_of(seed, rounds), first - 1, None)
        }
        for one in as_completed(done):
            error = one.exception()
            if error is None:
                survived += 1
            say(one.result() if error is None else f"{done[one]}; NOT SURVIVED: {error}")
    return survived


if __name__ == "__main__":
    rounds, seed, jobs, first = (*map(int, sys.argv[1:]), *(200, 1, 2, 1)[len(sys.argv) - 1 :])
    survived, due = run(rounds, seed, jobs, first), rounds - first + 1
    sys.stdout.write(f"{survived} of {due} power cuts survived\n")
    sys.exit(survived != due)
