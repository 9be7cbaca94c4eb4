"""Starts that nobody planned: the screen comes up each time and says what is missing."""

import json
from pathlib import Path

import numpy as np
import pytest

from appliance.core.troubles import KINDS, TroubleKey
from tests.image.machine.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.questions import DATA, DATA_MIB, SITE, on_card, prepare, with_data

RUN = BUILD / "odd"
NETWORK = ("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=")
HONEST = SITE.replace('trust = "always"', 'trust = "synchronised"')
BROKEN = SITE.replace('id = "ia-kly"', 'id = "Ia Kly"')
NO_PORT = 9

pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture(scope="module")
def settled_card() -> Path:
    """A card whose box has settled once, as a disk that others lie over."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    with_data(card)
    prepare(card, SITE.format(port=NO_PORT))
    with Machine(card, *NETWORK) as machine:
        assert machine.ask("systemctl is-system-running --wait") == "running"
        machine.ask("sync")
    return card


@pytest.fixture
def card(settled_card: Path) -> Path:
    """The same card for one test alone."""
    folder = RUN / "one"
    return copy_of(settled_card, folder)


def codes(machine: Machine, program: str, wanted: TroubleKey) -> None:
    """Waits until the program's fact file names the trouble."""
    key = "troubles" if program == "endpoint" else "alarms"
    code = KINDS[wanted].code
    said = machine.ask(
        f'for i in $(seq 120); do grep -q \'"{key}": \\[.*"{code}"\' /run/diemcau/{program}.json'
        f" && break; sleep 2; done; cat /run/diemcau/{program}.json"
    )
    assert code in json.loads(said)[key], said


def drawn(machine: Machine, name: str) -> None:
    """The TV shows something; kept as a picture for people."""
    picture = machine.picture(RUN / f"{name}.png")
    assert picture.size == (1280, 720)
    assert np.asarray(picture, dtype=float).std() > 8, f"the TV is blank; see {name}.png"


def running(machine: Machine) -> None:
    machine.ask("systemctl is-system-running --wait")
    assert machine.ask("systemctl is-active diemcau-endpoint diemcau-screen") == "active\nactive"


def test_no_network(card: Path) -> None:
    with Machine(card) as machine:
        running(machine)
        codes(machine, "endpoint", TroubleKey.NETWORK_CABLE)
        drawn(machine, "no-network")


def test_no_province(card: Path) -> None:
    with Machine(card, *NETWORK) as machine:
        running(machine)
        codes(machine, "endpoint", TroubleKey.AGENDA_MISSING)
        drawn(machine, "no-province")


def test_no_clock(card: Path) -> None:
    prepare(card, HONEST.format(port=NO_PORT))
    with Machine(card, *NETWORK, "-rtc", "base=1970-01-01T00:00:10") as machine:
        running(machine)
        codes(machine, "endpoint", TroubleKey.CLOCK)
        drawn(machine, "no-clock")


def test_data_partition_full(card: Path) -> None:
    with Machine(card, *NETWORK) as machine:
        running(machine)
        machine.ask("dd if=/dev/zero of=/data/filler bs=64k; sync; df /data")
        assert machine.ask("df --output=avail /data | tail -1").strip() == "0"
    with Machine(card, *NETWORK) as machine:
        running(machine)
        codes(machine, "health", TroubleKey.DISK_FULL)
        drawn(machine, "data-full")


def test_data_partition_zeroed(card: Path) -> None:
    """Settings come again from the card; the secret, which was blanked there, does not."""
    with card.open("r+b") as disk:
        disk.seek(DATA)
        disk.write(bytes(DATA_MIB * 2**20))
    with Machine(card, *NETWORK) as machine:
        running(machine)
        drawn(machine, "data-zeroed")
        assert "ia-kly" in machine.ask("cat /data/site/site.toml")
        assert machine.ask("ls /data/site/secrets 2>/dev/null") == ""


def test_card_read_only(card: Path) -> None:
    with Machine(card, *NETWORK, read_only=True) as machine:
        running(machine)
        codes(machine, "health", TroubleKey.STORAGE)
        drawn(machine, "card-read-only")
        assert machine.ask("cat /data/site/secrets/sip-password") == "Khong-ai-biet"


def test_site_file_broken() -> None:
    card = copy_of(BUILD / "diemcau-virt.img", RUN / "one")
    prepare(card, BROKEN.format(port=NO_PORT))
    with Machine(card, *NETWORK) as machine:
        machine.ask("systemctl is-system-running --wait")
        assert machine.ask("systemctl is-active diemcau-unconfigured") == "active"
        drawn(machine, "site-file-broken")
    result = on_card(card, "RESULT.txt")
    assert "TỪ CHỐI" in result
    assert "site.id" in result
