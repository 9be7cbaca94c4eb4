"""What `make image` wrote, as bytes: no machine runs."""

import pytest

from services.boot.boot_state import COPIES
from services.boot.second_copy import PLACES, ROOM
from services.boot.second_copy_disk import read
from tests.image.machine.emulator import BUILD

FIRST_PARTITION = 4 * 2**20


@pytest.mark.parametrize("flavour", ["rpi", "virt"])
def test_an_image_overwrites_the_second_copy_of_the_box_whose_card_it_takes(flavour: str) -> None:
    """It is written whole, so what is zero in the file is zero on the card: a new box."""
    image = BUILD / f"diemcau-{flavour}.img"
    with image.open("rb") as file:
        gap = file.read(FIRST_PARTITION)
    assert len(gap) == FIRST_PARTITION
    assert {gap[place : place + ROOM] for place in PLACES} == {bytes(ROOM)}
    assert gap[COPIES[0] :][:4] != bytes(4), "the gap is not that of a card"
    assert read(image) is None
