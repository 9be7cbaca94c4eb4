"""The TV's background as a program: what it says of a picture or a compositor that is not there.

What it shows is seen in the emulator (`tests/image/machine/tv/test_tv_plugs.py`).
"""

import subprocess
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the recipe's own script, for this machine."""
    made = tmp_path_factory.mktemp("background") / "diemcau-background"
    subprocess.run(["image/background/make", made], cwd=ROOT, check=True, timeout=120)
    return made


@pytest.mark.parametrize(
    "damaged",
    [b"", b"P5\n1 1\n255\n\0", b"P6\n1280 720\n255\n", b"P6\n0 5\n255\n", b"P6\n99999 9\n255\n",
     b"P6\n# a comment without end", b"P6\n123456789123456789 1\n255\n", b"P6\n2 2\n65535\n"],
)  # fmt: skip
def test_a_damaged_picture_ends_it_with_a_sentence(
    program: Path, tmp_path: Path, damaged: bytes
) -> None:
    (tmp_path / "picture.ppm").write_bytes(damaged)
    done = subprocess.run(
        [program, tmp_path / "picture.ppm"], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 1
    assert done.stderr.startswith("diemcau-background: the picture")


def test_without_a_compositor_it_says_so(program: Path, tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "picture.ppm")
    done = subprocess.run(
        [program, tmp_path / "picture.ppm"], env={"XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "diemcau-background: no compositor\n")
