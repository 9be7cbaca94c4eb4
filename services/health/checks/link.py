"""Is the cable in, fast enough, and does it carry everything?"""

from appliance.core.alarms import Observation, when
from appliance.core.problems import ProblemKey
from hardware.vitals.link import Link, links
from services.health.check_api import NOTHING, Box, CheckResult

MIN_MBIT = 100
"""10 Mbit/s is a damaged pair of the cable: the meeting alone asks for 5 each way."""
LOST_SHARE, MIN_LOST = 0.01, 5
"""One packet of a hundred is seen in the picture; five, so that one glitch is none."""


class Cable:
    """Remembers the counters of the last look: the kernel counts since the boot."""

    def __init__(self) -> None:
        self._before: dict[str, Link] = {}

    def __call__(self, box: Box) -> CheckResult:
        """NETWORK_CABLE, LINK_SLOW, LINK_ERRORS; ``link_mbit``, ``link_errors``."""
        found = links(box.root)
        if not found:
            return NOTHING
        up = [link for link in found if link.carrier]
        observations: list[Observation] = [when(ProblemKey.NETWORK_CABLE, not up)]
        figures = {"link_errors": float(sum(link.errors for link in found))}
        if up:
            best = max(up, key=lambda link: link.mbit or 0)
            if best.mbit is not None:
                slow = best.mbit < MIN_MBIT or best.full_duplex is False
                half = "" if best.full_duplex is not False else ", half duplex"
                detail = f"{best.mbit} Mbit/s{half}"
                observations.append(when(ProblemKey.LINK_SLOW, slow, detail))
                figures["link_mbit"] = float(best.mbit)
            observations += self._lost(best)
        self._before = {link.name: link for link in found}
        return CheckResult(tuple(observations), figures)

    def _lost(self, link: Link) -> list[Observation]:
        before = self._before.get(link.name)
        if before is None or link.errors < before.errors:
            return []
        errors = link.errors - before.errors
        packets = link.received + link.sent - before.received - before.sent
        lost = errors >= MIN_LOST and errors >= LOST_SHARE * (packets + errors)
        return [when(ProblemKey.LINK_ERRORS, lost, f"{errors} of {packets + errors} packets")]
