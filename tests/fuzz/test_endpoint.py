"""A short seeded run of what ``make fuzz`` does for minutes: nothing ends, and no part fails."""

import json

import pytest

from tests.fuzz.endpoint import Counts, evening
from tests.fuzz.hostile.mutations import Mutations


@pytest.mark.case("K1", "K4", "C5", "P1")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 2])
def test_far_ends_that_mean_no_good_end_nothing(seed: int) -> None:
    counts = Counts()
    evening(seed, counts)
    assert (counts.ends, dict(counts.parts)) == ([], {}), str(counts)
    assert counts.dialled > 5
    assert counts.inputs > 100
    assert counts.spoiled > counts.inputs / 4


def test_a_seed_spoils_the_same_and_some_is_left_as_it_is() -> None:
    right = {"janus": "event", "plugindata": {"data": {"publishers": [{"id": 1}]}}}
    first, second = ([one.message(right) for _ in range(50)] for one in map(Mutations, (7, 7)))
    assert first == second
    assert json.dumps(right).encode() in first
    assert len(set(first)) > 10
