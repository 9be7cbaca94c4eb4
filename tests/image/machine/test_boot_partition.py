"""A card from before there were sets, in an emulated 3B: its release renews it; it starts again.

What the firmware does is done here in its place, for the emulator has none: U-Boot and tree are
taken from the set that config.txt names, and the tree says which that was.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.boot_partition.boot_set import FLASHED_SCRIPT, RECORD, read_boot_set
from services.boot_partition.renewal import BootState
from tests.boot_partition.cards import NEW, NEWEST, renewed
from tests.boot_partition.replay import BEGIN, SIZE, later
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, in_tools
from tests.image.machine.guest.questions import SITE, on_card
from tests.image.machine.guest.raspberry import RaspberryPi, card_for

JOURNAL = "journalctl -b -u diemcau-boot-partition -u diemcau-confirm --no-pager"

pytestmark = pytest.mark.timeout(2 * PATIENCE)


def test_u_boot_goes_on_with_the_set_in_force() -> None:
    """Set b, laid by this machine; its script says that it is the set's own."""
    card = card_for(BUILD / "boot-set-b", None)
    fat = card.with_name("fat.img")
    with card.open("r+b") as disk:
        disk.seek(BEGIN)
        fat.write_bytes(disk.read(SIZE))
        ours = read_boot_set(BUILD / "root/usr/lib/diemcau/boot", "0.1.0+202601010000")
        for release, letter in ((NEW, "a"), (NEWEST, "b")):
            done = renewed(fat, later(ours, release), board="raspberrypi,3-model-b")
            assert (done.state, done.letter) == (BootState.RENEWED, letter), done
        disk.seek(BEGIN)
        disk.write(fat.read_bytes())
    with RaspberryPi(card, prefix="b/") as board:
        board.wait_for("Starting kernel")
        said = board.said()
    assert "diemcau: slot A version" in said
    script = len(ours.system["boot.scr"]) + len(NEWEST)
    assert f"{script} bytes read" in said, "the flashed set's script, or that of set a"
    words = len(ours.system["board.env"]) + len(NEWEST)
    assert f"{words} bytes read" in said, "the flashed set's words"


@pytest.fixture(scope="module")
def card() -> Path:
    card = card_for(BUILD / "boot-partition", SITE.format(port=9))
    boot, here = f"{card.relative_to(ROOT)}@@4M", card.parent.relative_to(ROOT)
    in_tools("mcopy", "-o", "-i", boot, f"::{FLASHED_SCRIPT}", f"{here}/boot.scr")
    in_tools("mcopy", "-o", "-i", boot, f"{here}/boot.scr", "::boot.scr")
    in_tools("mdel", "-i", boot, f"::{FLASHED_SCRIPT}", f"::{RECORD}")
    return card


@pytest.fixture(scope="module")
def after_first_start(card: Path) -> Iterator[Path]:
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


def test_the_old_script_goes_on_as_the_flashed_sets(after_first_start: Path) -> None:
    config = on_card(after_first_start, "config.txt")
    assert config.endswith("[all]\nos_prefix=a/\n")
    assert "start_file=start4-a.elf" in config
    assert "os_prefix" not in on_card(after_first_start, "config.old")
    assert "ia-kly" in on_card(after_first_start, "RESULT.txt")
    in_tools("mdir", "-i", f"{after_first_start.relative_to(ROOT)}@@4M", f"::{FLASHED_SCRIPT}")


def test_it_starts_from_set_a_and_says_that_it_is_current(after_first_start: Path) -> None:
    boot = f"{after_first_start.relative_to(ROOT)}@@4M"
    # The shell of the test is on the kernel's line, which is the set's own now.
    in_tools("mcopy", "-o", "-i", boot, f"{after_first_start.parent.relative_to(ROOT)}/board.env",
             "::a/board.env")  # fmt: skip
    with RaspberryPi(after_first_start, prefix="a/") as board:
        board.wait_for("Starting kernel")
        assert "diemcau: slot A version" in board.said()
        state = board.ask("systemctl is-system-running --wait")
        assert state == "running", board.ask("systemctl --failed --no-legend --plain")
        assert board.ask("tr -d '\\0' < /proc/device-tree/chosen/os_prefix") == "a/"
        board.ask("systemctl start diemcau-boot-partition")
        told = board.ask("cat /run/diemcau/boot-partition.json")
        assert '"state":"current","set":"a"' in told, board.ask(JOURNAL)
