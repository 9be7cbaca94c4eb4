"""The plug pulled once in each kind of work; `make image-cuts` does it two hundred times."""

import pytest

from tests.image.machine.cuts import CUTS, run
from tests.image.machine.emulator import PATIENCE

SEED = 20261128


@pytest.mark.timeout(4 * PATIENCE)
def test_the_box_starts_after_each_kind_of_cut() -> None:
    said: list[str] = []
    assert run(len(CUTS), SEED, say=said.append) == len(CUTS), said
