"""A TV that cannot be read is given an EDID of ours: its bytes, and when it is put in force."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware.vitals.tv import FALLBACK_NAME, tvs
from tests.hardware.vitals.trees import plant

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "image/root/diemcau-edid"
DRM = "sys/class/drm"
PARAMETER = "sys/module/drm/parameters/edid_firmware"
PAUSE_S = 0.1


@pytest.fixture(scope="module")
def edid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made as the recipe makes it."""
    file = tmp_path_factory.mktemp("edid") / "diemcau.bin"
    words = [ROOT / ".venv/bin/python", ROOT / "image/recipe/edid.py", file]
    subprocess.run(words, cwd=ROOT, check=True, timeout=60, env=os.environ | {"PYTHONPATH": "."})
    return file


def test_the_standards_own_program_finds_no_fault_with_it(edid: Path) -> None:
    told = subprocess.run(
        ["edid-decode", "--check", edid], capture_output=True, text=True, check=False, timeout=60
    )
    assert told.returncode == 0, told.stdout
    assert "EDID conformity: PASS" in told.stdout
    assert "Warnings:" not in told.stdout
    for claimed in (
        "DTD 1:  1280x720    60.000000 Hz",
        "VIC   4:  1280x720",
        "Basic audio support",
        "Linear PCM",
        "Vendor-Specific Data Block (HDMI)",
    ):
        assert claimed in told.stdout


def test_a_tv_that_has_only_ours_still_counts_as_one_that_does_not_answer(
    edid: Path, tmp_path: Path
) -> None:
    plant(tmp_path, {f"{DRM}/card1-HDMI-A-1/status": "connected\n",
                     f"{DRM}/card1-HDMI-A-1/edid": edid.read_bytes()})  # fmt: skip
    (tv,) = tvs(tmp_path)
    assert (tv.answers, tv.name, tv.physical_address) == (False, FALLBACK_NAME, "1.0.0.0")


class Box:
    """Sysfs as files, the watch over it, and the restarts of the compositor that it asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.restarts = root / "restarts"
        self.restarts.touch()
        plant(root, {PARAMETER: "\n"})
        self.tv(1, "disconnected")
        self.tv(2, "disconnected")

    def tv(self, socket: int, status: str, edid: bytes = b"") -> None:
        folder = f"{DRM}/card1-HDMI-A-{socket}"
        plant(self.root, {f"{folder}/status": f"{status}\n", f"{folder}/edid": edid})

    @property
    def parameter(self) -> str:
        return (self.root / PARAMETER).read_text().strip()

    def until(self, true: Callable[[], bool], within: float = 20.0) -> float:
        began = time.monotonic()
        while not true():
            assert time.monotonic() - began < within, self.parameter
            time.sleep(0.01)
        return time.monotonic() - began


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    stub = tmp_path / "bin/systemctl"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\necho "$*" >> {made.restarts}\n')
    stub.chmod(0o755)
    shell = shutil.which("dash") or "/bin/sh"
    environment = {"PATH": f"{stub.parent}:{os.environ['PATH']}"}
    words = [shell, str(SCRIPT), str(tmp_path), str(PAUSE_S)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL) as watch:
        yield made
        assert watch.poll() is None, "the watch ended"
        watch.kill()


def test_a_tv_without_an_edid_gets_ours_after_a_while_and_the_compositor_begins_anew(
    box: Box,
) -> None:
    box.tv(1, "connected")
    took = box.until(lambda: box.parameter != "")
    assert took > 3 * PAUSE_S
    assert box.parameter == "HDMI-A-1:edid/diemcau.bin"
    box.until(lambda: box.restarts.read_text() == "--no-block try-restart diemcau-screen.service\n")
    # The kernel is asked to read it; in sysfs the word is a command, here it stays in the file.
    assert (box.root / f"{DRM}/card1-HDMI-A-1/status").read_text() == "detect\n"


def test_it_holds_until_the_cable_is_pulled_and_the_next_tv_is_read(box: Box) -> None:
    box.tv(2, "connected")
    box.until(lambda: box.parameter == "HDMI-A-2:edid/diemcau.bin")
    box.tv(2, "connected", b"\0\xff\xff ours, as sysfs has it now")
    time.sleep(3 * PAUSE_S)
    box.tv(2, "disconnected")
    box.until(lambda: box.parameter == "")
    box.tv(2, "connected", b"\0\xff\xff the next TV's own")
    time.sleep(10 * PAUSE_S)
    assert box.parameter == ""
    assert len(box.restarts.read_text().splitlines()) == 1


def test_a_tv_that_answers_or_only_wakes_slowly_keeps_its_own(box: Box) -> None:
    box.tv(1, "connected", b"\0\xff\xff")
    for _ in range(4):  # it comes and goes while it wakes up
        box.tv(2, "connected")
        time.sleep(2 * PAUSE_S)
        box.tv(2, "disconnected")
        time.sleep(2 * PAUSE_S)
    assert (box.parameter, box.restarts.read_text()) == ("", "")
