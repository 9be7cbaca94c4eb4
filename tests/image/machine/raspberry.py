"""A Raspberry Pi 3B, as QEMU has it: our very card for a Pi in its own U-Boot and device tree.

Of the board there are processor, memory, card reader, GPIO and the firmware's framebuffer. There
are no firmware files, no vc4 (the compositor draws for a TV that nobody sees), no network; the
watchdog restarts the board as soon as it is started (hw/misc/bcm2835_powermgt.c), so systemd is
told to leave it.
"""

from pathlib import Path

from tests.image.machine.emulator import BUILD, LOG, ROOT, Emulator, copy_of, in_tools
from tests.image.machine.questions import drop_in, prepare

TREE = "bcm2837-rpi-3-b.dtb"
LOADER = "u-boot.bin"


REVISION = "a02082"
"""Of a 3B; the firmware writes it into the tree, and gpiozero asks for it."""
WORDS = (
    "systemd.watchdog_sec=0",
    drop_in("diemcau-screen", "[Service]\nEnvironment=WLR_BACKENDS=headless\n"),
)


def card_for(folder: Path, site: str | None) -> Path:
    """The Pi's image on a card of its own, with `site`."""
    card = copy_of(BUILD / "diemcau-rpi.img", folder)
    fit(card)
    firmware(folder)
    prepare(card, site, kernel_words=" ".join(WORDS), flavour="rpi", tty="ttyS1")
    return card


def fit(card: Path) -> None:
    """The emulated reader takes no card whose size is not a power of two."""
    size = card.stat().st_size
    with card.open("r+b") as disk:
        disk.truncate(1 << (size - 1).bit_length())


def firmware(folder: Path) -> None:
    """What a Pi's firmware loads from our card, put into `folder`: U-Boot and the tree."""
    here, boot = folder.relative_to(ROOT), (BUILD / "diemcau-rpi.img").relative_to(ROOT)
    in_tools("mcopy", "-o", "-i", f"{boot}@@4M", f"::{LOADER}", f"::{TREE}", str(here))
    in_tools("fdtput", "-c", f"{here}/{TREE}", "/system")
    in_tools("fdtput", "-t", "x", f"{here}/{TREE}", "/system", "linux,revision", REVISION)


class RaspberryPi(Emulator):
    """QEMU's `raspi3b` with `card`, beside which lies what `firmware` puts there."""

    def __init__(self, card: Path) -> None:
        here = card.parent.relative_to(ROOT)
        super().__init__(
            card.parent,
            *("-M", "raspi3b", "-kernel", f"{here}/{LOADER}", "-dtb", f"{here}/{TREE}"),
            *("-drive", f"if=sd,format=raw,file={here}/{card.name}"),
            *("-serial", "chardev:serial", "-serial", "chardev:console"),
        )
        # U-Boot speaks where the shell does: nobody may ask before it is done.
        self.serial = self.folder / LOG
        self.serial.unlink(missing_ok=True)
