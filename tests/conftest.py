"""What all tests have in common: the same examples in each run, few second tries, ``--unit``."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.reruns import Machine, Reruns
from tests.unit import is_unit

# No example is held to the clock (200 ms): a busy machine is no finding. Each run has
# the same examples, so that it speaks of the change before it; new ones are looked for by
# pytest --hypothesis-profile=search.
_unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", _unhurried)
settings.register_profile("house", _unhurried, derandomize=True)
settings.register_profile("unit", _unhurried, derandomize=True, max_examples=10)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make unit` is ``pytest --unit``."""
    parser.addoption("--unit", action="store_true", help="the pure part alone (tests/unit.py)")


def pytest_configure(config: pytest.Config) -> None:
    """Only tests marked ``real_time`` are tried again; unit tests have fewer examples."""
    config.pluginmanager.register(Reruns(Machine()))
    if config.getoption("unit"):
        settings.load_profile("unit")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With ``--unit`` nothing else is even read."""
    outside = config.getoption("unit") and not is_unit(collection_path, Path(__file__).parent)
    return True if outside else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--unit`` no ``slow`` test."""
    if config.getoption("unit"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        items[:] = [item for item in items if item not in slow]
        config.hook.pytest_deselected(items=slow)
