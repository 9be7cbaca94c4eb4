"""The collector rests while modules are loaded, and passes over what they made."""

import gc
from collections.abc import Iterator

import pytest

from appliance.base.loading import loading


@pytest.fixture(autouse=True)
def nothing_stays_frozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_the_collector_rests_inside_and_passes_over_what_was_made() -> None:
    before = gc.get_freeze_count()
    with loading():
        assert not gc.isenabled()
        made = [[] for _ in range(1000)]  # type: list[list[int]]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(made)


def test_it_works_again_whatever_is_raised() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError("no such library")
    assert gc.isenabled()
