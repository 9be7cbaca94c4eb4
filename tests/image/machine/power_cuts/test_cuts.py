"""The plug pulled once in each kind of work; `make image-cuts` does it two hundred times."""

import shutil

import pytest

from tests.image.machine.guest.emulator import BUILD, PATIENCE
from tests.image.machine.power_cuts.cuts import run
from tests.image.machine.power_cuts.due import WORK

FOLDER = BUILD / "cuts-short"
SEED = 20261128
ROUNDS = len(WORK)


@pytest.mark.timeout(4 * PATIENCE)
def test_the_box_starts_after_each_cut() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    progress = run(FOLDER, ROUNDS, SEED)
    assert not progress.failed, progress.failed
    assert len(progress.survived) == ROUNDS
