"""A card from before there were sets, in an emulated 3B: its release renews it; it starts again.

What the firmware does is done here in its place, for the emulator has none: U-Boot and tree are
taken from the set that config.txt names, and the tree says which that was.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.boot_partition.boot_set import FLASHED_SCRIPT, RECORD
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, in_tools
from tests.image.machine.guest.questions import SITE, on_card
from tests.image.machine.guest.raspberry import RaspberryPi, card_for

JOURNAL = "journalctl -b -u diemcau-boot-partition -u diemcau-confirm --no-pager"

pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture(scope="module")
def card() -> Path:
    card = card_for(BUILD / "boot-partition", SITE.format(port=9))
    boot, here = f"{card.relative_to(ROOT)}@@4M", card.parent.relative_to(ROOT)
    in_tools("mcopy", "-o", "-i", boot, f"::{FLASHED_SCRIPT}", f"{here}/boot.scr")
    in_tools("mcopy", "-o", "-i", boot, f"{here}/boot.scr", "::boot.scr")
    in_tools("mdel", "-i", boot, f"::{FLASHED_SCRIPT}", f"::{RECORD}")
    return card


@pytest.fixture(scope="module")
def renewed(card: Path) -> Iterator[Path]:
    """The card after its first start."""
    with RaspberryPi(card) as board:
        board.wait_for("Starting kernel")
        board.ask("systemctl is-system-running --wait")
        # As its timer does, by the rights of its unit: no meeting is known, and the clock counts.
        board.ask("systemctl start diemcau-boot-partition")
        told = board.ask("cat /run/diemcau/boot-partition.json")
        assert '"state":"renewed","set":"a"' in told, board.ask(JOURNAL)
        board.cut()
    yield card


def test_the_old_script_goes_on_as_the_flashed_sets(renewed: Path) -> None:
    config = on_card(renewed, "config.txt")
    assert config.endswith("[all]\nos_prefix=a/\n")
    assert "start_file=start4-a.elf" in config
    assert "os_prefix" not in on_card(renewed, "config.old")
    assert "ia-kly" in on_card(renewed, "RESULT.txt")
    in_tools("mdir", "-i", f"{renewed.relative_to(ROOT)}@@4M", f"::{FLASHED_SCRIPT}")


def test_it_starts_from_set_a_and_says_that_it_is_current(renewed: Path) -> None:
    boot = f"{renewed.relative_to(ROOT)}@@4M"
    # The shell of the test is on the kernel's line, which is the set's own now.
    in_tools("mcopy", "-o", "-i", boot, f"{renewed.parent.relative_to(ROOT)}/board.env",
             "::a/board.env")  # fmt: skip
    with RaspberryPi(renewed, prefix="a/") as board:
        board.wait_for("Starting kernel")
        assert "diemcau: slot A version" in board.said()
        state = board.ask("systemctl is-system-running --wait")
        assert state == "running", board.ask("systemctl --failed --no-legend --plain")
        assert board.ask("tr -d '\\0' < /proc/device-tree/chosen/os_prefix") == "a/"
        board.ask("systemctl start diemcau-boot-partition")
        told = board.ask("cat /run/diemcau/boot-partition.json")
        assert '"state":"current","set":"a"' in told, board.ask(JOURNAL)
