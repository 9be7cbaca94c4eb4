"""The files as systemd-networkd itself takes them: a link to a far end, in network namespaces.

All cases run at once, each in namespaces of its own: networkd alone asks seven seconds whose an
address is (RFC 5227).
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.base.config import Network
from hardware.vitals.address import answers, gateway, has_address, ipv4
from services.provisioning.network_files import network_files

NETWORKD = Path("/lib/systemd/systemd-networkd")
HERE, FAR = "10.20.30.40", "10.20.30.1"
STATIC = Network(address=f"{HERE}/24", gateway=FAR, dns=(FAR,))
CASES = {
    "static": (STATIC, f"ip addr add {FAR}/24 dev far0"),
    "silent": (STATIC, "true"),
    "taken": (STATIC, f"ip addr add {HERE}/24 dev far0"),
    "vlan": (Network(vlan=20, dns=(FAR,)), "true"),
    "wifi": (Network(wifi="UBND", address=f"{HERE}/24", gateway=FAR), "true"),
    "v6": (Network(address="2001:db8::5/64", gateway="2001:db8::1"), "true"),
}
"""The settings, and what the far end does. The kernel of a test machine may know no tags: of a
tagged network it is only shown that networkd takes the files and the cable has no address."""
PLAY = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/network
for name in links leases lldp; do mkdir -p /run/systemd/netif/$name; done
chown -R systemd-network:systemd-network /run/systemd/netif
mount -t sysfs -o ro sysfs /sys
cp "$1"/* /run/systemd/network/
unshare -n sleep 40 >/dev/null 2>&1 & far=$!
sleep 0.5
ip link set lo up
ip link add eth0 type veth peer name far0 netns $far
nsenter -t $far -n sh -c "ip link set far0 up; $2"
/lib/systemd/systemd-networkd 2>&1 & networkd=$!
sleep 12
bash -c 'echo > /dev/udp/10.20.30.1/9' 2>/dev/null || true
sleep 3.5
mkdir -p "$1/proc/net"
for name in arp fib_trie if_inet6 route; do cat /proc/net/$name > "$1/proc/net/$name"; done
kill $networkd $far
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What networkd said, and the procfs of its namespace, as our own readers take it."""

    said: str
    root: Path


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    running = {}
    for name, (network, far) in CASES.items():
        folder = tmp_path_factory.mktemp(name)
        for file, content in network_files(network).items():
            (folder / file).write_text(content)
        words = ["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", PLAY, "-"]
        process = subprocess.Popen(
            [*words, str(folder), far], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        running[name] = folder, process
    return {
        name: Outcome(process.communicate(timeout=60)[0], folder)
        for name, (folder, process) in running.items()
    }


@pytest.mark.parametrize("name", CASES)
def test_networkd_understands_every_line(outcomes: Mapping[str, Outcome], name: str) -> None:
    said = outcomes[name].said
    assert "Enumeration completed" in said
    for word in ("ignoring", "Unknown key", "Unknown section", "Failed to parse", "Invalid"):
        assert word not in said, said


def test_a_static_address_is_there_with_its_gateway(outcomes: Mapping[str, Outcome]) -> None:
    one = outcomes["static"]
    assert ipv4(one.root) == HERE, one.said
    assert gateway(one.root) == FAR
    assert answers(one.root, FAR) is True


def test_a_gateway_that_is_not_there_is_known_by_its_silence(
    outcomes: Mapping[str, Outcome],
) -> None:
    one = outcomes["silent"]
    assert (ipv4(one.root), gateway(one.root)) == (HERE, FAR), one.said
    assert answers(one.root, FAR) is False


def test_an_address_that_another_has_is_left_to_it(outcomes: Mapping[str, Outcome]) -> None:
    one = outcomes["taken"]
    assert not has_address(one.root, ip_address(HERE)), one.said
    assert has_address(outcomes["static"].root, ip_address(HERE))


def test_the_cable_of_a_wifi_or_of_a_tagged_network_has_no_address_of_theirs(
    outcomes: Mapping[str, Outcome],
) -> None:
    for name in ("wifi", "vlan"):
        assert ipv4(outcomes[name].root) is None, outcomes[name].said
    # Untouched: the image's own file has the cable.
    assert "eth0: Configuring" not in outcomes["wifi"].said
    assert "11-site-below.network" in outcomes["vlan"].said


def test_an_address_of_ipv6_is_there(outcomes: Mapping[str, Outcome]) -> None:
    one = outcomes["v6"]
    assert has_address(one.root, ip_address("2001:db8::5")), one.said
    assert not has_address(outcomes["static"].root, ip_address("2001:db8::5"))
