"""Kernels that panic, user space that hangs: the next start knows why, and their last words.

One guest, whose tree has the piece of memory that the recipe puts into a Pi's. It has no TV and no
endpoint, which have no part in this: a start takes a third of the time.
"""

import json
from collections.abc import Iterator

import pytest

from tests.image.machine.guest.emulator import (
    BIOS,
    BUILD,
    PATIENCE,
    ROOT,
    Machine,
    copy_of,
    in_tools,
)
from tests.image.machine.guest.questions import SITE, prepare, with_data

NO_PORT = 9
BOOTED = "diemcau: slot A version"
PANIC = "Kernel panic - not syncing: sysrq triggered crash"
CPU, MEMORY_MIB = "max,pauth=off,sve=off,sme=off", 1024
MARK = "/data/health/last-end.json"

pytestmark = pytest.mark.timeout(3 * PATIENCE)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    card = copy_of(BUILD / "diemcau-virt.img", BUILD / "last-words")
    with_data(card)
    without = ("endpoint", "screen", "confirm")
    words = " ".join(f"systemd.mask=diemcau-{unit}.service" for unit in without)
    # Two minutes: a guest that has to wait for a core must not be taken for one that hangs.
    prepare(card, SITE.format(port=NO_PORT), kernel_words=f"{words} systemd.watchdog_sec=120")
    tree = f"{card.parent.relative_to(ROOT)}/virt.dtb"
    in_tools(
        *("qemu-system-aarch64", "-M", f"virt,dumpdtb={tree}", "-smp", "2", "-cpu", CPU),
        *("-m", str(MEMORY_MIB), "-bios", BIOS, "-nic", "none"),
    )
    # 64 KiB where a Pi has them, from the begin of this board's memory on.
    in_tools("image/recipe/ramoops", tree, "4b000000")
    with Machine(card, "-dtb", tree, memory=MEMORY_MIB) as guest:
        yield guest


def begun_again(machine: Machine, starts: int) -> None:
    """The guest's start number `starts` has come as far as its shell."""
    machine.wait_for(BOOTED, count=starts)
    machine.hang_up()


def why(machine: Machine) -> str:
    """What health knows of this start."""
    boot = machine.ask("cat /proc/sys/kernel/random/boot_id")
    machine.ask(f"until grep -q {boot} {MARK}; do sleep 1; done")
    reason: str = json.loads(machine.ask(f"cat {MARK}"))["reason"]
    return reason


def test_the_watchdog_and_the_memory_for_last_words_are_the_first_modules(machine: Machine) -> None:
    assert machine.ask("cat /sys/class/watchdog/watchdog0/state") == "active"
    log = machine.ask("dmesg")
    assert "ramoops: using 0x10000@0x4b000000, ecc: 16" in log
    assert "Registered ramoops as persistent store backend" in log
    assert log.index("Registered ramoops") < log.index("virtio_blk"), "the card may hang it"
    assert why(machine) == "first"


def test_wi_fi_finds_its_firmware_and_the_channels_of_viet_nam(machine: Machine) -> None:
    """No emulated board has the chip: the driver loads, and the list of channels is believed."""
    assert machine.ask("modprobe brcmfmac && echo loaded") == "loaded"
    assert machine.ask("cat /sys/module/cfg80211/parameters/ieee80211_regdom") == "VN"
    about = "grep -v 'command line' | grep -iE 'cfg80211|regulatory|X.509'"
    log = machine.ask(f"sleep 3; dmesg | {about}")
    assert "Loaded X.509 cert" in log
    assert "fail" not in log.lower(), log
    wanted = machine.ask("modinfo -F firmware brcmfmac").splitlines()
    for chip in ("43430", "43455"):
        assert f"brcm/brcmfmac{chip}-sdio.bin" in wanted or "brcm/brcmfmac*-sdio.*.bin" in wanted
        size = machine.ask(f"stat -Lc %s /usr/lib/firmware/brcm/brcmfmac{chip}-sdio.bin")
        assert int(size) > 400_000


def test_the_card_is_trimmed_once(machine: Machine) -> None:
    # An endpoint that stays silent for a minute is in no meeting.
    machine.ask("systemctl start diemcau-trim.service")
    said = machine.ask("journalctl -b -u diemcau-trim -o cat")
    assert "/data: " in said
    assert "trimmed" in said
    assert machine.ask(
        "systemctl is-enabled diemcau-trim.timer fstrim.timer; true"
    ).splitlines() == [
        "enabled",
        "disabled",
    ]


def test_a_panics_last_words_are_kept_and_told(machine: Machine) -> None:
    machine.ask("sync; { sleep 2; echo c > /proc/sysrq-trigger; } >/dev/null 2>&1 &")
    begun_again(machine, 2)
    assert machine.ask("cat /run/diemcau-last-words/panic") == PANIC
    words = machine.ask("cat /data/boot/last-words/1")
    assert PANIC in words
    assert "sysrq: Trigger a crash" in words
    assert "Call trace:" in words
    assert machine.ask("ls /sys/fs/pstore") == "", "the next start would be a panic's, too"
    assert PANIC in machine.ask("journalctl -b -k -o cat")
    assert why(machine) == "panic"


def test_a_hung_systemd_ends_in_another_start(machine: Machine) -> None:
    # It catches its own crash and freezes (systemd(1), CrashAction=): nobody feeds the dog.
    machine.ask("kill -ABRT 1")
    begun_again(machine, 3)
    assert machine.ask("ls /run/diemcau-last-words 2>/dev/null") == ""
    assert why(machine) == "watchdog"


def test_a_wanted_restart_is_none_of_these(machine: Machine) -> None:
    machine.ask("systemctl --no-block reboot")
    begun_again(machine, 4)
    assert why(machine) == "wanted"
