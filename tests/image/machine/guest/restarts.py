"""Starts the box again from a slot, and waits until it has settled."""

from tests.image.machine.guest.emulator import Machine

NEXT = "0.1.1+209901010000"
OLDER = "0.0.9+200001010000"
NO_PORT = 9
"""Nobody listens there: the province is away, which no gate waits for."""


def settled(machine: Machine) -> None:
    assert machine.ask("systemctl is-system-running --wait") == "running", machine.ask(
        "systemctl --failed --no-legend; journalctl -b -p warning -n 30 --no-pager"
    )


def restart(machine: Machine, slot: str) -> None:
    """Wanted; waits until the same machine runs from `slot` and has settled."""
    before = machine.said().count(f"diemcau: slot {slot} version")
    machine.ask("systemd-run --on-active=2 systemctl reboot")
    runs_from(machine, slot, before + 1)


def runs_from(machine: Machine, slot: str, start: int = 1) -> None:
    """Waits until the machine, restarting, runs from `slot` for that time and has settled."""
    machine.wait_for(f"diemcau: slot {slot} version", start)
    machine.hang_up()
    settled(machine)
    assert f"rauc.slot={slot}" in machine.ask("cat /proc/cmdline")
