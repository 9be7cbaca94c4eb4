"""Raspberry Pis as QEMU has them: our very card for a Pi in its own U-Boot and device tree.

Of a board there are processor, memory, card reader, GPIO and the firmware's framebuffer. There are
no firmware files, no vc4 (the compositor draws for a TV that nobody sees), no network; the watchdog
restarts the board as soon as it is started (hw/misc/bcm2835_powermgt.c), so systemd is to leave it.
Of a Pi 4 only what U-Boot does can be seen: the card is in the reader that is Wi-Fi's on the board,
and there Linux hangs.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.image.machine.guest.emulator import BUILD, LOG, ROOT, Emulator, copy_of, in_tools
from tests.image.machine.guest.questions import drop_in, prepare

LOADER = "u-boot.bin"
WORDS = (
    "systemd.watchdog_sec=0",
    drop_in("diemcau-screen", "[Service]\nEnvironment=WLR_BACKENDS=headless\n"),
)


@dataclass(frozen=True, slots=True)
class Model:
    """QEMU's machine, the tree that the firmware loads for it, and the revision it writes there."""

    machine: str
    tree: str
    revision: str
    """Hexadecimal; gpiozero asks for it."""


PI_3 = Model("raspi3b", "bcm2837-rpi-3-b.dtb", "a02082")
PI_4 = Model("raspi4b", "bcm2711-rpi-4-b.dtb", "b03115")


def card_for(folder: Path, site: str | None) -> Path:
    """The Pi's image on a card of its own, with `site`."""
    card = copy_of(BUILD / "diemcau-rpi.img", folder)
    fit(card)
    prepare(card, site, kernel_words=" ".join(WORDS), flavour="rpi", tty="ttyS1")
    return card


def fit(card: Path) -> None:
    """The emulated reader takes no card whose size is not a power of two."""
    size = card.stat().st_size
    with card.open("r+b") as disk:
        disk.truncate(1 << (size - 1).bit_length())


class RaspberryPi(Emulator):
    """A Pi with `card`; what its firmware loads from our image is put beside that."""

    def __init__(self, card: Path, model: Model = PI_3, *, prefix: str | None = None) -> None:
        """`prefix` is the card's ``os_prefix``, which the firmware follows and tells in the tree;
        None for the set that was flashed."""
        here = card.parent.relative_to(ROOT)
        tree = f"{here}/{model.tree}"
        image = (BUILD / "diemcau-rpi.img").relative_to(ROOT)
        taken_from = f"{image}@@4M" if prefix is None else f"{card.relative_to(ROOT)}@@4M"
        names = [f"::{prefix or ''}{name}" for name in (LOADER, model.tree)]
        in_tools("mcopy", "-o", "-i", taken_from, *names, str(here))
        if prefix is not None:
            in_tools("fdtput", "-c", tree, "/chosen")
            in_tools("fdtput", "-t", "s", tree, "/chosen", "os_prefix", prefix)
        in_tools("fdtput", "-c", tree, "/system")
        in_tools("fdtput", "-t", "x", tree, "/system", "linux,revision", model.revision)
        super().__init__(
            card.parent,
            *("-M", model.machine, "-kernel", f"{here}/{LOADER}", "-dtb", tree),
            *("-drive", f"if=sd,format=raw,file={here}/{card.name}"),
            *("-serial", "chardev:serial", "-serial", "chardev:console"),
        )
        # U-Boot speaks where the shell does: nobody may ask before it is done.
        self.serial = self.folder / LOG
        self.serial.unlink(missing_ok=True)
