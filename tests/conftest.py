"""Tests in real time get a second and a third try, but only on a machine that was busy.

They hold the product to tens of milliseconds, which a machine whose cores all do something else
cannot keep: one such test in eighteen hundred then says nothing about the product. What fails on an
idle machine fails at once; each other try is listed at the end of the run.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No example is held to the clock (200 ms): a busy machine is no finding. Each run has
# the same examples, so that it speaks of the change before it; new ones are looked for by
# pytest --hypothesis-profile=search.
_unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", _unhurried)
settings.register_profile("house", _unhurried, derandomize=True)
settings.load_profile("house")

REAL_TIME = ("dialers", "e2e", "endpoint", "health", "media", "process", "province", "room")
TRIES = 3
IDLE = 0.25  # these tests alone leave more than that of two cores


def _jiffies() -> tuple[int, int]:
    """Idle and all time of all cores (proc(5), /proc/stat: idle and iowait are fields 4 and 5)."""
    fields = [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return fields[3] + fields[4], sum(fields)


class Machine:
    """How busy all cores were since ``look``."""

    def __init__(self) -> None:
        self._idle, self._total = _jiffies()

    def look(self) -> None:
        """Begin anew."""
        self._idle, self._total = _jiffies()

    def was_busy(self) -> bool:
        """Whether less than `IDLE` of the time was left."""
        idle, total = _jiffies()
        return idle - self._idle < IDLE * (total - self._total)


machine = Machine()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in a folder of real-time tests."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in REAL_TIME:
            item.add_marker(pytest.mark.flaky(reruns=TRIES - 1, condition=machine.was_busy))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Look at the machine before each try."""
    machine.look()
