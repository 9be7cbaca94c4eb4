"""A card whose boot files are renewed: by the box's own unit, and as U-Boot then starts from it.

What the firmware does is done here in its place, for the emulator has none: U-Boot and tree are
taken from the set that config.txt names, and the tree says which that was.
"""

from collections.abc import Iterator

import pytest

from services.boot_partition.boot_set import read_boot_set
from services.boot_partition.renewal import BootState
from tests.boot_partition.cards import NEW, NEWEST, OLD, renewed
from tests.boot_partition.replay import BEGIN, SIZE, before_sets, later
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of
from tests.image.machine.guest.questions import SITE, drop_in, prepare
from tests.image.machine.guest.raspberry import RaspberryPi, card_for

OTHER_CARD = "--boot /dev/vdb --root /run/pi"
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
def box() -> Iterator[Machine]:
    """QEMU's own board, whose unit is told of a Pi's card in a second reader: an emulated 3B takes
    twenty times as long, and its kernel, Python and unit are the same."""
    card = copy_of(BUILD / "diemcau-virt.img", BUILD / "boot-partition")
    unit = f"[Service]\nExecStart=\nExecStart=/usr/bin/diemcau boot-partition {OTHER_CARD}\n"
    prepare(card, SITE.format(port=9), kernel_words=drop_in("diemcau-boot-partition", unit))
    fat = card.with_name("fat.img")
    with (BUILD / "diemcau-rpi.img").open("rb") as disk:
        disk.seek(BEGIN)
        fat.write_bytes(disk.read(SIZE))
    before_sets(fat, read_boot_set(BUILD / "root/usr/lib/diemcau/boot", OLD).system["boot.scr"])
    drive = f"if=none,id=pi,format=raw,file={fat.relative_to(ROOT)}"
    with Machine(card, "-drive", drive, "-device", "virtio-blk-pci,drive=pi") as machine:
        machine.ask("systemctl is-system-running --wait")
        machine.ask(
            "mkdir -p /run/pi/proc/device-tree /run/pi/usr/lib /run/fat;"
            " ln -s /usr/lib/diemcau /run/pi/usr/lib/diemcau;"
            " printf 'raspberrypi,4-model-b\\0' > /run/pi/proc/device-tree/compatible"
        )
        yield machine


def look(box: Machine) -> str:
    """What the unit, with its own rights, tells in its fact file."""
    box.ask("systemctl start diemcau-boot-partition")
    told = box.ask("cat /run/diemcau/boot-partition.json")
    assert "state" in told, box.ask(JOURNAL)
    return told


def test_a_card_that_is_mounted_waits(box: Machine) -> None:
    assert box.ask("mount -t vfat /dev/vdb /run/fat; echo $?") == "0"
    assert "is mounted" in look(box)
    assert box.ask("umount /run/fat; echo $?") == "0"


def test_the_unit_renews_the_card_and_the_kernel_reads_it(box: Machine) -> None:
    assert '"state":"renewed","set":"a"' in look(box), box.ask(JOURNAL)
    box.ask("mount -t vfat -o ro /dev/vdb /run/fat")
    for name, ours in (
        ("start4-a.elf", "firmware/start4.elf"),
        ("a/u-boot.bin", "system/u-boot.bin"),
        ("a/bcm2711-rpi-4-b.dtb", "system/bcm2711-rpi-4-b.dtb"),
        ("a/boot.scr", "system/boot.scr"),
        ("boot-0.scr", "system/boot.scr"),
        ("boot.scr", "boot.scr"),
        ("config.old", "config.txt"),
    ):
        same = box.ask(f"cmp /run/fat/{name} /usr/lib/diemcau/boot/{ours}; echo $?")
        assert same == "0", (name, same)
    assert box.ask("tail -n 1 /run/fat/config.txt") == "os_prefix=a/"
    assert box.ask("umount /run/fat; fsck.fat -n /dev/vdb >/dev/null; echo $?") == "0"


def test_the_next_look_says_that_it_is_current(box: Machine) -> None:
    box.ask("rm /run/diemcau/boot-partition.json")
    assert '"state":"current","set":"a"' in look(box)
    assert "renewed and in force from the next start on" in box.ask(JOURNAL)
