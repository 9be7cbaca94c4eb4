"""A box to look at: the Pi's tree, and a clock that the test moves."""

from dataclasses import dataclass
from pathlib import Path

from appliance.base.site_file import parse_site
from appliance.core.alarms import State
from appliance.core.problems import ProblemKey
from appliance.wire.facts import EndpointFacts
from services.health.check_api import Box, Check, CheckResult
from tests.hardware.vitals.trees import pi, spoil

NOON = 1_793_610_000.0
SITE = parse_site(
    b'[site]\nid = "ia-kly"\nname = "X\xc3\xa3 Ia Kly"\n[agenda]\nurl = "/data/agenda.ics"\n'
)
IDLE = EndpointFacts(at=NOON, boot_id="b", phase="idle")


@dataclass
class RecordedBox:
    """`box` at any moment of a tree that the test changes."""

    root: Path
    data: Path
    endpoint: EndpointFacts | None = IDLE
    run: Path | None = None
    certificate_end: float | None = NOON + 300 * 86400

    def box(self, elapsed: float = 0.0, *, trusted: bool = True) -> Box:
        return Box(
            root=self.root,
            data=self.data,
            now=NOON + elapsed,
            monotonic=1000.0 + elapsed,
            trusted=trusted,
            site=SITE,
            run=self.run,
            endpoint=self.endpoint,
            certificate_end=self.certificate_end,
        )


def healthy_box(folder: Path) -> RecordedBox:
    """A Pi in good health, its data below `folder`."""
    one = RecordedBox(pi(folder / "root"), folder / "data")
    one.data.mkdir()
    spoil(one.root, "proc/mounts", mounts(one, "rw"))
    return one


def mounts(one: RecordedBox, how: str) -> str:
    """The data partition as procfs lists it."""
    return f"/dev/mmcblk0p5 {one.data} ext4 {how},relatime,errors=remount-ro 0 0\n"


def states(finding: CheckResult) -> dict[ProblemKey, State]:
    """What it says of each problem."""
    found: dict[ProblemKey, State] = {}
    for observation in finding.observations:
        found[observation.key] = max(observation.state, found.get(observation.key, State.FINE))
    return found


def wrong(check: Check, box: Box) -> set[ProblemKey]:
    """What the check calls wrong."""
    return {key for key, state in states(check(box)).items() if state is State.WRONG}
