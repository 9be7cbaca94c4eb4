"""Raspberry Pis as QEMU has them: our very card for a Pi in its own U-Boot and device tree.

Of a board there are processor, memory, card reader, GPIO and the firmware's framebuffer. There are
no firmware files, no vc4 (the compositor draws for a TV that nobody sees), no network; the watchdog
restarts the board as soon as it is started (hw/misc/bcm2835_powermgt.c), so systemd is to leave it.

Of a Pi 4's tree the emulator lacks more: what stands in `ABSENT` is switched off, and the switches
of the card reader's supplies are moved from the firmware's expander to two pins of the processor
that nothing else has. The supplies themselves stay: the reader waits for their drivers, as on a
board.
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
    tty: str
    """Of the two serial lines the one that the shell has."""
    serials: tuple[str, str]
    """What is at the PL011 and at the smaller UART, where U-Boot speaks."""
    words: tuple[str, ...] = ()
    """More of the kernel's command line."""


UNUSED = ("vc4", "v3d", "snd_soc_bcm2835_i2s")
"""Modules for what the emulator lacks; with what they need they have 3,200 of the 5,300 functions
that the kernel patches as it loads this tree's modules (ftrace). Each patch costs the emulator what
it has translated: a busy machine took 45 s for one module, and the kernel called it a lockup."""
PI_3 = Model("raspi3b", "bcm2837-rpi-3-b.dtb", "a02082", "ttyS1", ("serial", "console"))
PI_4 = Model(
    "raspi4b",
    "bcm2711-rpi-4-b.dtb",
    "b03115",
    "ttyAMA0",
    ("console", "serial"),
    # All that the kernel says, until somebody is there to ask: `quiet` stands on its line.
    (
        *("earlycon=pl011,mmio32,0xfe201000", "keep_bootcon", "ignore_loglevel"),
        f"modprobe.blacklist={','.join(UNUSED)}",
    ),
)
ABSENT = (
    "/soc/interrupt-controller@7ef00100",
    "/soc/clock@7ef00000",
    "/soc/hdmi@7ef00700",
    "/soc/hdmi@7ef05700",
    "/soc/i2c@7ef04500",
    "/soc/i2c@7ef09500",
    # This one is there, but its interrupt never ends, and the kernel stands still.
    "/soc/serial@7e215040",
)
"""Nodes of a Pi 4's tree without which QEMU's `raspi4b` runs our kernel."""
BLUETOOTH = "/soc/serial@7e201000/bluetooth"
SUPPLIES = {"/regulator-sd-io-1v8": ("gpios", 44), "/regulator-sd-vcc": ("gpio", 45)}
"""The supplies of the card's reader: the property that names the switch, and a free pin for it."""
OWN_READER = "/generic-sdhci/sd-bus"
"""``mmc@7e340000``, where a Pi 4 has its card; QEMU puts it into Wi-Fi's, ``mmc@7e300000``."""


def card_for(folder: Path, site: str | None, model: Model = PI_3) -> Path:
    """The Pi's image on a card of its own, with `site`."""
    card = copy_of(BUILD / "diemcau-rpi.img", folder)
    fit(card)
    words = " ".join((*WORDS, *model.words))
    prepare(card, site, kernel_words=words, flavour="rpi", tty=model.tty)
    return card


def fit(card: Path) -> None:
    """The emulated reader takes no card whose size is not a power of two."""
    size = card.stat().st_size
    with card.open("r+b") as disk:
        disk.truncate(1 << (size - 1).bit_length())


class RaspberryPi(Emulator):
    """A Pi with `card`; what its firmware loads from our image is put beside that."""

    def __init__(
        self, card: Path, model: Model = PI_3, *, prefix: str | None = None, reader: str = ""
    ) -> None:
        """`prefix` is the card's ``os_prefix``, which the firmware follows and tells in the tree;
        None for the set that was flashed. `reader` is QEMU's name of the one that has the card;
        where empty, its own choice."""
        here = card.parent.relative_to(ROOT)
        tree = f"{here}/{model.tree}"
        image = (BUILD / "diemcau-rpi.img").relative_to(ROOT)
        taken_from = f"{image}@@4M" if prefix is None else f"{card.relative_to(ROOT)}@@4M"
        names = [f"::{prefix or ''}{name}" for name in (LOADER, model.tree)]
        in_tools("mcopy", "-o", "-i", taken_from, *names, str(here))
        if prefix is not None:
            in_tools("fdtput", "-p", "-t", "s", tree, "/chosen", "os_prefix", prefix)
        in_tools("fdtput", "-c", tree, "/system")
        in_tools("fdtput", "-t", "x", tree, "/system", "linux,revision", model.revision)
        if model is PI_4:
            _switch_off(tree)
        file = f"format=raw,file={here}/{card.name}"
        card_words = (
            *("-drive", f"if={'none' if reader else 'sd'},id=card,{file}"),
            *(("-device", f"sd-card,drive=card,bus={reader}") if reader else ()),
        )
        super().__init__(
            card.parent,
            *("-M", model.machine, "-kernel", f"{here}/{LOADER}", "-dtb", tree),
            *card_words,
            *(word for name in model.serials for word in ("-serial", f"chardev:{name}")),
            # Three of its four cores wait for Linux in a loop, which would take what U-Boot needs.
            threads="single",
        )
        self._lines = (self.serial, self.folder / LOG)
        for line in self._lines:
            line.unlink(missing_ok=True)

    def said(self) -> str:
        """All that came over both serial lines: U-Boot's, and the one that is the shell's."""
        return "".join(_text(line) for line in self._lines)


def _text(line: Path) -> str:
    return line.read_text(errors="replace") if line.exists() else ""


def _switch_off(tree: str) -> None:
    """What QEMU's Pi 4 lacks, in `tree` for the emulator alone."""
    for node in ABSENT:
        in_tools("fdtput", "-t", "s", tree, node, "status", "disabled")
    in_tools("fdtput", "-r", tree, BLUETOOTH)
    gpio = in_tools("fdtget", "-t", "x", tree, "/soc/gpio@7e200000", "phandle").strip()
    for node, (name, pin) in SUPPLIES.items():
        in_tools("fdtput", "-t", "x", tree, node, name, gpio, f"{pin:x}", "0")
