"""The files of networkd and wpa_supplicant: never a broken one, and no secret for other eyes."""

import hashlib
import ipaddress
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from appliance.base.config import Network
from appliance.core.remedies.network_settings import network_problems
from services.provisioning.network import CHANGED, NETWORKD, PROXY, WIFI_FOLDER, write_network
from services.provisioning.network_files import NAMES, WIFI, network_files, wifi_file

PASSWORD = "mat-khau-cua-xa"
KEYS = {
    "Match": {"Name", "Type"},
    "Network": {
        "DHCP", "IPv6AcceptRA", "LinkLocalAddressing", "DNS", "VLAN", "LLMNR", "MulticastDNS",
        "LLDP",
    },
    "Address": {"Address", "DuplicateAddressDetection"},
    "Route": {"Gateway", "Metric"},
    "DHCPv4": {"UseHostname", "UseDNS", "RouteMetric"},
    "NetDev": {"Name", "Kind"},
    "VLAN": {"Id"},
}  # fmt: skip
"""All that systemd.network(5) and systemd.netdev(5) may hear from us."""


def entries(text: str) -> list[tuple[str, str, str]]:
    """Section, key and value of each line; anything else in a file is an error."""
    section, found = "", []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = head[1]
            continue
        key, sign, value = line.partition("=")
        assert sign, line
        assert key in KEYS[section], line
        assert value
        assert value == value.strip()
        found.append((section, key, value))
    return found


v4 = st.ip_addresses(v=4).map(str)
networks = st.builds(
    Network,
    address=st.one_of(st.just(""), st.builds("{}/{}".format, v4, st.integers(8, 30)),
                      st.builds("{}/{}".format, st.ip_addresses(v=6), st.integers(32, 127))),
    dns=st.lists(st.ip_addresses().map(str), max_size=3).map(tuple),
    vlan=st.sampled_from([0, 0, 20, 4094]),
    wifi=st.one_of(st.just(""), st.text(max_size=12)),
)  # fmt: skip


@given(networks, st.integers(1, 200))
def test_no_setting_that_is_taken_makes_a_broken_file(network: Network, host: int) -> None:
    values = {name: getattr(network, name) for name in Network.__slots__}
    if network.address and host % 2:
        own = ipaddress.ip_interface(network.address).network
        values["gateway"] = str(own[host % min(own.num_addresses, 1 << 20)])
        network = Network(**values)
    assume(not list(network_problems(values)))
    files = network_files(network)
    assert set(files) <= set(NAMES)
    assert bool(files) == bool(network.address or network.dns or network.vlan or network.wifi)
    lines = [line for text in files.values() for line in entries(text)]
    addresses = [value for _, key, value in lines if key == "Address"]
    assert addresses == ([str(ipaddress.ip_interface(network.address))] if network.address else [])
    ways = [value for _, key, value in lines if key == "Gateway"]
    assert ways == ([str(ipaddress.ip_address(network.gateway))] if network.gateway else [])
    assert [value for _, key, value in lines if key == "DNS"] == [
        str(ipaddress.ip_address(one)) for one in network.dns
    ]
    assert not files or ("Network", "DHCP", "yes") in lines or network.address
    assert not any("\n[" in value for _, _, value in lines)


@given(
    st.text(min_size=1, max_size=10).filter(str.isprintable),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=8, max_size=63),
)
def test_a_name_and_a_password_of_any_letters_make_one_network(ssid: str, password: str) -> None:
    text = wifi_file(Network(wifi=ssid), password.encode()).decode()
    inner = re.findall(r"^\t(\w+)=(.*)$", text, re.MULTILINE)
    found = dict(inner)
    assert len(found) == len(inner) == 5
    assert bytes.fromhex(found["ssid"]) == ssid.encode()
    key = hashlib.pbkdf2_hmac("sha1", password.encode(), ssid.encode(), 4096, 32)
    assert found["psk"] == key.hex()


def test_the_key_is_that_of_the_standard() -> None:
    """IEEE 802.11, J.4.2, the first of its test vectors."""
    text = wifi_file(Network(wifi="IEEE"), b"password").decode()
    assert "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e" in text
    given_key = "AB" * 32
    assert f"psk={given_key.lower()}\n" in wifi_file(Network(wifi="a"), given_key.encode()).decode()


def test_an_open_network_is_never_joined() -> None:
    for password in (b"", b"short"):
        assert wifi_file(Network(wifi="a"), password) == b""
    assert wifi_file(Network(), b"12345678") == b""


def settings(folder: Path, network: str, password: str = "") -> Path:
    site = folder / "site"
    (site / "secrets").mkdir(parents=True, exist_ok=True)
    head = '[site]\nid = "a"\nname = "A"\n[agenda]\nurl = "/a.ics"\n[network]\n'
    (site / "site.toml").write_text(head + network)
    if password:
        (site / "secrets/wifi-password").write_text(password)
    return site


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As tmpfiles leaves it."""
    for folder, mode in ((NETWORKD, 0o755), (WIFI_FOLDER, 0o700)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder).chmod(mode)
    return tmp_path


def changed(root: Path) -> bool:
    mark = root / WIFI_FOLDER / CHANGED
    found = mark.exists()
    mark.unlink(missing_ok=True)
    return found


def test_settings_are_written_once_and_taken_away_by_the_next_card(
    root: Path, tmp_path: Path
) -> None:
    site = settings(tmp_path, 'wifi = "UBND xã"\nproxy = "http://proxy:3128"\n', PASSWORD)
    told = write_network(site, root)
    assert told == "network: Wi-Fi “UBND xã”, by DHCP, proxy http://proxy:3128"
    assert changed(root)
    secret = root / WIFI_FOLDER / "wpa_supplicant.conf"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert (root / WIFI_FOLDER / PROXY).read_text() == "https_proxy=http://proxy:3128\n"
    link = root / NETWORKD / WIFI
    assert link.stat().st_mode & 0o777 == 0o644, "networkd is no root"
    key = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), "UBND xã".encode(), 4096, 32).hex()
    assert key in secret.read_text()
    for text in (told, link.read_text(), *(one.name for one in root.rglob("*"))):
        assert PASSWORD not in text
        assert key not in text
    write_network(site, root)
    assert not changed(root), "the same again needs no restart"
    assert write_network(settings(tmp_path, ""), root) == ""
    assert changed(root)
    assert [one for one in root.rglob("*.*") if one.suffix in (".network", ".conf", ".env")] == []


def test_a_password_alone_is_a_change(root: Path, tmp_path: Path) -> None:
    write_network(settings(tmp_path, 'wifi = "a"\n', PASSWORD), root)
    assert changed(root)
    write_network(settings(tmp_path, 'wifi = "a"\n', "another-one"), root)
    assert changed(root)


def test_without_settings_or_with_those_of_another_release_the_cable_holds(
    root: Path, tmp_path: Path
) -> None:
    assert write_network(tmp_path / "nothing", root) == ""
    assert write_network(settings(tmp_path, "a_later_key = 1\n"), root) == ""
    assert not changed(root)


def test_on_a_machine_that_is_no_box_nothing_is_written(tmp_path: Path) -> None:
    assert write_network(settings(tmp_path, "vlan = 20\n"), tmp_path / "root") == ""
    assert not (tmp_path / "root").exists()
