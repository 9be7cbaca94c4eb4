"""Every moment of a recorded run as a power cut: what the next start would find on the card.

Run as ``python -m tests.image.machine.power_cuts.replay [EVERY [SEED]]``. A guest starts for the
first time, takes its site file, is marked good, installs a release, starts that and is marked good,
while QEMU logs each write and each flush to its card. Then, without an emulator, the card is made
as it was after every write (or every EVERY-th), and once more with a chance half of the writes
since the last flush lost, which is what a card may do to them. On it this machine does what the
next start does.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.provisioning.disk import find_in_force
from services.provisioning.first_boot_command import apply
from services.slots.header import read_header
from services.slots.integrity import damage
from services.slots.state import COPY_OFFSETS, SECTOR_BYTES, SLOTS, BootState, newest
from tests.image.machine.guest.bundles import SLOT_A, SLOT_B, bundle, slot_with
from tests.image.machine.guest.emulator import BUILD, ROOT, Machine, copy_of, in_tools
from tests.image.machine.guest.questions import DATA, DATA_MIB, SITE, prepare
from tests.image.machine.power_cuts.write_log import Replay, Write, empty, writes

RUN = BUILD / "replay"
NEXT = "0.1.1+209901010000"
SECRET = b"Khong-ai-biet"
BOOT = 4 * 2**20
SLOT_SIZE = SLOT_B - SLOT_A
SLOT_BEGINS = dict(zip(SLOTS, (SLOT_A, SLOT_B), strict=True))
PARTS = {"boot": (BOOT, SLOT_A - BOOT), "data": (DATA, DATA_MIB * 2**20)}
MEMORY = Path("/dev/shm")  # noqa: S108 - 128 MiB are copied for each cut
COMMAND_S = 60.0
FSCK_REPAIRED = 1
"""e2fsck(8): what is above it was not to be repaired without asking."""


def record() -> tuple[Path, Path]:
    """The card before its first start, and the log of all that was written from then on."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    prepare(card, SITE.format(port=9))
    before = RUN / "before.img"
    subprocess.run(["cp", "--sparse=always", card, before], check=True, timeout=600)
    stick = RUN / "stick"
    stick.mkdir()
    bundle(stick / "good.raucb", slot_with(RUN / "next.img", NEXT), NEXT)
    here = RUN.relative_to(ROOT)
    in_tools("mke2fs", "-q", "-t", "ext4", "-d", f"{here}/stick", f"{here}/stick.img", "640M")
    log = empty(RUN / "writes.log")
    drive = f"if=none,id=stick,file={here}/stick.img,format=raw,readonly=on"
    more = ("-drive", drive, "-device", "virtio-blk-pci,drive=stick")
    with Machine(card, *more, log=log) as machine:
        _settled(machine)
        machine.ask("mkdir -p /run/stick && mount -o ro /dev/vdb /run/stick")
        said = machine.ask("diemcau update /run/stick/good.raucb; echo code $?")
        assert "code 0" in said, said
        machine.ask("systemd-run --on-active=2 systemctl reboot")
        machine.wait_for("diemcau: slot B version")
        machine.hang_up()
        _settled(machine)
        # The log counts its writes anew with each flush.
        machine.ask("sync")
    return before, log


def _settled(machine: Machine) -> None:
    state = machine.ask("systemctl is-system-running --wait")
    assert state == "running", machine.ask("systemctl --failed --no-legend --plain")


