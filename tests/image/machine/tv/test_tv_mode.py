"""A TV of 4K is not drawn for pixel by pixel: it is asked for a mode that the box can fill."""

import pytest
from PIL import Image

from tests.image.machine.guest.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.guest.pictures import far
from tests.image.machine.guest.questions import prepare, with_data

RUN = BUILD / "tv"
PREFERRED, ASKED = (3840, 2160), (1920, 1080)
CONFIG = "/etc/kanshi/config"
SAME = 8.0
"""Mean difference of 255 levels: two scalers between the drawing and the screen."""


@pytest.mark.timeout(2 * PATIENCE)
def test_the_tv_shows_the_whole_page_in_its_own_mode_and_in_the_one_that_is_asked_for() -> None:
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    with_data(card)
    prepare(card, None)
    with Machine(card, screen=PREFERRED) as machine:
        # The emulator's TV knows no 1280x720, as no real one does not: its own mode stays.
        shown(machine, "unconfigured", PREFERRED)
        machine.ask(
            f"sed s/1280x720/1920x1080/ {CONFIG} > /run/config; mount --bind /run/config {CONFIG};"
            " systemctl restart diemcau-screen"
        )
        shown(machine, "unconfigured", ASKED)


def shown(machine: Machine, name: str, size: tuple[int, int]) -> None:
    """Waits until the TV has that size and shows the image's picture of that name."""
    wanted = Image.open(BUILD / f"root/usr/share/diemcau/{name}.ppm").resize(size)
    machine.ask("systemctl is-system-running --wait")
    for _ in range(60):
        picture = machine.picture(RUN / f"{size[1]}.png")
        if picture.size == size and far(picture, wanted) < SAME:
            return
        machine.ask("sleep 2")
    told = machine.ask("journalctl -b -u diemcau-screen -n 30 --no-pager")
    raise AssertionError(f"{picture.size}; see {size[1]}.png: {told}")
