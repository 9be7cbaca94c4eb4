"""The flavour for a Pi 5: what is on its card, and its kernel in QEMU's own board.

No emulator has a Pi 5: that its firmware and U-Boot come up is for a real board (docs/boards.md).
"""

import re
import subprocess
from pathlib import Path

import pytest

from tests.image.machine.guest.bundles import SLOT_A, header
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, TOOLS, Machine, copy_of
from tests.image.machine.guest.emulator import in_tools as told
from tests.image.machine.guest.questions import prepare, with_data

CARD = BUILD / "diemcau-rpi5.img"
SLOT = BUILD / "slot-rpi5.img"
RUN = BUILD / "rpi5"
TREES = ("bcm2712-rpi-5-b", "bcm2712-d-rpi-5-b")


@pytest.fixture(scope="module")
def boot() -> Path:
    """The boot partition's files."""
    folder = RUN / "boot"
    told("rm", "-rf", str(RUN.relative_to(ROOT)))
    folder.mkdir(parents=True)
    here = str(folder.relative_to(ROOT))
    told("mcopy", "-s", "-n", "-i", f"{CARD.relative_to(ROOT)}@@4M", "::", here)
    return folder


def test_the_boot_partition_has_what_a_pi_5_reads_and_no_other_boards_firmware(boot: Path) -> None:
    there = {str(path.relative_to(boot)) for path in boot.rglob("*") if path.is_file()}
    wanted = {"config.txt", "u-boot.bin", "uboot.env", "boot.scr", "board.env"}
    wanted |= {"overlays/bcm2712d0.dtbo", "overlays/README", *(f"{tree}.dtb" for tree in TREES)}
    assert wanted <= there
    assert {name for name in there if name.startswith(("start", "fixup", "bcm2711"))} == set()


@pytest.mark.parametrize("tree", TREES)
def test_u_boots_first_reader_is_the_cards(boot: Path, tree: str) -> None:
    """With Wi-Fi's as the first it would look for uboot.env there; see U-Boot's ENV_IS_IN_FAT."""
    file = str((boot / f"{tree}.dtb").relative_to(ROOT))
    card = told("fdtget", file, "/aliases", "mmc0").strip()
    assert "brcm,bcm2712-sdhci" in told("fdtget", file, card, "compatible")
    assert told("fdtget", file, card, "cd-gpios"), "the slot for a card, not a soldered chip"


def test_an_overlay_that_misses_one_change_ends_the_build(boot: Path) -> None:
    """Else a board of stepping D0 would end in its kernel's first access to its pins."""
    sources = RUN / "checkout/image"
    told("mkdir", "-p", *(str((sources / name).relative_to(ROOT)) for name in ("boot", "recipe")))
    overlay = (ROOT / "image/boot/bcm2712d0.dts").read_text()
    (sources / "boot/bcm2712d0.dts").write_text(re.sub(r"reg = <0x7d504100 .*\n", "", overlay))
    (root,) = BUILD.glob("root-rpi5/usr/lib/linux-image-*")
    words = ("sh", "-c", f"cd {sources.parent.relative_to(ROOT)} && /checkout/image/recipe/trees5"
             f" /checkout/{root.relative_to(ROOT)} boot")  # fmt: skip
    done = subprocess.run([TOOLS, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "does not make the kernel's bcm2712-d-rpi-5-b.dtb" in done.stderr


def test_it_is_another_kind_of_box_with_the_same_release() -> None:
    """RAUC goes by this word; a bundle of the other kind is refused (test_update.py)."""
    kinds = {}
    for root in ("root", "root-rpi5"):
        text = (BUILD / root / "etc/rauc/system.conf").read_text()
        kinds[root] = re.findall(r"^compatible=(.*)$", text, re.MULTILINE)
    assert kinds == {"root": ["diemcau-arm64"], "root-rpi5": ["diemcau-rpi5"]}
    assert header(SLOT)["version"] == header(BUILD / "slot.img")["version"]
    assert header(SLOT)["root_args"] != header(BUILD / "slot.img")["root_args"]


@pytest.mark.timeout(2 * PATIENCE)
def test_its_kernel_starts_the_same_endpoint() -> None:
    """In QEMU's `virt`, by the same boot script: the verified root, the page, the slot check."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN / "virt")
    with card.open("r+b") as disk, SLOT.open("rb") as slot:
        disk.seek(SLOT_A)
        while part := slot.read(1 << 22):
            disk.write(part)
    with_data(card)
    prepare(card, None)
    with Machine(card) as machine:
        kernel = machine.ask("uname -r")
        (modules,) = (BUILD / "root-rpi5/usr/lib/modules").iterdir()
        assert kernel == modules.name
        assert kernel != next((BUILD / "root/usr/lib/modules").iterdir()).name
        machine.ask("systemctl is-system-running --wait")
        assert machine.ask("systemctl --failed --no-legend --plain") == ""
        assert machine.ask("dmsetup status root").endswith(" V"), "verity vouches for the root"
        assert machine.ask("findmnt -n -o FSTYPE / /data").split() == ["squashfs", "ext4"]
        assert machine.ask("systemctl is-active diemcau-screen seatd").split() == ["active"] * 2
        assert "diemcau-rpi5" in machine.ask("rauc status --output-format=shell")
        shown = machine.picture(RUN / "page.png")
        assert shown.getextrema() != ((0, 0),) * 3, "the TV is black"
