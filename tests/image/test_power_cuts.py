"""`make image-cuts` goes on where it was ended, with the same image and seed alone."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.image.machine.power_cuts.cuts import PROGRESS, AnotherImageError, Progress, run
from tests.image.machine.power_cuts.due import WORK, rounds_of, runs_of

SEED = 7


def image_of(folder: Path, content: bytes) -> Path:
    image = folder / "an.img"
    image.write_bytes(content)
    return image


def test_the_same_seed_has_the_same_rounds_however_many_are_made() -> None:
    assert list(rounds_of(SEED, 200))[:20] == list(rounds_of(SEED, 20))
    assert list(rounds_of(SEED, 20)) != list(rounds_of(SEED + 1, 20))
    rounds = list(rounds_of(SEED, 200))
    assert {kind: sum(one.kind == kind for one in rounds) for kind in WORK} == dict.fromkeys(
        WORK, 40
    )
    assert all(0 <= one.after <= WORK[one.kind].longest for one in rounds)


def test_one_run_of_the_guest_serves_few_rounds_of_one_kind() -> None:
    rounds = list(rounds_of(SEED, 33))
    groups = list(runs_of(rounds, 5))
    assert sorted(one.number for group in groups for one in group) == list(range(1, 34))
    assert {len({one.kind for one in group}) for group in groups} == {1}
    assert max(len(group) for group in groups) == 5


def test_what_is_known_is_not_made_again(tmp_path: Path) -> None:
    """All of it is here: no guest is started."""
    image = image_of(tmp_path, b"the one")
    progress = Progress(hashlib.sha256(b"the one").hexdigest(), SEED)
    progress.survived = {"1": "round 1; started", "3": "round 3; started"}
    progress.failed = {"2": "round 2; NOT SURVIVED: no shell"}
    progress.keep(tmp_path / PROGRESS)
    said: list[str] = []
    found = run(tmp_path, 3, SEED, image=image, say=said.append)
    assert (found, said) == (progress, [])
    assert [one.number for one in found.due(5)] == [4, 5]


@pytest.mark.parametrize(("content", "seed"), [(b"another", SEED), (b"the one", SEED + 1)])
def test_another_image_or_seed_is_refused_and_nothing_is_lost(
    tmp_path: Path, content: bytes, seed: int
) -> None:
    progress = Progress(hashlib.sha256(b"the one").hexdigest(), SEED, {"1": "round 1; started"})
    progress.keep(tmp_path / PROGRESS)
    with pytest.raises(AnotherImageError, match=r"1 rounds of image .* and seed 7; .* remove that"):
        run(tmp_path, 200, seed, image=image_of(tmp_path, content))
    assert json.loads((tmp_path / PROGRESS).read_text())["survived"] == {"1": "round 1; started"}
