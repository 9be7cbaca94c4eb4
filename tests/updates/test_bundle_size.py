"""N8: the size of a bundle, by that of its verity tree, and the budget that follows of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.updates.bundle_size import (
    DOWNLOAD_SHARE,
    MAX_BUNDLE_BYTES,
    bundle_size,
    download_budget,
)
from tests.updates.inspected_bundle import SIZE, VERITY_SIZE

BLOCK = 4096
MAX_SURPLUS = 512 * 1024
"""What the last block of the tree's lowest level has digests for."""


def tree(payload_blocks: int) -> int:
    """The bytes of a verity tree, level by level as RAUC makes it (src/verity_hash.c)."""
    levels = [payload_blocks]
    while levels[-1] > 1:
        digests = levels[-1] * 32
        levels.append(digests // BLOCK + (1 if digests % BLOCK else 0))
    return sum(levels[1:]) * BLOCK


@given(st.integers(2, MAX_BUNDLE_BYTES // BLOCK))
def test_the_tree_tells_the_size_of_its_bundle(payload_blocks: int) -> None:
    size = payload_blocks * BLOCK + tree(payload_blocks)
    surplus = bundle_size(tree(payload_blocks)) - size
    assert 0 <= surplus < MAX_SURPLUS


@pytest.mark.parametrize("payload_blocks", [128, 256, 128 * 128, 128 * 129, 128**3])
def test_where_the_lowest_level_is_full_it_is_exact(payload_blocks: int) -> None:
    size = payload_blocks * BLOCK + tree(payload_blocks)
    assert bundle_size(tree(payload_blocks)) == size


@given(st.integers(1, 2**30))
def test_a_number_that_is_no_trees_has_a_size_all_the_same(blocks: int) -> None:
    """RAUC has verified the signature of the manifest, not how many blocks a tree can have."""
    assert bundle_size(blocks * BLOCK) <= bundle_size((blocks + 1) * BLOCK)
    assert bundle_size(blocks * BLOCK) >= blocks * BLOCK


def test_a_bundle_of_175_mib() -> None:
    payload = 175 * 2**20
    assert tree(payload // BLOCK) == VERITY_SIZE
    assert bundle_size(VERITY_SIZE) == SIZE == payload + VERITY_SIZE


def test_the_budget_is_a_share_of_the_bundle_and_never_more_than_it() -> None:
    assert download_budget(SIZE) == round(SIZE * 0.75)
    assert 0.3 < DOWNLOAD_SHARE < 1
