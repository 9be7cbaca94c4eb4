"""The initramfs counts starts that miss the gate: its very lines, in busybox, on a real folder."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.slots.attempt_marks import (
    BACKGROUND,
    MAX_FAILED_STARTS,
    RESCUE_FLAG,
    STARTS_FILE,
    failed_starts,
    leave_rescue,
)

ROOT = Path(__file__).parents[2]
INIT = (ROOT / "image/recipe/init").read_text()
APPLETS = ("dd", "printf", "wc", "mkdir", "echo")
WENT_ON = "the start goes on"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data/boot").mkdir(parents=True)
    return tmp_path / "data"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


def lines() -> str:
    """The function as it stands in the initramfs, and the way in which it is called there."""
    found = re.search(r"^count_start\(\) \{\n.*?^\}\n", INIT, re.MULTILINE | re.DOTALL)
    call = re.search(r"^count_start (\S+) (\S+) 2>/dev/null$", INIT, re.MULTILINE)
    assert found
    assert call
    assert call[1] == "/root/data"
    assert call[2] == "/root/run/diemcau-rescue"
    return f'{found[0]}count_start "$1" "$2" 2>/dev/null\necho {WENT_ON}\n'


def start(data: Path, run: Path) -> None:
    """One start; what comes after the count is reached whatever becomes of it."""
    bin_folder = run.parent / "bin"
    if not bin_folder.exists():
        bin_folder.mkdir()
        for applet in APPLETS:
            (bin_folder / applet).symlink_to("/usr/bin/busybox")
    done = subprocess.run(
        ["/usr/bin/busybox", "sh", "-c", lines(), "sh", data, run],
        env={"PATH": str(bin_folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, f"{WENT_ON}\n"), done.stderr


def test_the_start_after_the_budget_is_the_first_in_rescue(data: Path, run: Path) -> None:
    for number in range(1, MAX_FAILED_STARTS + 1):
        start(data, run)
        assert (data / STARTS_FILE).stat().st_size == number
        assert not run.exists()
    for number in (MAX_FAILED_STARTS + 1, MAX_FAILED_STARTS + 2):
        start(data, run)
        assert failed_starts(run) == number
        assert (run / BACKGROUND).read_text() == "PICTURE=/usr/share/diemcau/rescue.ppm\n"


def test_after_the_gate_the_count_begins_anew(data: Path, run: Path) -> None:
    for _ in range(MAX_FAILED_STARTS + 1):
        start(data, run)
    (run / "page.ppm").write_bytes(b"the compositor may still read it")
    leave_rescue(run, data)
    assert [path.name for path in run.iterdir()] == ["page.ppm"]
    leave_rescue(run, data)
    start(data, run)
    assert (data / STARTS_FILE).stat().st_size == 1
    assert not (run / RESCUE_FLAG).exists()


def test_where_data_is_not_there_or_odd_the_start_goes_on(data: Path, run: Path) -> None:
    start(data / "nowhere", run)
    (data / STARTS_FILE).mkdir()
    start(data, run)
    assert not run.exists()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, as a card that has no room left."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=False, timeout=60
    )
    if mounted.returncode:
        pytest.skip("mounting needs root")
    (place / "boot").mkdir()
    yield place
    subprocess.run(["umount", place], check=True, timeout=60)


def test_a_full_card_ends_no_start(small: Path, run: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        (small / "filler").write_bytes(bytes(1 << 20))
    start(small, run)
    assert not run.exists()
    (small / "filler").unlink()
    (small / STARTS_FILE).write_bytes(b"." * (MAX_FAILED_STARTS + 3))
    with pytest.raises(OSError, match="No space"):
        (small / "filler").write_bytes(bytes(1 << 20))
    start(small, run)
    assert failed_starts(run) >= MAX_FAILED_STARTS + 3


def test_a_card_that_is_read_only_ends_no_start(small: Path, run: Path) -> None:
    (small / STARTS_FILE).write_bytes(b"." * (MAX_FAILED_STARTS + 1))
    subprocess.run(["mount", "-o", "remount,ro", small], check=True, timeout=60)
    start(small, run)
    assert failed_starts(run) == MAX_FAILED_STARTS + 1
