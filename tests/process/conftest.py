"""A television for the tests of whole programs."""

from collections.abc import Iterator

import pytest

from services.demo.virtual import VirtualTv, virtual_tv


@pytest.fixture
def tv() -> Iterator[VirtualTv]:
    """A private display and a private loudspeaker."""
    with virtual_tv() as made:
        yield made
