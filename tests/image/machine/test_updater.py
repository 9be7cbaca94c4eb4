"""A release is laid at the address in the settings, and nobody touches the box: it runs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.machine.guest.bundles import bundle, slot_with
from tests.image.machine.guest.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.guest.questions import SITE, prepare, with_data
from tests.image.machine.guest.release_server import Releases, releases
from tests.image.machine.guest.restarts import runs_from, settled

RUN = BUILD / "updater"
NEXT = "0.1.1+209901010000"
NO_PORT = 9
TIMER = "diemcau-updater.timer"
SOON = f"/run/systemd/system/{TIMER}.d/soon.conf"
OFTEN = r"[Timer]\nOnBootSec=\nOnBootSec=1\nOnUnitInactiveSec=10\nRandomizedDelaySec=0\n"
"""Nobody waits for half an hour here; all else of the timer is as it ships."""

pytestmark = pytest.mark.timeout(4 * PATIENCE)


@pytest.fixture(scope="module")
def card() -> Path:
    return copy_of(BUILD / "diemcau-virt.img", RUN)


@pytest.fixture(scope="module")
def server(card: Path) -> Iterator[Releases]:
    served = RUN / "served"
    served.mkdir()
    with releases(served, RUN) as told:
        yield told


@pytest.fixture(scope="module")
def guest(card: Path, server: Releases) -> Iterator[Machine]:
    with_data(card, RUN / "ca.pem")
    address = f'[province]\nreleases = "{server.url("newest.raucb")}"\nca = "/data/ca.pem"\n'
    site = f"{SITE.format(port=NO_PORT)}\n{address}"
    prepare(card, site)
    line = ("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=")
    with Machine(card, *line) as machine:
        settled(machine)
        machine.ask(f"mkdir -p {SOON.rpartition('/')[0]} && printf '{OFTEN}' > {SOON}")
        machine.ask(f"systemctl daemon-reload && systemctl restart {TIMER}")
        yield machine


def journal(guest: Machine, words: str) -> str:
    """What the updater said of `words`, once it has."""
    for _ in range(120):
        said = guest.ask(f"journalctl -b -u diemcau-updater -o cat --no-pager | grep -m1 '{words}'")
        if said:
            return said
        guest.ask("sleep 5")
    told = guest.ask("journalctl -b -u diemcau-updater -u diemcau-updater.timer -n 40 --no-pager")
    raise AssertionError(f"no {words!r} in: {told}")


def test_where_nothing_lies_nothing_happens_and_rauc_says_why(
    guest: Machine, server: Releases
) -> None:
    assert server.url("newest.raucb") in journal(guest, "newest.raucb: ")
    assert guest.ask("systemctl is-failed diemcau-updater") != "failed"


def test_a_release_that_is_laid_there_runs_by_itself(guest: Machine, server: Releases) -> None:
    made = RUN / "newest.raucb"
    bundle(made, slot_with(RUN / "next.img", NEXT), NEXT)
    # Whole at once, as whoever lays it there has to do it: a box may look at any moment.
    made.rename(RUN / "served/newest.raucb")
    assert NEXT in journal(guest, f"installing {NEXT}")
    runs_from(guest, "B")
    assert f"B {NEXT} good" in guest.ask("diemcau slots show")
    guest.ask("systemctl start diemcau-updater")
    assert f"{NEXT} runs, {NEXT} is to be had" in journal(guest, "is to be had")
