"""The cards of the power cuts: two to begin from, one after each cut, and what is right on it.

A box that has settled is made once and kept, its disk and its memory; each run goes on from there.
A run is cut at several moments: QEMU is stopped, its disk copied, and let go on. The copy has the
very bytes that are left when QEMU is killed then: what the guest has flushed is there, of what it
has not, QEMU may have kept some to itself. That a card's own controller loses more is not shown by
this.
"""

import hashlib
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.image.machine.guest.bundles import bundle, slot_with
from tests.image.machine.guest.emulator import ROOT, Machine, copy_of, in_tools
from tests.image.machine.guest.questions import SITE, prepare, with_data
from tests.image.machine.power_cuts.due import WORK, Round

NEXT = "0.1.1+209901010000"
SECRET = "Khong-ai-biet"
SCREEN = (640, 360)
"""As large as the site's canvas: to enlarge a page that stands still costs the emulator half a core
of its two, for as long as the box is on."""
LOUD = "systemd.show_status=1 SYSTEMD_COLORS=0"
"""Each unit is named on the serial line as it starts, in plain text: what a cut can be aimed at."""
COMMAND_S = 600.0
STARTED = "started"
"""A folder with the sum of each card that has started, and the round that it was."""


@dataclass(frozen=True, slots=True)
class Cards:
    """All that is in `folder`, below the checkout."""

    folder: Path

    def make(self, image: Path) -> None:
        """A new card with a site file, a stick with a bundle, and a box that has settled."""
        card = copy_of(image, self.folder)
        with_data(card)
        prepare(card, SITE.format(port=9), kernel_words=LOUD)
        stick = self.folder / "stick"
        stick.mkdir()
        bundle(stick / "good.raucb", slot_with(self.folder / "next.img", NEXT), NEXT)
        here = self._here
        in_tools("mke2fs", "-q", "-t", "ext4", "-d", f"{here}/stick", f"{here}/stick.img", "640M")
        for name, out in (("stick", "stick"), ("card", "new"), ("card", "settled")):
            words = ("-O", "qcow2", f"{here}/{name}.img", f"{here}/{out}.qcow2")
            in_tools("qemu-img", "convert", *words)
        with self._machine(self.folder / "settled.qcow2") as machine:
            _settle(machine)
            _right(machine)
            machine.ask("mkdir -p /run/stick && mount -o ro /dev/vdb /run/stick && sync")
            machine.hang_up()
            said = machine.tell(f"migrate file:{here}/settled.memory")
            assert "rror" not in said, said
            assert "completed" in machine.tell("info migrate"), machine.tell("info migrate")
        for left in ("card.img", "stick.img", "next.img", "data.img"):
            (self.folder / left).unlink()

    def cut(self, rounds: tuple[Round, ...]) -> None:
        """One run of one kind of work; the card as it is at the moment of each of `rounds`."""
        work = WORK[rounds[0].kind]
        run = self._empty(f"run-{rounds[0].number}")
        base = "settled" if work.settled else "new"
        words = ("-b", f"../{base}.qcow2", "-F", "qcow2", f"{run.relative_to(ROOT)}/card.qcow2")
        in_tools("qemu-img", "create", "-q", "-f", "qcow2", *words)
        more = ("-incoming", f"file:{self._here}/settled.memory") if work.settled else ()
        with self._machine(run / "card.qcow2", *more) as machine:
            work.begin(machine)
            began = time.monotonic()
            for due in sorted(rounds, key=lambda one: one.moment):
                time.sleep(max(began + due.after - time.monotonic(), 0.0))
                stopped = time.monotonic()
                with machine.frozen():
                    _copy(run / "card.qcow2", self._empty(f"round-{due.number}") / "card.qcow2")
                began += time.monotonic() - stopped
        shutil.rmtree(run)

    def start(self, due: Round) -> str:
        """What was found on the card after the cut; raises where that is wrong, and leaves the card
        for people.

        Where nothing was written between two cuts the cards are the same to the byte: such a one
        was started already, and is not started again."""
        began = time.monotonic()
        folder = self.folder / f"round-{due.number}"
        known = self.folder / STARTED / _sum_of(folder / "card.qcow2")
        if known.exists():
            shutil.rmtree(folder)
            return f"{due}; the same card as that of {known.read_text()}"
        with self._machine(folder / "card.qcow2") as machine:
            machine.ask("true")
            shell = time.monotonic() - began
            state = _settle(machine)
            settled = time.monotonic() - began
            _right(machine)
        known.parent.mkdir(exist_ok=True)
        known.write_text(f"round {due.number}, which started, {state}")
        shutil.rmtree(folder)
        took = f"{shell:.0f} s to a shell, {settled:.0f} s to settled"
        return f"{due}; started, {state}; {took}, {time.monotonic() - began:.0f} s in all"

    @property
    def _here(self) -> Path:
        return self.folder.relative_to(ROOT)

    def _empty(self, name: str) -> Path:
        """A folder beside the cards that it is made of."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def _machine(self, disk: Path, *more: str) -> Machine:
        stick = f"if=none,id=stick,file={self._here}/stick.qcow2,format=qcow2,readonly=on"
        words = ("-drive", stick, "-device", "virtio-blk-pci,drive=stick", *more)
        # Of two guests side by side none waits for a core that the other has.
        return Machine(disk, *words, screen=SCREEN, cores=1)


def _sum_of(card: Path) -> str:
    with card.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> None:
    words = ("cp", "--sparse=always", source, target)
    subprocess.run(words, check=True, timeout=COMMAND_S)


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
