"""Starts that nobody planned: the screen comes up each time and says what is missing."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import trustme

from appliance.core.problems import KINDS, ProblemKey
from tests.image.machine.guest.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.guest.questions import (
    DATA,
    DATA_MIB,
    SITE,
    credential,
    on_card,
    prepare,
    with_data,
)

RUN = BUILD / "odd"
NETWORK = ("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=")
HONEST = SITE.replace('trust = "always"', 'trust = "synchronised"')
BROKEN = SITE.replace('id = "ia-kly"', 'id = "Ia Kly"')
NO_PORT = 9
LATE_RULE = "62-late.rules"
LATE = credential(
    f"udev.rules.{LATE_RULE.removesuffix('.rules')}",
    'ENV{ID_PART_ENTRY_UUID}=="d1e3ca17-01", SYMLINK="", ENV{SYSTEMD_WANTS}=""\n',
)
"""The kernel's words by which udev says nothing of the boot partition until the rule is gone."""
PATIENT = "systemd.watchdog_sec=120"
"""A guest that has to wait for a core is not one that hangs."""

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


def codes(machine: Machine, program: str, wanted: ProblemKey) -> None:
    """Waits until the program's fact file names the problem."""
    key = "problems" if program == "endpoint" else "alarms"
    code = KINDS[wanted].code
    said = machine.ask(
        f'for i in $(seq 120); do grep -q \'"{key}": *\\[.*"{code}"\' /run/diemcau/{program}.json'
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
        codes(machine, "endpoint", ProblemKey.NETWORK_CABLE)
        drawn(machine, "no-network")


def test_no_province(card: Path) -> None:
    with Machine(card, *NETWORK) as machine:
        running(machine)
        codes(machine, "endpoint", ProblemKey.AGENDA_MISSING)
        drawn(machine, "no-province")


def test_no_clock(card: Path) -> None:
    prepare(card, HONEST.format(port=NO_PORT))
    with Machine(card, *NETWORK, "-rtc", "base=1970-01-01T00:00:10") as machine:
        running(machine)
        codes(machine, "endpoint", ProblemKey.CLOCK)
        drawn(machine, "no-clock")


def test_data_partition_full(card: Path) -> None:
    with Machine(card, *NETWORK) as machine:
        running(machine)
        machine.ask("dd if=/dev/zero of=/data/filler bs=64k; sync; df /data")
        assert machine.ask("df --output=avail /data | tail -1").strip() == "0"
    with Machine(card, *NETWORK) as machine:
        running(machine)
        codes(machine, "health", ProblemKey.DISK_FULL)
        drawn(machine, "data-full")


def test_data_partition_zeroed(card: Path) -> None:
    """Settings, secret and identity come again from their second copy, each as its readers need it.

    Secret and machine-id were kept when the card settled, the identity as it came.
    """
    identity = trustme.CA().issue_cert("ia-kly").private_key_and_cert_chain_pem.bytes()
    folder = "/data/health"
    with Machine(card, *NETWORK) as machine:
        running(machine)
        # As the program does it: a file beside it, then a rename.
        machine.ask(
            f"base64 -d > {folder}/.new <<< {base64.b64encode(identity).decode()}"
            f" && chmod 600 {folder}/.new && chown diemcau:diemcau {folder}/.new"
            f" && mv {folder}/.new {folder}/identity.pem; sync"
        )
        journal = machine.ask(
            "for i in $(seq 60); do journalctl -b -u diemcau-keep | grep -q 'copy is written'"
            " && break; sleep 2; done; journalctl -b -u diemcau-keep"
        )
        assert "copy is written" in journal, journal
        machine_id = machine.ask("cat /data/system/machine-id")
        assert machine_id == machine.ask("cat /etc/machine-id")
    with card.open("r+b") as disk:
        disk.seek(DATA)
        disk.write(bytes(DATA_MIB * 2**20))
    with Machine(card, *NETWORK) as machine:
        running(machine)
        drawn(machine, "data-zeroed")
        said = machine.ask("journalctl -b -u diemcau-first-boot -u diemcau-keep")
        assert "come from the second copy" in said, said
        assert "ia-kly" in machine.ask("cat /data/site/site.toml")
        assert machine.ask("cat /data/site/secrets/sip-password") == "Khong-ai-biet"
        assert machine.ask(f"cat {folder}/identity.pem") == identity.decode().strip()
        assert machine.ask(f"stat -c '%U %G %a' {folder}/identity.pem") == "diemcau diemcau 600"
        # For the next start; this one had made its own before anything could read the copy.
        assert machine.ask("cat /data/system/machine-id") == machine_id
        assert machine.ask("systemctl --failed --plain --no-legend") == ""


def test_card_read_only(card: Path) -> None:
    with Machine(card, *NETWORK, read_only=True) as machine:
        running(machine)
        codes(machine, "health", ProblemKey.STORAGE)
        drawn(machine, "card-read-only")
        assert machine.ask("cat /data/site/secrets/sip-password") == "Khong-ai-biet"


def test_the_boot_partition_comes_late() -> None:
    """After the minute that systemd waits for it, as on a card or a board that is slow.

    Until then nobody takes the box for a new one, and its slot not for good."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN / "one")
    prepare(card, SITE.format(port=NO_PORT), kernel_words=f"{LATE} {PATIENT}")
    with Machine(card, *NETWORK) as machine:
        # The slot check is part of the start: systemd counts it as one that goes on.
        machine.ask(
            "until journalctl -b -u diemcau-confirm -o cat | grep -q 'waiting for: settings';"
            " do sleep 2; done"
        )
        assert machine.ask("ls /dev/diemcau").split() == ["disk", "slot-a", "slot-b"]
        units = "diemcau-endpoint diemcau-unconfigured diemcau-first-boot"
        assert machine.ask(f"systemctl is-active {units}").split() == ["inactive"] * 3
        told = machine.ask("diemcau slots show").splitlines()
        assert told[0].startswith("order A B; attempts left: A 2"), told
        machine.ask(f"rm /run/udev/rules.d/{LATE_RULE}; udevadm control --reload")
        machine.ask("udevadm trigger --action=change /sys/class/block/vda1")
        codes(machine, "endpoint", ProblemKey.AGENDA_MISSING)
        machine.ask("until diemcau slots show | grep -q '^A .* good'; do sleep 2; done")
        assert (
            machine.ask("systemctl is-active diemcau-endpoint diemcau-health") == "active\nactive"
        )
        drawn(machine, "boot-late")


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
