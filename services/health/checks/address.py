"""Has the network given an address and a gateway_address out?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.address import gateway, ipv4, ipv6
from hardware.vitals.link import links
from services.health.check_api import Box, CheckResult


def address(box: Box) -> CheckResult:
    """NETWORK_ADDRESS where a cable is in and there is no address; ``address``, ``gateway``."""
    found = ipv4(box.root) or ipv6(box.root)
    gateway_address = gateway(box.root)
    facts = {
        name: value for name, value in (("address", found), ("gateway", gateway_address)) if value
    }
    cabled = any(link.carrier for link in links(box.root))
    return CheckResult((when(ProblemKey.NETWORK_ADDRESS, cabled and found is None),), facts=facts)
