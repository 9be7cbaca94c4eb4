"""TVs that come and go: off at power-on, two at once, one that says nothing of itself."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.image.machine.guest.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.guest.pictures import far
from tests.image.machine.guest.questions import prepare, with_data
from tests.image.machine.guest.tv_plugs import TvPlugs

RUN = BUILD / "plugs"
SAME = 0.5
"""Mean difference of 255 levels: nothing is scaled, and two of our pages differ by 8."""
DRM = "/sys/class/drm/card0-Virtual"


class Tvs:
    """One machine, its sockets and what they show."""

    def __init__(self, machine: Machine, plugs: TvPlugs) -> None:
        self.machine, self.plugs = machine, plugs

    def shows(self, output: int, name: str, png: str) -> None:
        """Waits until that TV shows the image's picture of that name, whole."""
        wanted = Image.open(BUILD / f"root/usr/share/diemcau/{name}.ppm")
        for _ in range(90):
            picture = self.machine.picture(RUN / png, output)
            if picture.size == wanted.size and far(picture, wanted) < SAME:
                return
            time.sleep(2.0)
        told = self.machine.ask(
            f"cat {DRM}-*/status {DRM}-*/enabled; journalctl -b -u diemcau-screen -n 30 --no-pager"
        )
        raise AssertionError(f"{picture.size}; see {png}: {told}")

    def is_black(self, output: int, png: str) -> bool:
        return int(np.asarray(self.machine.picture(RUN / png, output)).max()) < 8


@pytest.fixture(scope="module")
def tvs() -> Iterator[Tvs]:
    """A box without settings, whose one TV is off when its compositor starts."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    with_data(card)
    prepare(card, None)
    plugs = TvPlugs(RUN, 2)
    with Machine(card, *plugs.words, outputs=2) as machine:
        machine.ask("systemctl is-system-running --wait")
        plugs.pull(0)
        machine.ask("systemctl stop diemcau-unconfigured; systemctl restart diemcau-screen")
        yield Tvs(machine, plugs)


@pytest.mark.timeout(2 * PATIENCE)
def test_a_tv_that_was_off_at_the_start_shows_the_background_once_it_is_there(tvs: Tvs) -> None:
    assert tvs.machine.ask(f"cat {DRM}-1/status {DRM}-2/status").split() == ["disconnected"] * 2
    assert tvs.machine.ask("systemctl show -P NRestarts diemcau-screen") == "0"
    tvs.plugs.plug(0)
    tvs.shows(0, "background", "late.png")
    # The same compositor and the same background: nothing had to be started anew.
    assert tvs.machine.ask("systemctl show -P NRestarts diemcau-screen") == "0"


@pytest.mark.timeout(PATIENCE)
def test_what_is_started_later_lies_above_it_also_after_the_tv_was_away(tvs: Tvs) -> None:
    tvs.machine.ask("systemctl start diemcau-unconfigured")
    tvs.shows(0, "unconfigured", "above.png")
    tvs.plugs.pull(0)
    time.sleep(3.0)
    tvs.plugs.plug(0)
    tvs.shows(0, "unconfigured", "again.png")


@pytest.mark.timeout(PATIENCE)
def test_of_two_tvs_the_last_shows_all_and_without_it_the_first_does_again(tvs: Tvs) -> None:
    tvs.plugs.plug(1)
    tvs.shows(1, "unconfigured", "second.png")
    assert tvs.machine.ask(f"cat {DRM}-1/enabled {DRM}-2/enabled").split() == [
        "disabled",
        "enabled",
    ]
    tvs.plugs.pull(1)
    tvs.shows(0, "unconfigured", "first.png")


@pytest.mark.timeout(PATIENCE)
def test_the_kernel_takes_our_edid_and_the_tv_gets_its_mode(tvs: Tvs) -> None:
    """The emulator reads an EDID when a TV is plugged in; a Pi also by the word `detect`."""
    tvs.machine.ask("echo Virtual-1:edid/diemcau.bin > /sys/module/drm/parameters/edid_firmware")
    tvs.plugs.pull(0)
    time.sleep(3.0)
    tvs.plugs.plug(0, (1024, 768))
    tvs.shows(0, "unconfigured", "edid.png")
    sums = tvs.machine.ask(f"sha256sum < {DRM}-1/edid; sha256sum < /lib/firmware/edid/diemcau.bin")
    first, second = sums.split("\n")
    assert first == second
    assert tvs.machine.ask(f"head -n 1 {DRM}-1/modes") == "1280x720"
    tvs.machine.ask("echo > /sys/module/drm/parameters/edid_firmware")


@pytest.mark.timeout(2 * PATIENCE)
def test_a_tv_without_an_edid_is_given_ours_after_ten_seconds() -> None:
    """The shipped unit and program; but for the sockets' name, which is HDMI on a Pi alone."""
    folder = BUILD / "unread"
    card = copy_of(BUILD / "diemcau-virt.img", folder)
    with_data(card, _renamed(folder))
    prepare(card, None)
    with Machine(card, edid=False) as machine:
        machine.ask("systemctl is-system-running --wait")
        assert machine.ask(f"cat {DRM}-1/status; wc -c < {DRM}-1/edid") == "connected\n0"
        assert machine.ask("systemctl is-active diemcau-edid") == "active"
        before = machine.ask("systemctl show -P MainPID diemcau-screen")
        machine.ask(
            "cp /data/diemcau-edid /run/; chmod 755 /run/diemcau-edid;"
            " mount --bind /run/diemcau-edid /usr/bin/diemcau-edid; systemctl restart diemcau-edid"
        )
        machine.ask(
            'until [ -n "$(cat /sys/module/drm/parameters/edid_firmware)" ]; do sleep 1; done',
            within=300.0,
        )
        said = machine.ask("cat /sys/module/drm/parameters/edid_firmware")
        assert said == "Virtual-1:edid/diemcau.bin"
        machine.ask(
            f'while [ "$(systemctl show -P MainPID diemcau-screen)" = {before} ]; do sleep 1; done',
            within=300.0,
        )
        assert "own for: Virtual-1" in machine.ask("journalctl -b -u diemcau-edid --no-pager")
        assert machine.ask("systemctl --failed --no-legend") == ""


def _renamed(folder: Path) -> Path:
    shipped = BUILD / "root/usr/bin/diemcau-edid"
    file = folder / "diemcau-edid"
    shutil.copy(shipped, file)
    file.write_text(shipped.read_text().replace("HDMI-A-", "Virtual-"))
    return file
