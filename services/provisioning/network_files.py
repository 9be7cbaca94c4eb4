"""What systemd-networkd and wpa_supplicant are to read, from ``[network]`` of the settings. Pure.

Without settings nothing is written, and the image's own ``20-cable.network`` holds: any cable, by
DHCP. What is written here has names before that one, and of the files that match a link networkd
takes the first (systemd.network(5)).

Nothing of the settings is copied into a file as it stands: addresses are printed from what was
read, and the name of a wireless network and its key are written in hexadecimal digits, so no
letter of theirs can end a line or a string (wpa_supplicant.conf(5): ``ssid``, ``psk``).
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping

from appliance.base.config import Network
from appliance.core.remedies.network_settings import is_wifi_password

VLAN_NAME = "tagged"
"""The tagged network as a link of its own; its number stands in the file."""
CABLE, CABLE_BELOW = "10-site-cable.network", "11-site-below.network"
"""The second after that of the tagged network, which is of type ether to some releases."""
VLAN_DEVICE, VLAN = "10-site-vlan.netdev", "10-site-vlan.network"
WIFI = "10-site-wifi.network"
NAMES = (CABLE, CABLE_BELOW, VLAN_DEVICE, VLAN, WIFI)
"""All that this module ever writes for networkd."""
CONTROL_FOLDER = "/run/wpa_supplicant"
CONTROL_GROUP = "diemcau-wifi"
"""Who may ask wpa_supplicant how it is; health alone is in it."""
WIFI_METRIC = 2048
"""Above networkd's 1024: a cable that is plugged in goes first, and so mends a wrong Wi-Fi."""
_PSK_ROUNDS = 4096
_SILENT = ("LLMNR=no", "MulticastDNS=no", "LLDP=no")


def network_files(network: Network) -> Mapping[str, str]:
    """Contents by file name for ``/run/systemd/network``; none where DHCP on the cable is meant."""
    if network.wifi:
        return {WIFI: _way("Type=wlan", network, metric=WIFI_METRIC)}
    if network.vlan:
        return {
            VLAN_DEVICE: _lines(
                ("NetDev", (f"Name={VLAN_NAME}", "Kind=vlan")), ("VLAN", (f"Id={network.vlan}",))
            ),
            VLAN: _way(f"Name={VLAN_NAME}", network),
            CABLE_BELOW: _lines(
                ("Match", ("Type=ether",)),
                ("Network", ("DHCP=no", "IPv6AcceptRA=no", "LinkLocalAddressing=no",
                             f"VLAN={VLAN_NAME}", *_SILENT)),
            ),
        }  # fmt: skip
    if network.address or network.dns:
        return {CABLE: _way("Type=ether", network)}
    return {}


def wifi_file(network: Network, password: bytes) -> bytes:
    """The file of wpa_supplicant: one network of WPA2-PSK. b"" where there is no such network.

    A network without a password is never joined: whoever calls his so would have the box.
    """
    if not network.wifi or not is_wifi_password(password):
        return b""
    ssid = network.wifi.encode()
    key = password.decode().lower() if len(password) == 64 else _key(ssid, password)
    lines = (
        f"ssid={ssid.hex()}",
        "scan_ssid=1",
        "key_mgmt=WPA-PSK WPA-PSK-SHA256",
        "ieee80211w=1",
        f"psk={key}",
    )
    inner = "".join(f"\t{line}\n" for line in lines)
    head = f"ctrl_interface=DIR={CONTROL_FOLDER} GROUP={CONTROL_GROUP}\ncountry=VN\n"
    return f"{head}network={{\n{inner}}}\n".encode()


def proxy_file(network: Network) -> str:
    """The environment of RAUC, whose releases come by libcurl (libcurl-env(3)); "" for none."""
    return f"https_proxy={network.proxy}\n" if network.proxy else ""


def _key(ssid: bytes, passphrase: bytes) -> str:
    """IEEE 802.11, J.4.1."""
    return hashlib.pbkdf2_hmac("sha1", passphrase, ssid, _PSK_ROUNDS, 32).hex()


def _way(match: str, network: Network, *, metric: int = 0) -> str:
    """The file of the link by which the box is to go."""
    servers = [f"DNS={ipaddress.ip_address(one)}" for one in network.dns]
    if not network.address:
        own = [f"RouteMetric={metric}"] if metric else []
        dhcp = ["UseHostname=no", *own, *(["UseDNS=no"] if servers else [])]
        return _lines(
            ("Match", (match,)),
            ("Network", ("DHCP=yes", *servers, *_SILENT)),
            ("DHCPv4", dhcp),
        )
    address = ipaddress.ip_interface(network.address)
    # networkd asks of itself whether an address is taken for IPv6 only (RFC 5227 for IPv4).
    checked = "ipv4" if address.version == 4 else "ipv6"
    gateway = [f"Gateway={ipaddress.ip_address(network.gateway)}"] if network.gateway else []
    return _lines(
        ("Match", (match,)),
        ("Network", ("DHCP=no", "IPv6AcceptRA=no", *servers, *_SILENT)),
        ("Address", (f"Address={address}", f"DuplicateAddressDetection={checked}")),
        *((("Route", (*gateway, *([f"Metric={metric}"] if metric else []))),) if gateway else ()),
    )


def _lines(*sections: tuple[str, Iterable[str]]) -> str:
    head = "# Written at each start from [network] of the site file.\n"
    return head + "\n".join(f"[{name}]\n" + "".join(f"{one}\n" for one in lines)
                            for name, lines in sections)  # fmt: skip
