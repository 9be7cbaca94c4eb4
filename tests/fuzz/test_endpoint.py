"""A short seeded run of what ``make fuzz`` does for minutes: no end of the program, no part failed."""

import pytest

from tests.fuzz.endpoint import Counts, evening


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
