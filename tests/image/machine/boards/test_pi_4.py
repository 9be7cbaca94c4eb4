"""The Pi's own card in an emulated 4B, in that board's own reader, whose supplies need drivers.

The card that was shipped up to commit 5cf03ec started on no Pi 4: two of those drivers were missing
from its initramfs. An emulated 3B, whose reader has no supply, had started it all along.
"""

import re
from collections.abc import Iterator

import pytest

from tests.image.machine.guest.bundles import put_into_a
from tests.image.machine.guest.emulator import BUILD, PATIENCE
from tests.image.machine.guest.initramfs import slot_with_modules
from tests.image.machine.guest.questions import SITE
from tests.image.machine.guest.raspberry import OWN_READER, PI_4, RaspberryPi, card_for

pytestmark = pytest.mark.timeout(2 * PATIENCE)

MODULES_OF_5CF03EC = (
    *("virtio_pci", "virtio_mmio", "virtio_blk"),
    *("mmc_block", "sdhci_iproc", "bcm2835", "sdhci"),
    # No module has that name: it is gpio_regulator. And `fixed` is not there at all.
    "regulator_gpio",
    *("gpio_raspberrypi_exp", "clk_raspberrypi", "raspberrypi_power", "i2c_bcm2835"),
    *("squashfs", "crc32c_generic", "ext4", "overlay", "dm_mod", "dm_verity"),
    *("sha256_generic", "sha256_arm64", "sha2_ce", "i6300esb", "bcm2835_wdt"),
)
"""image/recipe/modules.txt as it was."""
CARD_BINDS = re.compile(r"mmc0: SDHCI controller on fe340000\.mmc")


@pytest.fixture(scope="module")
def board() -> Iterator[RaspberryPi]:
    card = card_for(BUILD / "pi-4", SITE.format(port=9), PI_4)
    with RaspberryPi(card, PI_4, reader=OWN_READER) as machine:
        yield machine


def root_is_verified(board: RaspberryPi) -> None:
    """The kernel finds the card in the Pi 4's reader, and systemd runs from the verified root."""
    board.wait_for("systemd[1]: Detected architecture", unless="diemcau: cannot start")
    assert CARD_BINDS.search(board.said())
    board.ask("echo N > /sys/module/printk/parameters/ignore_loglevel")
    assert board.ask("cat /proc/device-tree/model").startswith("Raspberry Pi 4 Model B")
    mounts = board.ask("cat /proc/mounts")
    assert re.search(r"^/dev/dm-1 / squashfs ro,", mounts, re.MULTILINE)
    assert re.search(r"/mmcblk0p4 /data ext4 rw,", mounts)
    assert re.search(r" verity V", board.ask("dmsetup status root"))
    supplies = board.ask("cat /sys/class/regulator/*/name").split()
    assert {"vdd-sd-io", "vcc-sd"} <= set(supplies), supplies


def test_its_u_boot_takes_the_slot_from_the_boards_own_reader(board: RaspberryPi) -> None:
    board.wait_for("Starting kernel")
    said = board.said()
    assert "mmc@7e300000: 1, mmc@7e340000: 0" in said, "the card's own reader is not the first"
    assert "mmc0 is current device" in said
    assert "Loading Environment from FAT... OK" in said
    assert "diemcau: slot A version" in said
    assert "cannot be booted" not in said


def test_linux_finds_the_card_and_verifies_its_root(board: RaspberryPi) -> None:
    root_is_verified(board)


def test_the_endpoint_runs_and_the_slot_check_is_passed(board: RaspberryPi) -> None:
    state = board.ask("systemctl is-system-running --wait")
    assert state == "running", board.ask("systemctl --failed; journalctl -b -p warning -n 40")
    assert board.ask("systemctl is-active diemcau-endpoint") == "active"
    told = board.ask("diemcau slots show").splitlines()
    assert told[0].startswith("order A B; attempts left: A 3, B 0")
    assert re.fullmatch(r"A \S+ good", told[1])
    board.cut()


def test_the_modules_of_commit_5cf03ec_do_not_get_there() -> None:
    """The very test above fails with them, and for that reason."""
    card = card_for(BUILD / "pi-4-then", SITE.format(port=9), PI_4)
    put_into_a(card, slot_with_modules(BUILD / "pi-4-modules", MODULES_OF_5CF03EC))
    with RaspberryPi(card, PI_4, reader=OWN_READER) as board:
        with pytest.raises(AssertionError, match="cannot start: no disk with our identifier"):
            root_is_verified(board)
        said = board.said()
    assert not CARD_BINDS.search(said)
    assert "waits: fe340000.mmc\tsdhci-iproc: vmmc regulator not available" in said


def test_wi_fis_reader_may_have_the_card_as_well() -> None:
    """`mmc read` of U-Boot had read the first reader, whichever had the card."""
    with RaspberryPi(card_for(BUILD / "pi-4-wifi", None, PI_4), PI_4) as board:
        board.wait_for("Starting kernel")
        said = board.said()
        assert "mmc1 is current device" in said
        assert "diemcau: slot A version" in said
