"""Every target against its seeds, what a fuzzer once found, and what hypothesis makes of them."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

FOUND = sorted((Path(__file__).parent / "found").glob("*-*"))


@pytest.mark.parametrize("name", TARGETS)
def test_what_far_ends_send(name: str) -> None:
    for seed in seeds(name):
        TARGETS[name](seed)


@pytest.mark.parametrize("file", FOUND, ids=[file.name for file in FOUND])
def test_what_was_found_once(file: Path) -> None:
    TARGETS[file.name.partition("-")[0]](file.read_bytes())


def changed(name: str) -> st.SearchStrategy[bytes]:
    """A seed with some of its pieces cut out, doubled, or written over."""
    cuts = st.lists(
        st.tuples(st.integers(0, 4000), st.integers(0, 40), st.binary(max_size=6)), max_size=8
    )

    def apply(seed: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
        for place, length, new in edits:
            at = place % (len(seed) + 1)
            seed = seed[:at] + new + seed[at + length :]
        return seed

    return st.builds(apply, st.sampled_from(seeds(name)), cuts)


@pytest.mark.parametrize("name", TARGETS)
def test_what_hypothesis_makes_of_it(name: str) -> None:
    @settings(
        max_examples=150,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(max_size=600) | changed(name))
    def any_bytes(data: bytes) -> None:
        TARGETS[name](data)

    any_bytes()
