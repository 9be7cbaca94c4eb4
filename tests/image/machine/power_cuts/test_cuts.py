"""The plug pulled twice in each kind of work; `make image-cuts` does it two hundred times."""

import pytest

from tests.image.machine.guest.emulator import PATIENCE
from tests.image.machine.power_cuts.cuts import CUTS, run

SEED = 20261128
ROUNDS = 2 * len(CUTS)
JOBS = 2


@pytest.mark.timeout(4 * PATIENCE)
def test_the_box_starts_after_each_cut() -> None:
    said: list[str] = []
    assert run(ROUNDS, SEED, JOBS, say=said.append) == ROUNDS, said
