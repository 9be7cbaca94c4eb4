"""The box's own network address and its way out (proc(5): ``net/route``, ``net/fib_trie``)."""

import ipaddress
import re
from pathlib import Path

from hardware.vitals.sysfs import word

_LOCAL = re.compile(r"\|-- ([\d.]+)\n\s+/32 host LOCAL")

_ANY = "00000000"
_DAD_FAILED = 0x08
"""Another device has it (IFA_F_DADFAILED, rtnetlink(7))."""
_COMPLETE = 0x02
"""Its hardware address is known (ATF_COM, arp(7))."""


def ipv4(root: Path) -> str | None:
    """The first address that is neither loopback nor self-assigned (RFC 3927); None for none."""
    for text in _LOCAL.findall(word(root / "proc/net/fib_trie") or ""):
        address = ipaddress.ip_address(text)
        if not address.is_loopback and not address.is_link_local:
            return str(address)
    return None


def ipv6(root: Path) -> str | None:
    """The first global or unique local address (``net/if_inet6``); None for none."""
    for line in (word(root / "proc/net/if_inet6") or "").splitlines():
        try:
            address = ipaddress.IPv6Address(int(line.split()[0], 16))
        except (ValueError, IndexError):
            continue
        if not address.is_loopback and not address.is_link_local:
            return str(address)
    return None


def gateway(root: Path) -> str | None:
    """The default route's gateway, IPv4; None where there is no way out, or none with a gateway
    (a modem's line, a route that is marked unreachable)."""
    for line in (word(root / "proc/net/route") or "").splitlines()[1:]:
        fields = line.split()
        default = len(fields) > 7 and fields[1] == fields[7] == _ANY
        if default and fields[2] != _ANY:
            return str(ipaddress.IPv4Address(int.from_bytes(bytes.fromhex(fields[2]), "little")))
    return None


def has_address(root: Path, ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether one of the box's links has this very address, and may use it."""
    if ip.version == 4:
        return str(ip) in _LOCAL.findall(word(root / "proc/net/fib_trie") or "")
    for line in (word(root / "proc/net/if_inet6") or "").splitlines():
        fields = line.split()
        if len(fields) > 4 and int(fields[0], 16) == int(ip):
            return not int(fields[4], 16) & _DAD_FAILED
    return False


def answers(root: Path, ip: str) -> bool | None:
    """Whether a neighbour answers for `ip` (``net/arp``); None where nobody has asked for it."""
    for line in (word(root / "proc/net/arp") or "").splitlines()[1:]:
        fields = line.split()
        if len(fields) > 3 and fields[0] == ip:
            return bool(int(fields[2], 16) & _COMPLETE)
    return None
