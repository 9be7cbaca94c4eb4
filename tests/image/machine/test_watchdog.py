"""User space that hangs is started again by the board's own watchdog."""

import pytest

from tests.image.machine.guest.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.guest.questions import SITE, prepare, with_data

NO_PORT = 9
BOOTED = "diemcau: slot A version"


@pytest.mark.timeout(2 * PATIENCE)
def test_a_hung_systemd_ends_in_another_start() -> None:
    card = copy_of(BUILD / "diemcau-virt.img", BUILD / "watchdog")
    with_data(card)
    prepare(card, SITE.format(port=NO_PORT))
    with Machine(card) as machine:
        assert machine.ask("systemctl is-system-running --wait") == "running"
        assert machine.ask("cat /sys/class/watchdog/watchdog0/state") == "active"
        # It catches its own crash and freezes (systemd(1), CrashAction=): nobody feeds the dog.
        machine.ask("kill -ABRT 1")
        machine.wait_for(BOOTED, count=2)
        machine.hang_up()
        assert machine.ask("systemctl is-system-running --wait") == "running"
