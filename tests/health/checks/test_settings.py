"""What is wrong with the network that the settings ask for, on a Pi's tree and by a real socket."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.base.config import Network
from appliance.core.problems import ProblemKey
from hardware.vitals.address import gateway, ipv4
from hardware.vitals.wifi import SOCKETS, Wifi, wifi
from services.health.check_api import Box
from services.health.checks.settings import network_settings
from services.provisioning.network_files import wifi_file
from tests.hardware.vitals.trees import spoil
from tests.health.boxes import SITE, RecordedBox, healthy_box, wrong

KEY = ProblemKey
SSID = "UBND xã"
HEARD = "bssid / frequency / signal level / flags / ssid\n"
OTHER = "02:00:00:00:00:00\t2412\t-30\t[WPA2-PSK-CCMP][ESS]\tQuán cà phê\n"
OURS = "02:00:00:00:01:00\t2412\t-30\t[WPA2-PSK-CCMP][ESS]\tUBND x\\xc3\\xa3\n"
LISTED = "network id / ssid / bssid / flags\n0\tUBND x\\xc3\\xa3\tany\t"


def box(one: RecordedBox, network: Network) -> Box:
    return replace(one.box(), site=replace(SITE, network=network))


def arp(flags: str, ip: str) -> str:
    head = "IP address       HW type     Flags       HW address            Mask     Device\n"
    return f"{head}{ip:16} 0x1         {flags}         00:00:00:00:00:00     *        eth0\n"


@contextmanager
def supplicant(root: Path, answers: Mapping[str, str]) -> Iterator[None]:
    """Answers on a socket as wpa_supplicant does, a datagram each."""
    (root / SOCKETS).mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(root / SOCKETS / "wlan0"))

        def run() -> None:
            while (asked := listening.recvfrom(100))[0] != b"end":
                listening.sendto(answers[asked[0].decode()].encode(), asked[1])

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            listening.sendto(b"end", listening.getsockname())
            thread.join(5)


def state(status: str, flags: str = "", scanned: str = "") -> dict[str, str]:
    return {
        "STATUS": f"bssid=00:00:00:00:00:00\nwpa_state={status}\naddress=00:00:00:00:00:01\n",
        "LIST_NETWORKS": LISTED + flags + "\n",
        "SCAN_RESULTS": HEARD + OTHER + scanned,
    }


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        (state("COMPLETED", "[CURRENT]", OURS), Wifi(joined=True, found=True, refused=False)),
        (state("SCANNING"), Wifi(joined=False, found=False, refused=False)),
        (state("SCANNING", scanned=OURS), Wifi(joined=False, found=True, refused=False)),
        (state("4WAY_HANDSHAKE"), Wifi(joined=False, found=True, refused=False)),
        (state("DISCONNECTED", "[TEMP-DISABLED]"), Wifi(joined=False, found=True, refused=True)),
    ],
)
def test_what_the_radio_knows(tmp_path: Path, answers: dict[str, str], seen: Wifi) -> None:
    with supplicant(tmp_path, answers):
        assert wifi(tmp_path, SSID) == seen


def test_who_does_not_answer_says_nothing(tmp_path: Path) -> None:
    assert wifi(tmp_path, SSID) is None
    (tmp_path / SOCKETS).mkdir(parents=True)
    (tmp_path / SOCKETS / "wlan0").touch()
    assert wifi(tmp_path, SSID) is None


def without_cable(root: Path) -> None:
    spoil(root, "sys/class/net/eth0/carrier", "0")


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        (state("COMPLETED", "[CURRENT]", OURS), None),
        (state("SCANNING", scanned=OURS), None),
        (state("SCANNING"), KEY.WIFI_NOT_FOUND),
        (state("DISCONNECTED", "[TEMP-DISABLED]", OURS), KEY.WIFI_REFUSED),
    ],
)
def test_a_wifi_that_is_needed_is_told_with_its_name(
    tmp_path: Path, answers: dict[str, str], problem: ProblemKey | None
) -> None:
    one = healthy_box(tmp_path)
    spoil(one.root, "sys/class/net/wlan0/phy80211/name", "phy0")
    with supplicant(one.root, answers):
        at_cable = network_settings(box(one, Network(wifi=SSID)))
        assert not [each for each in at_cable.observations if each.detail == SSID]
        without_cable(one.root)
        found = network_settings(box(one, Network(wifi=SSID)))
    told = {each.key: each.detail for each in found.observations if each.detail == SSID}
    assert told == ({problem: SSID} if problem else {})


def test_a_box_without_a_radio(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    assert wrong(network_settings, box(one, Network(wifi=SSID))) == set()
    without_cable(one.root)
    assert wrong(network_settings, box(one, Network(wifi=SSID))) == {KEY.WIFI_RADIO}
    assert wrong(network_settings, box(one, Network())) == set()


def test_a_static_address_that_the_box_does_not_get(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    own = ipv4(one.root)
    assert wrong(network_settings, box(one, Network(address=f"{own}/24"))) == set()
    settings = Network(address="10.20.30.40/24")
    assert wrong(network_settings, box(one, settings)) == {KEY.ADDRESS_TAKEN}
    without_cable(one.root)
    assert wrong(network_settings, box(one, settings)) == set(), "no carrier is another problem"


@pytest.mark.parametrize(("flags", "silent"), [("0x0", True), ("0x2", False), ("0x6", False)])
def test_a_gateway_is_known_by_its_neighbour_entry(
    tmp_path: Path, flags: str, silent: bool
) -> None:
    one = healthy_box(tmp_path)
    way_out = gateway(one.root)
    assert way_out
    spoil(one.root, "proc/net/arp", arp(flags, way_out))
    expected = {KEY.GATEWAY_SILENT} if silent else set()
    assert wrong(network_settings, box(one, Network())) == expected
    spoil(one.root, "proc/net/arp", arp(flags, "10.9.9.9"))
    assert wrong(network_settings, box(one, Network())) == set(), "nobody asked for it"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network namespace")
def test_wpa_supplicant_takes_the_file_and_answers_by_its_socket(tmp_path: Path) -> None:
    """The real program, on a wire in the place of a radio: it has its socket and its words."""
    content = wifi_file(Network(wifi=SSID), b'a"b#c d\\e').decode()
    content = content.replace("GROUP=diemcau-wifi", "GROUP=root")
    (tmp_path / "wpa.conf").write_text(content.replace("/run/wpa", f"{tmp_path}/run/wpa"))
    (tmp_path / "run").mkdir()
    play = (
        "ip link add wlan0 type veth peer name far0; ip link set far0 up;"
        f"exec wpa_supplicant -i wlan0 -D wired -c {tmp_path}/wpa.conf -d"
    )
    process = subprocess.Popen(
        ["unshare", "-n", "sh", "-c", play], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Added interface wlan0" in line:
                break
        # Another namespace's abstract names are not ours: a name in the folder answers as well.
        asked = subprocess.run(
            ["nsenter", "-t", str(process.pid), "-n", "python3", "-c", ASK, str(tmp_path)],
            capture_output=True, text=True, check=True, timeout=60, cwd=Path(__file__).parents[2],
        ).stdout  # fmt: skip
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert any("id=0 ssid='UBND x\\xc3\\xa3'" in line for line in said), said
    assert "Invalid" not in "".join(said)
    assert "UBND x\\xc3\\xa3\tany\t[CURRENT]" in asked
    assert "psk *" in asked
    assert "wpa_state=" in asked


ASK = """
import socket, sys
for word in ("STATUS", "LIST_NETWORKS", "GET_NETWORK 0 psk"):
    one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.settimeout(5)
    one.bind("")
    one.connect(sys.argv[1] + "/run/wpa_supplicant/wlan0")
    one.send(word.encode())
    print(word.split()[-1], one.recv(8192).decode())
"""
