"""What of ``[network]`` cannot go together, or cannot be an address of a box. Pure.

Each value alone may have the right form and the whole may still cut the box off from everybody who
could mend it, so it is judged before it is taken: a gateway outside of the box's own network, the
network's own address given to the box, a tag on the cable of a box that has none.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from appliance.core.message import N_

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface

MAX_SSID_BYTES = 32
"""IEEE 802.11, 9.4.2.2; an accented letter of Vietnamese has two or three."""
MIN_PASSPHRASE, MAX_PASSPHRASE = 8, 63
"""IEEE 802.11, J.4.1: printable ASCII; 64 hexadecimal digits are the key itself."""
_ADDRESS_EXAMPLE = N_("e.g. 10.20.30.40/24")
_GATEWAY_EXAMPLE = N_("e.g. 10.20.30.1")


def network_problems(table: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Key, message and remedy (message ids) of each; the values have their kind and their form."""
    yield from _address_problems(table.get("address", ""), table.get("gateway", ""))
    for server in map(ipaddress.ip_address, table.get("dns", ())):
        if server.is_unspecified or server.is_multicast or server.is_loopback:
            yield "dns", N_("is no address that a server of names can have"), _GATEWAY_EXAMPLE
    wifi = table.get("wifi", "")
    if len(wifi.encode()) > MAX_SSID_BYTES:
        remedy = N_("the name of the network, at most 32 letters")
        yield "wifi", N_("is too long: an accented letter counts two or three"), remedy
    elif not wifi.isprintable():
        yield (
            "wifi",
            N_("has an invisible letter in it"),
            N_("write the name as telephones show it"),
        )
    if wifi and table.get("vlan", 0):
        remedy = N_("leave vlan for the cable, or wifi for a box without one")
        yield "vlan", N_("is of the cable, and this box is to go by Wi-Fi"), remedy


def _address_problems(address: str, gateway: str) -> Iterator[tuple[str, str, str]]:
    if not address:
        if gateway:
            yield (
                "gateway",
                N_("needs an address of the box, too"),
                N_("write address in [network]"),
            )
        return
    if "/" not in address:
        yield "address", N_("does not say how large the network is"), _ADDRESS_EXAMPLE
        return
    own = ipaddress.ip_interface(address)
    if not _is_of_a_box(own):
        yield "address", N_("is no address that a box can have"), _ADDRESS_EXAMPLE
        return
    if not gateway:
        return
    way = ipaddress.ip_address(gateway)
    if way == own.ip:
        yield "gateway", N_("is the box's own address"), _GATEWAY_EXAMPLE
    elif way.version != own.version or way not in own.network:
        yield "gateway", N_("is not in the network of the address"), _GATEWAY_EXAMPLE
    elif own.version == 4 and not _is_of_a_box(
        ipaddress.ip_interface(f"{way}/{own.network.prefixlen}")
    ):
        yield "gateway", N_("is no address that a gateway can have"), _GATEWAY_EXAMPLE


def _is_of_a_box(own: Interface) -> bool:
    """Neither loopback, group and the like, nor the network's own two addresses."""
    ip, network = own.ip, own.network
    if ip.is_loopback or ip.is_multicast or ip.is_unspecified or ip.is_link_local:
        return False
    if own.version == 4 and (ip.is_reserved or int(ip) >> 24 == 0):
        return False
    ends = own.version == 4 and network.prefixlen < 31
    return not (ends and ip in (network.network_address, network.broadcast_address))


def is_wifi_password(password: bytes) -> bool:
    """Whether a network of WPA2-PSK can have it."""
    if len(password) == 64:
        return all(letter in b"0123456789abcdefABCDEF" for letter in password)
    printable = all(0x20 <= letter <= 0x7E for letter in password)
    return printable and MIN_PASSPHRASE <= len(password) <= MAX_PASSPHRASE
