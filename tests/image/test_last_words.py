"""The initramfs keeps a kernel's last words and feeds the watchdog: its very lines, in busybox."""

import re
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INIT = (ROOT / "image/recipe/init").read_text()
APPLETS = (
    "cat",
    "chmod",
    "grep",
    "head",
    "mkdir",
    "mv",
    "printf",
    "rm",
    "sed",
    "seq",
    "sleep",
    "tail",
)
PANIC = "Kernel panic - not syncing: sysrq triggered crash"
RECORD = f"Panic#2 Part1\n<6>[ 6.2] sysrq: Trigger a crash\n<0>[ 6.2] {PANIC}\n<4>[ 6.3] CPU: 0\n"


def function(name: str) -> str:
    """A function as it stands in the initramfs."""
    found = re.search(rf"^{name}\(\) \{{\n.*?^\}}\n", INIT, re.MULTILINE | re.DOTALL)
    assert found
    return found[0]


def busybox(folder: Path, script: str, *words: Path) -> str:
    """What the initramfs' own shell prints for `script`."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    for applet in APPLETS:
        (bin_folder / applet).unlink(missing_ok=True)
        (bin_folder / applet).symlink_to("/usr/bin/busybox")
    done = subprocess.run(
        ["/usr/bin/busybox", "sh", "-c", script, "sh", *words],
        env={"PATH": str(bin_folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for folder in ("pstore", "data/boot"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def start(box: Path) -> str:
    """One start; what it tells the kernel's log."""
    call = re.search(r"^keep_last_words (\S+) (\S+) (\S+) 2>/dev/null$", INIT, re.MULTILINE)
    assert call
    assert call.groups() == ("/root/sys/fs/pstore", "/root/data", "/root/run/diemcau-last-words")
    script = f'say() {{ echo "$*"; }}\n{function("keep_last_words")}'
    line = 'keep_last_words "$1" "$2" "$3" 2>/dev/null; :'
    return busybox(box, script + line, box / "pstore", box / "data", box / "run")


def test_a_panics_words_are_kept_told_and_taken_out_of_memory(box: Path) -> None:
    (box / "pstore/dmesg-ramoops-0").write_text(
        RECORD.replace("Panic#2", "Oops#1").replace(PANIC, "Oops")
    )
    (box / "pstore/dmesg-ramoops-1").write_text(RECORD)
    said = start(box)
    assert f"ended: {PANIC}; its last words are in /data/boot/last-words/1" in said
    kept = box / "data/boot/last-words/1"
    assert kept.read_text().count("Trigger a crash") == 2
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (box / "run/panic").read_text().strip() == PANIC
    assert list((box / "pstore").iterdir()) == []
    (box / "run/panic").unlink()
    assert start(box) == ""
    assert not (box / "run/panic").exists(), "the next start is not a panic's"


def test_the_newest_five_are_kept_and_none_is_longer_than_64_kib(box: Path) -> None:
    for number in range(1, 8):
        (box / "pstore/dmesg-ramoops-0").write_text(f"start {number}\n{PANIC}\n" + "x" * 100_000)
        start(box)
    kept = sorted((box / "data/boot/last-words").iterdir())
    assert [path.name for path in kept] == ["1", "2", "3", "4", "5"]
    assert [path.read_text().split("\n")[0] for path in kept] == [
        f"start {n}" for n in (7, 6, 5, 4, 3)
    ]
    assert {path.stat().st_size for path in kept} == {65536}


def test_without_words_or_room_the_start_goes_on(box: Path) -> None:
    assert start(box) == ""
    assert not (box / "run").exists()
    (box / "data/boot").rmdir()
    (box / "data/boot").write_text("a file in the place of the folder")
    (box / "pstore/dmesg-ramoops-0").write_bytes(b"\xff\0\x01 no text\n")
    start(box)
    assert (box / "run/panic").read_text() == "", "it panicked, and nobody can read why"


def test_the_watchdog_is_fed_during_a_repair_and_let_go_after_it(box: Path) -> None:
    """A repair that lasts longer than the kernel's own two minutes would never come to its end."""
    dog = box / "watchdog"
    dog.touch()
    fed = function("fed").replace("/root/dev/watchdog0", str(dog)).replace("sleep 5", "sleep 0.1")
    began = time.monotonic()
    said = busybox(box, f"repair() {{ sleep 0.7; return 3; }}\n{fed}fed repair; echo $?")
    assert said.strip() == "3", "what the repair said is lost"
    assert re.fullmatch(r"\.{3,}V", dog.read_text()), dog.read_text()
    assert time.monotonic() - began < 20.0
    dog.unlink()
    dog.mkdir()
    assert busybox(box, f"{fed}fed printf done").strip() == "done", "a board without a watchdog"