@dataclass(slots=True)
class Judge:
    """Looks at a card as the next start does; each fault is a sentence."""

    card: Path
    whole: dict[str, bool] = field(default_factory=dict)
    """Slots that were read and found whole, until they are written to again."""

    def state(self) -> BootState:
        """What U-Boot's script would read."""
        with self.card.open("rb") as disk:
            copies = []
            for place in COPY_OFFSETS:
                disk.seek(place)
                copies.append(disk.read(SECTOR_BYTES))
        return newest((copies[0], copies[1]))[0]

    def forget(self, slots: Iterable[str]) -> None:
        """They were written to."""
        for slot in slots:
            self.whole.pop(slot, None)

    def slot(self) -> str:
        """The slot that would start has to be whole."""
        chosen = self.state().primary()
        if self.whole.get(chosen):
            return ""
        part = MEMORY / "replay-slot.img"
        _cut_out(self.card, SLOT_BEGINS[chosen], SLOT_SIZE, part)
        with part.open("rb") as file:
            header = read_header(file)
            fault = damage(file, header) if header else "no header"
        part.unlink()
        self.whole[chosen] = not fault
        return f"slot {chosen} would start: {fault}" if fault else ""

    def settings(self) -> str:
        """After first boot the settings are in force and the secret is there, wherever it was."""
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            parts = {name: Path(folder) / f"{name}.img" for name in PARTS}
            for name, (begin, size) in PARTS.items():
                _cut_out(self.card, begin, size, parts[name])
            checked = _run("e2fsck", "-p", parts["data"])
            if checked.returncode > FSCK_REPAIRED:
                return f"data: e2fsck says {checked.returncode}: {checked.stdout[-300:]}"
            boot = _site_file_of(parts["boot"])
            with mounted(parts["data"]) as data:
                try:
                    # Without the second copy: the first has to be whole by itself.
                    apply(boot, data, os.getgid(), "-")
                except OSError as error:
                    return f"first boot fails: {error}"
                return _in_force(boot, data)


def _in_force(boot: Path, data: Path) -> str:
    kept = find_in_force(data)
    if kept is None:
        return "no settings in force"
    if kept.secrets.get("sip-password") != SECRET:
        return f"the secret is {kept.secrets.get('sip-password')!r}"
    blank = SECRET not in (boot / "site.toml").read_bytes()
    return "" if blank else "the secret is still on the boot partition"


def _site_file_of(image: Path) -> Path:
    """The card's site file in a folder, by mtools: not every machine's kernel reads FAT."""
    folder = image.with_suffix("")
    folder.mkdir()
    in_tools("mcopy", "-n", "-i", str(image), "::site.toml", str(folder / "site.toml"))
    return folder


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """`image` as a folder, by a loop device."""
    folder = image.with_suffix("")
    folder.mkdir()
    done = _run("mount", "-o", "loop", image, folder)
    assert done.returncode == 0, done.stdout
    try:
        yield folder
    finally:
        _run("umount", folder)


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=COMMAND_S)  # fmt: skip


def _cut_out(card: Path, begin: int, size: int, out: Path) -> None:
    with card.open("rb") as source, out.open("wb") as target:
        source.seek(begin)
        while size > 0 and (part := source.read(min(size, 1 << 22))):
            target.write(part)
            size -= len(part)


def cuts(before: Path, log: Path, every: int, seed: int) -> tuple[int, list[str]]:
    """How many cuts were looked at, and what was wrong after which of them."""
    card = RUN / "replayed.img"
    shutil.copy(before, card)
    judge, chance = Judge(card), random.Random(seed)
    looked, faults, due = 0, [], 0
    with Replay(log, card) as replay:
        for number, write in enumerate(writes(log)):
            startable = [slot for slot in SLOTS if judge.state().attempts(slot)]
            replay.do(write)
            touched = _slots_of(write)
            judge.forget(touched)
            faults += [f"write {number}: into slot {slot}, which may be started"
                       for slot in touched if slot in startable]  # fmt: skip
            if touched:
                continue
            due += 1
            if due % every:
                continue
            looked += 1
            faults += [f"write {number}, in order: {fault}" for fault in _look(judge)]
            unsure = [slot for loose in replay.loose() for slot in _slots_of(loose)]
            with replay.without_some(chance) as gone:
                if gone:
                    judge.forget(unsure)
                    looked += 1
                    faults += [f"write {number}, some lost: {fault}" for fault in _look(judge)]
                    judge.forget(unsure)
    return looked, faults


def _slots_of(write: Write) -> list[str]:
    return [slot for slot, begin in SLOT_BEGINS.items() if write.touches(begin, begin + SLOT_SIZE)]


def _look(judge: Judge) -> list[str]:
    return [fault for fault in (judge.slot(), judge.settings()) if fault]


def main(every: int = 1, seed: int = 1) -> int:
    """Record, cut, tell; 1 where anything was found."""
    before, log = record()
    looked, faults = cuts(before, log, every, seed)
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(f"{looked} power cuts of {sum(1 for _ in writes(log))} writes and flushes:"
                     f" {len(faults)} faults\n")  # fmt: skip
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
