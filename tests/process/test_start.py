"""The program itself: which page it begins with, and what it has loaded by then."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.core.scenes import starting
from appliance.media.tv.ring import PictureRing
from services.endpoint.screen.renderer import SceneRenderer
from services.endpoint.start_page import FILE, PRODUCT, SHIPPED, StartPage

SIZE = (1280, 720)
SITE = """\
[site]
id = "ia-kly"
name = "{name}"

[agenda]
url = "{folder}/agenda.ics"

[camera]
source = "none"

[microphone]
source = "none"
"""
KLY, OTHER = "Xã Ia Kly", "Xã Ia O"
RELEASE = "0.1.0+202611301228"
WITHIN_S = 30.0

LARGE = re.compile(
    r"\|\s+(numpy|av|PIL|babel|msgspec|aiortc|dns|sipmessage|httpx|icalendar|gpiozero)\b"
)
"""Of ``-X importtime``, which writes a line for each module as it is loaded."""

pytestmark = pytest.mark.timeout(120)


def drawn(name: str) -> bytes:
    renderer = SceneRenderer(SIZE, "vi", lambda: None)
    return renderer.draw_scene(starting(name)).tobytes()


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A box with settings and a release, and nothing else yet."""
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/os-release").write_text(f"IMAGE_VERSION={RELEASE}\n")
    settle(tmp_path, KLY)
    return tmp_path


def settle(box: Path, name: str) -> None:
    (box / "site.toml").write_text(SITE.format(name=name, folder=box))


@contextmanager
def started(box: Path) -> Iterator[tuple[set[str], PictureRing]]:
    """The program from the moment at which it has started the TV's process: the large libraries
    that it had loaded by then, and the pictures that it hands over."""
    words = ["--site", "site.toml", "--data", "data", "--run", "run", "--root", "root"]
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "services.command", "endpoint", *words],
        cwd=box,
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"},
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            loaded, told = set(), []
            assert program.stderr
            for line in program.stderr:
                told.append(line)
                if found := LARGE.search(line):
                    loaded.add(found[1])
                if "tv → started" in line:
                    break
            else:
                raise AssertionError("".join(told[-20:]))
            yield loaded, ring_of(program.pid)
        finally:
            program.kill()


def ring_of(pid: int) -> PictureRing:
    for file in Path(f"/proc/{pid}/fd").iterdir():
        if "tv-pictures" in str(file.readlink()):
            return PictureRing(*SIZE, os.open(file, os.O_RDWR))
    raise AssertionError("the program has no pictures")


def is_shown(ring: PictureRing, slot: int, picture: bytes) -> bool:
    until = time.monotonic() + WITHIN_S
    while bytes(ring.slot(slot)) != picture:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_a_second_start_shows_the_sites_own_page_before_what_draws_is_loaded(box: Path) -> None:
    kept = box / "data" / FILE
    with started(box) as (loaded, ring):
        assert {"numpy", "av", "PIL"} <= loaded, "the test sees what is loaded"
        assert bytes(ring.slot(1)) == drawn(KLY)
        until = time.monotonic() + WITHIN_S
        while not kept.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
    with started(box) as (loaded, ring):
        assert not loaded
        assert bytes(ring.slot(1)) == drawn(KLY)
    damaged = bytearray(kept.read_bytes())
    damaged[-1] ^= 1
    kept.write_bytes(damaged)
    with started(box) as (loaded, ring):
        assert "numpy" in loaded, "drawn anew"
        assert bytes(ring.slot(1)) == drawn(KLY)
    settle(box, OTHER)
    with started(box) as (loaded, ring):
        assert "numpy" in loaded, "drawn anew"
        assert bytes(ring.slot(1)) == drawn(OTHER)


def test_the_first_start_shows_the_images_page_until_the_name_is_drawn(box: Path) -> None:
    shipped, general = StartPage(PRODUCT, "vi", SIZE), drawn(PRODUCT)
    (box / "root" / SHIPPED).mkdir(parents=True)
    (box / "root" / SHIPPED / shipped.shipped_as).write_bytes(shipped.pack(general))
    with started(box) as (loaded, ring):
        assert not loaded
        assert bytes(ring.slot(1)) == general
        assert is_shown(ring, 2, drawn(KLY))
