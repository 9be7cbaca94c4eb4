"""The flavour for a Pi 5: what is on its card. No machine runs."""

import re
import subprocess
from pathlib import Path

import pytest

from services.boot_partition.boot_set import read_boot_set
from tests.image.machine.guest.bundles import header
from tests.image.machine.guest.emulator import BUILD, ROOT, TOOLS
from tests.image.machine.guest.emulator import in_tools as told

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
    wanted = {"config.txt", "u-boot.bin", "uboot.env", "boot.scr", "board.env", "set.json"}
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
    told("mkdir", "-p", str((sources / "boot").relative_to(ROOT)))
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


def test_a_release_brings_its_trees_and_u_boot_and_no_firmware() -> None:
    """What a renewal lays on the card; a Pi 5's firmware is in the board's own memory."""
    brought = read_boot_set(BUILD / "root-rpi5/usr/lib/diemcau/boot", "1.0.0+202601010000")
    assert brought.firmware == {}
    assert brought.has_tree_for("raspberrypi,5-model-b")
    assert not brought.has_tree_for("raspberrypi,4-model-b")
    assert {"u-boot.bin", "boot.scr", "board.env"} <= brought.system.keys()
