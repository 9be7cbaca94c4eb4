"""The guard as the build calls it: it ends with 1 and a line for each driver, or with 0."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.image.guard.boards import INITRAMFS, PI4, Files, kernel_files, tree_file

ROOT = Path(__file__).parents[3]


def guard(files: Files, *trees: Path, table: bool = False) -> subprocess.CompletedProcess[str]:
    words: list[str | Path] = ["--kernel", files.kernel, "--modules", files.modules]
    words += ["--whole", files.whole, "--initramfs", files.initramfs]
    words += ["--table"] if table else []
    return subprocess.run(
        [sys.executable, "-m", "image.guard", *words, *trees],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tree_file(tmp_path)


def test_a_build_goes_on_where_every_driver_is_there(tmp_path: Path, tree: Path) -> None:
    done = guard(kernel_files(tmp_path), tree)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "guard: 6.12.0-arm64: every driver of bcm2711-small is there\n"


def test_a_build_ends_with_the_name_of_what_is_missing(tmp_path: Path, tree: Path) -> None:
    left = [name for name in INITRAMFS if name not in ("fixed", "gpio_regulator")]
    done = guard(kernel_files(tmp_path, initramfs=left), tree)
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert [line.split(" is not")[0] for line in lines] == [
        "guard: bcm2711-small: card: module gpio_regulator",
        "guard: bcm2711-small: card: module fixed",
    ]


def test_a_name_that_the_kernel_does_not_know_ends_it(tmp_path: Path, tree: Path) -> None:
    """As `regulator_gpio` did not: it was passed over, and the card started on no Pi 4."""
    done = guard(kernel_files(tmp_path, initramfs=[*INITRAMFS, "regulator_gpio"]), tree)
    assert done.returncode == 1
    assert "6.12.0-arm64 has no module regulator_gpio" in done.stderr


def test_the_table_has_a_line_for_each_board(tmp_path: Path, tree: Path) -> None:
    five = PI4.replace('"brcm,bcm2711"', '"brcm,bcm2712"').replace("dmas = <&dma 10>;", "")
    five = five.replace("ramoops@b000000", "none@b000000")
    other = tree_file(tmp_path, five, "bcm2712-small")
    done = guard(kernel_files(tmp_path, without={"genet"}), tree, other, table=True)
    assert done.returncode == 1
    rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert [row.replace(" ", "") for row in rows] == [
        "|board|aliases|card|start|watchdog|network|USB|HDMI|sound|GPIO|Wi-Fi|heat|lastwords|",
        "|---" * 13 + "|",
        "|bcm2711-small|ok|ok|ok|ok|1missing|ok|ok|ok|ok|ok|ok|ok|",
        "|bcm2712-small|ok|ok|ok|ok|1missing|ok|ok|knownlimit|ok|ok|ok|–|",
    ]
    assert "guard: bcm2712-small: sound: a Pi 5 has no sound by HDMI" in done.stdout


def test_what_is_no_tree_and_what_is_no_kernel_end_it_in_words(tmp_path: Path, tree: Path) -> None:
    files = kernel_files(tmp_path)
    done = guard(files, files.initramfs)
    assert done.returncode == 1
    assert done.stderr.startswith(f"guard: {files.initramfs} is no device tree: ")
    (files.modules / "modules.dep").unlink()
    done = guard(files, tree)
    assert done.returncode == 1
    assert "modules.dep is missing: run depmod" in done.stderr


def test_a_list_that_is_not_there_ends_it_in_words(tmp_path: Path, tree: Path) -> None:
    files = kernel_files(tmp_path)
    files.initramfs.unlink()
    done = guard(files, tree)
    assert done.returncode == 1
    assert done.stderr.startswith("guard: ")
    assert "modules.txt" in done.stderr
