"""Puts ``[network]`` of the settings in force: files for networkd, wpa_supplicant and RAUC in /run.

They are made anew at each start, and at each later look of first boot, from the settings that are
in force; so there is nothing to undo, and a card with other settings repairs what one got wrong.
networkd runs before they are there: first boot's unit restarts it where `CHANGED` is left.
"""

from pathlib import Path

from appliance.base.atomic_file import write_atomically
from appliance.base.config import Network
from appliance.base.site_file import SiteFileError, read_site
from services.card.site_file_on_card import SECRETS
from services.provisioning.network_files import NAMES, network_files, proxy_file, wifi_file

NETWORKD = Path("run/systemd/network")
WIFI_FOLDER = Path("run/diemcau-network")
"""root's alone: the key of the wireless network lies there."""
WIFI_CONFIGURATION = "wpa_supplicant.conf"
PROXY = "proxy.env"
CHANGED = "changed"
"""Made where networkd and wpa_supplicant have to read anew, for the unit's next command."""


def write_network(site: Path, root: Path) -> str:
    """Write what the settings in the folder `site` say below `root` (``/``), 0 to 5 files.

    Returns what is in force now for the journal, never with a secret; "" where nothing is said.
    Raises `OSError`.
    """
    network = _settings(site)
    networkd, own = root / NETWORKD, root / WIFI_FOLDER
    if not (networkd.is_dir() and own.is_dir()):
        return ""
    files = network_files(network)
    changed = False
    for name in NAMES:
        content = files[name].encode() if name in files else b""
        changed |= _write(networkd / name, content, 0o644)
    changed |= _write(own / WIFI_CONFIGURATION, wifi_file(network, _password(site)), 0o600)
    _write(own / PROXY, proxy_file(network).encode(), 0o600)
    if changed:
        (own / CHANGED).touch()
    return _told(network)


def _settings(site: Path) -> Network:
    try:
        return read_site(site / "site.toml").network
    except SiteFileError:
        return Network()  # there are none, or they are an older release's and the TV says so


def _password(site: Path) -> bytes:
    try:
        return (site / "secrets" / SECRETS["wifi_password"]).read_bytes().strip(b"\r\n")
    except OSError:
        return b""


def _write(path: Path, content: bytes, mode: int) -> bool:
    """Whether another thing stands there now; b"" takes the file away."""
    present = path.read_bytes() if path.exists() else b""
    if present == content:
        return False
    if content:
        write_atomically(path, content, mode=mode)
    else:
        path.unlink()
    return True


def _told(network: Network) -> str:
    if network == Network():
        return ""
    way = f"Wi-Fi “{network.wifi}”" if network.wifi else "the cable"
    tag = f", VLAN {network.vlan}" if network.vlan else ""
    address = network.address or "by DHCP"
    gateway = f", gateway {network.gateway}" if network.gateway else ""
    proxy = f", proxy {network.proxy}" if network.proxy else ""
    return f"network: {way}{tag}, {address}{gateway}{proxy}"
