"""The plug pulled after every sector that a renewal writes: some set always starts, whole."""

from pathlib import Path

import pytest

from services.boot_partition.boot_set import BootSet
from tests.boot_partition.cards import (
    NEW,
    NEWEST,
    OLD,
    boot_set,
    card,
    flashed,
    flashed_before_sets,
    renewed,
)
from tests.boot_partition.cuts import Cuts


def new_card(path: Path) -> tuple[Path, BootSet]:
    return card(path, flashed(boot_set(OLD))), boot_set(NEW)


def card_of_before_sets(path: Path) -> tuple[Path, BootSet]:
    return card(path, flashed_before_sets(boot_set(OLD))), boot_set(NEW)


def renewed_twice(path: Path) -> tuple[Path, BootSet]:
    """Set b is in force, and the folder that is replaced holds an older set a."""
    image = card(path, flashed(boot_set(OLD)))
    assert [renewed(image, boot_set(one)).letter for one in (NEW, NEWEST)] == ["a", "b"]
    return image, boot_set("0.4.0+202703010000")


@pytest.mark.parametrize("made", [new_card, card_of_before_sets, renewed_twice])
def test_a_set_starts_whole_after_each_cut(tmp_path: Path, made: object) -> None:
    assert callable(made)
    cuts = Cuts(*made(tmp_path / "card.img"))
    assert cuts.run() == []
    assert cuts.cuts > 200
    assert cuts.new > 1, "no cut came after the switch"
    assert cuts.healed > 4


def test_on_a_card_that_lies_about_flushes_faults_are_found(tmp_path: Path) -> None:
    """So they would be found, too, if a flush were missing."""
    cuts = Cuts(*new_card(tmp_path / "card.img"), flushed=False, subsets=6, heal_every=10_000)
    found = len(cuts.run())
    assert found > 0
