"""Does the network do what the settings ask of it: address, gateway, Wi-Fi?"""

import ipaddress

from appliance.core.alarms import Observation, when
from appliance.core.problems import ProblemKey
from hardware.vitals.address import answers, gateway, has_address
from hardware.vitals.link import links
from hardware.vitals.wifi import radios, wifi
from services.health.check_api import NOTHING, Box, CheckResult

_OF_WIFI = (ProblemKey.WIFI_RADIO, ProblemKey.WIFI_NOT_FOUND, ProblemKey.WIFI_REFUSED)


def network_settings(box: Box) -> CheckResult:
    """ADDRESS_TAKEN, GATEWAY_SILENT and the Wi-Fi's; the last only while no cable is in."""
    if box.site is None:
        return NOTHING
    network = box.site.network
    found: list[Observation] = []
    way_out = gateway(box.root)
    silent = answers(box.root, way_out) is False if way_out else False
    found.append(when(ProblemKey.GATEWAY_SILENT, silent, way_out or ""))
    radio = radios(box.root)
    up = [link.name for link in links(box.root) if link.carrier]
    taken, own = False, network.address.partition("/")[0]
    if network.address:
        # What has no carrier, or is not joined, has no address and is told as that.
        expected = any((name in radio) == bool(network.wifi) for name in up)
        taken = expected and not has_address(box.root, ipaddress.ip_address(own))
    found.append(when(ProblemKey.ADDRESS_TAKEN, taken, own))
    cabled = any(name not in radio for name in up)
    needed = bool(network.wifi) and not cabled
    found += _of_wifi(box, network.wifi, needed=needed, radio=bool(radio))
    return CheckResult(tuple(found))


def _of_wifi(box: Box, ssid: str, *, needed: bool, radio: bool) -> list[Observation]:
    seen = wifi(box.root, ssid) if radio and needed else None
    wrong: ProblemKey | None = None
    if needed and not radio:
        wrong = ProblemKey.WIFI_RADIO
    elif seen is not None and seen.refused:
        wrong = ProblemKey.WIFI_REFUSED
    elif seen is not None and not seen.found:
        wrong = ProblemKey.WIFI_NOT_FOUND
    elif needed and seen is None:
        return []  # it is being started
    detail = "" if wrong is ProblemKey.WIFI_RADIO else ssid
    return [when(key, key is wrong, detail if key is wrong else "") for key in _OF_WIFI]
