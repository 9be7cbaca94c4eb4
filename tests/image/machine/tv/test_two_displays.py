"""Two TVs, and one of 4K, in the shipped compositor: without a screen, on this machine's own kind.

cage, kanshi and their versions are the image's, of the tools; the background is built for this
machine. In memory every mode is a custom one, so kanshi's rows get that word and no other.
"""

import subprocess

import pytest
from PIL import Image

from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, in_tools
from tests.image.machine.guest.pictures import far

RUN = BUILD / "displays"
SHIPPED = BUILD / "root/usr/share/diemcau"
UNIT = ROOT / "image/units/diemcau-screen.service"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
SCRIPT = """\
set -eu
export XDG_RUNTIME_DIR=/tmp/displays WAYLAND_DISPLAY=wayland-0
export WLR_BACKENDS=headless WLR_HEADLESS_OUTPUTS=2 WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1
folder={folder} shipped={shipped}
rm -rf $XDG_RUNTIME_DIR; mkdir -m 700 $XDG_RUNTIME_DIR
shows() {{ grim -t ppm -o "$1" $XDG_RUNTIME_DIR/$2.ppm; }}
cage {mode} -- $folder/background $shipped/background.ppm & cage=$!
until wlr-randr >/dev/null 2>&1; do sleep 0.2; done
sleep 3
kanshi --config $folder/kanshi & kanshi=$!
sleep 2
wlr-randr
shows HEADLESS-1 one
kill $kanshi
wlr-randr --output HEADLESS-1 --custom-mode 3840x2160
sleep 3; shows HEADLESS-1 large
$folder/background $shipped/unconfigured.ppm & later=$!
sleep 3; shows HEADLESS-1 above
wlr-randr --output HEADLESS-1 --custom-mode 1280x720
sleep 2; shows HEADLESS-1 above-small
kill $later
sleep 1; shows HEADLESS-1 below
kill $cage
"""


def run(mode: str) -> str:
    """What wlr-randr says of both; the pictures are in `RUN` afterwards."""
    RUN.mkdir(exist_ok=True)
    subprocess.run(["image/background/make", RUN / "background"], cwd=ROOT, check=True, timeout=120)
    asked = (ROOT / "image/root/etc/kanshi/config").read_text()
    (RUN / "kanshi").write_text(asked.replace("mode 1280", "mode --custom 1280"))
    folder, shipped = RUN.relative_to(ROOT), SHIPPED.relative_to(ROOT)
    (RUN / "script").write_text(SCRIPT.format(folder=folder, shipped=shipped, mode=mode))
    said = in_tools(*NOBODY, "sh", str(folder / "script"))
    for shot in (BUILD / "tools/tmp/displays").glob("*.ppm"):
        Image.open(shot).save(RUN / f"{shot.stem}.png")
    return said


def distance(png: str, name: str) -> float:
    """How far a screenshot is from the image's picture of that name, of 255 levels."""
    shown = Image.open(RUN / f"{png}.png").convert("RGB")
    return far(shown, Image.open(SHIPPED / f"{name}.ppm").resize(shown.size))


@pytest.mark.timeout(PATIENCE)
def test_one_of_two_shows_all_in_whatever_size_and_what_came_later_lies_above() -> None:
    (started,) = [line for line in UNIT.read_text().splitlines() if line.startswith("ExecStart=")]
    mode = started.partition("cage ")[2].partition(" -- ")[0]
    said = run(mode)
    assert said.count("Enabled: yes") == 1, said
    assert "1280x720 px, 60.000000 Hz (current)" in said
    for png, name in (
        ("one", "background"),
        ("large", "background"),
        ("above", "unconfigured"),
        ("above-small", "unconfigured"),
        ("below", "background"),
    ):
        assert distance(png, name) < 1.0, png
    assert Image.open(RUN / "large.png").size == (3840, 2160)


@pytest.mark.timeout(PATIENCE)
def test_without_that_word_each_shows_a_half() -> None:
    """So that the test above can fail."""
    assert run("-m extend").count("Enabled: yes") == 2
    assert distance("one", "background") > 20.0
