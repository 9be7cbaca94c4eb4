"""`make image-cuts` goes on where it was ended, with the same image and seed alone."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.image.machine.power_cuts.cuts import (
    MAX_TRIES,
    PROGRESS,
    AnotherImageError,
    Progress,
    run,
)
from tests.image.machine.power_cuts.due import WORK, Round, rounds_of, runs_of

SEED = 7


@dataclass
class Noted:
    """Cards without a guest."""

    wrong: tuple[int, ...] = ()
    uncut: int = 0
    """So many runs fail before they come to a cut."""
    cut_at: list[tuple[int, ...]] = field(default_factory=list)
    started: list[int] = field(default_factory=list)
    made: int = 0

    def make(self, image: Path) -> None:
        self.made += image.exists()

    def cut(self, rounds: tuple[Round, ...]) -> None:
        self.uncut -= 1
        assert self.uncut < 0, "no console"
        self.cut_at.append(tuple(one.number for one in rounds))

    def start(self, due: Round) -> str:
        assert due.number in {number for group in self.cut_at for number in group}, "not cut yet"
        self.started.append(due.number)
        assert due.number not in self.wrong, "no shell in the guest"
        return f"{due}; started"


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


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_round_is_cut_and_started_once_and_what_fails_is_kept(
    tmp_path: Path, jobs: int
) -> None:
    image, said = image_of(tmp_path, b"the one"), list[str]()
    cards = Noted(wrong=(4,))
    progress = run(tmp_path, 12, SEED, jobs, image=image, cards=cards, say=said.append)
    assert sorted(cards.started) == list(range(1, 13))
    assert list(progress.failed) == ["4"]
    assert "NOT SURVIVED: no shell in the guest" in progress.failed["4"]
    told = [line for line in said if line.startswith("[")]
    assert (len(progress.survived), len(told), cards.made) == (11, 12, 1)
    assert told[-1].startswith("[12 of 12] round ")
    more = Noted()
    assert (
        len(run(tmp_path, 15, SEED, jobs, image=image, cards=more, say=said.append).survived) == 14
    )
    assert (sorted(more.started), more.made) == ([13, 14, 15], 0)


@pytest.mark.parametrize(("uncut", "survived"), [(MAX_TRIES - 1, 1), (MAX_TRIES, 0)])
def test_a_run_that_comes_to_no_cut_is_tried_again_and_not_for_ever(
    tmp_path: Path, uncut: int, survived: int
) -> None:
    image, said = image_of(tmp_path, b"the one"), list[str]()
    cards = Noted(uncut=uncut)
    progress = run(tmp_path, 1, SEED, 1, image=image, cards=cards, say=said.append)
    assert (len(progress.survived), len(progress.failed)) == (survived, 1 - survived)
    assert sum(line.startswith("not cut yet") for line in said) == MAX_TRIES - 1


@pytest.mark.parametrize(("content", "seed"), [(b"another", SEED), (b"the one", SEED + 1)])
def test_another_image_or_seed_is_refused_and_nothing_is_lost(
    tmp_path: Path, content: bytes, seed: int
) -> None:
    progress = Progress(hashlib.sha256(b"the one").hexdigest(), SEED, {"1": "round 1; started"})
    progress.keep(tmp_path / PROGRESS)
    with pytest.raises(AnotherImageError, match=r"1 rounds of image .* and seed 7; .* remove that"):
        run(tmp_path, 200, seed, image=image_of(tmp_path, content))
    assert json.loads((tmp_path / PROGRESS).read_text())["survived"] == {"1": "round 1; started"}
