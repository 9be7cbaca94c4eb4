"""What wpa_supplicant knows of the wireless network (its ``ctrl_iface.doxygen``).

Asked by its socket, a datagram each way, with words that change nothing.
"""

import re
import socket
from dataclasses import dataclass
from pathlib import Path

from hardware.vitals.sysfs import entries

SOCKETS = "run/wpa_supplicant"
DEADLINE_S = 1.0
MAX_ANSWER_BYTES = 8192
"""wpa_supplicant's own bound is 4,096."""
_JOINING = frozenset(
    {"AUTHENTICATING", "ASSOCIATING", "ASSOCIATED", "4WAY_HANDSHAKE", "GROUP_HANDSHAKE"}
)
_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", 0x1B: "\\e", 10: "\\n", 13: "\\r", 9: "\\t"}


@dataclass(frozen=True, slots=True)
class Wifi:
    """The one network of the settings, as the radio sees it."""

    joined: bool
    found: bool
    """It was heard in the last scan, or is being joined."""
    refused: bool
    """It did not let the box in: wpa_supplicant waits before it tries again (TEMP-DISABLED)."""


def radios(root: Path) -> tuple[str, ...]:
    """The wireless links (kernel: ``phy80211`` of sysfs-class-net)."""
    found = entries(root / "sys/class/net")
    return tuple(folder.name for folder in found if (folder / "phy80211").exists())


def wifi(root: Path, ssid: str) -> Wifi | None:
    """How the network `ssid` is; None while nobody answers."""
    for path in entries(root / SOCKETS):
        try:
            status, known, scanned = _asked(path, "STATUS", "LIST_NETWORKS", "SCAN_RESULTS")
        except (OSError, ValueError):
            continue
        state = re.search(r"^wpa_state=(\S+)$", status, re.MULTILINE)
        joined = state is not None and state[1] == "COMPLETED"
        joining = state is not None and state[1] in _JOINING
        heard = {line.split("\t")[-1] for line in scanned.splitlines()[1:] if "\t" in line}
        refused = "[TEMP-DISABLED]" in known and not joined
        found = joined or joining or refused or _escaped(ssid) in heard
        return Wifi(joined, found, refused)
    return None


def _asked(path: Path, *words: str) -> list[str]:
    """The answer to each; raises `OSError` or `ValueError`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
        asking.settimeout(DEADLINE_S)
        asking.bind("")  # a name of the kernel's choice, which is no file (unix(7), autobind)
        asking.connect(str(path))
        answers = []
        for word in words:
            asking.send(word.encode())
            answers.append(asking.recv(MAX_ANSWER_BYTES).decode())
        return answers


def _escaped(ssid: str) -> str:
    """As wpa_supplicant writes a name (its ``printf_encode``)."""
    return "".join(
        _ESCAPES.get(byte) or (chr(byte) if 32 <= byte <= 126 else f"\\x{byte:02x}")
        for byte in ssid.encode()
    )
