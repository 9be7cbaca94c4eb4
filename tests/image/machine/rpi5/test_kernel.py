"""The kernel of the flavour for a Pi 5, in QEMU's own board.

No emulator has a Pi 5: that its firmware and U-Boot come up is for a real board (docs/boards.md).
"""

import pytest

from tests.image.machine.guest.bundles import SLOT_A
from tests.image.machine.guest.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.guest.questions import drop_in, prepare, with_data

SLOT = BUILD / "slot-rpi5.img"
RUN = BUILD / "rpi5-kernel"


@pytest.mark.timeout(2 * PATIENCE)
def test_its_kernel_starts_the_same_endpoint() -> None:
    """In QEMU's `virt`, by the same boot script: the verified root, the page, the slot check."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    with card.open("r+b") as disk, SLOT.open("rb") as slot:
        disk.seek(SLOT_A)
        while part := slot.read(1 << 22):
            disk.write(part)
    with_data(card)
    # The watchdog has a test of its own; on a busy machine its 20 s and first boot's 120 are few.
    patience = drop_in("diemcau-first-boot", "[Service]\nTimeoutStartSec=900\n")
    prepare(card, None, kernel_words=f"systemd.watchdog_sec=off {patience}")
    with Machine(card) as machine:
        kernel = machine.ask("uname -r")
        (modules,) = (BUILD / "root-rpi5/usr/lib/modules").iterdir()
        assert kernel == modules.name
        assert kernel != next((BUILD / "root/usr/lib/modules").iterdir()).name
        machine.ask("systemctl is-system-running --wait")
        assert machine.ask("systemctl --failed --no-legend --plain") == ""
        assert " verity V" in machine.ask("dmsetup status root"), "verity vouches for the root"
        kinds = machine.ask("findmnt -n -o FSTYPE /; findmnt -n -o FSTYPE /data")
        assert kinds.split() == ["squashfs", "ext4"]
        assert machine.ask("systemctl is-active diemcau-screen seatd").split() == ["active"] * 2
        assert "diemcau-rpi5" in machine.ask("rauc status --output-format=shell")
        shown = machine.picture(RUN / "page.png")
        assert shown.getextrema() != ((0, 0),) * 3, "the TV is black"
