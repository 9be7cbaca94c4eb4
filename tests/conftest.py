"""What all tests have in common: the same examples in each run, few second tries, options."""

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
    parser.addoption("--case", metavar="ROW", help="the tests that show this row of docs/cases.md")


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
    """With ``--unit`` no ``slow`` test, with ``--case`` those of that row alone."""
    row = config.getoption("case")
    left_out = [
        item
        for item in items
        if (config.getoption("unit") and item.get_closest_marker("slow"))
        or (row and not any(row in mark.args for mark in item.iter_markers("case")))
    ]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
