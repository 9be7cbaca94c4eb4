"""What the screen begins with: the TV's driver, by the box's own devices, and the background.

Here it is what each says where something is missing; what they show is seen in the emulator
(`tests/image/machine/tv/test_tv_plugs.py`).
"""

import subprocess
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "image/root/diemcau-tv-driver"
PI = {
    "gpu": "of:NgpuT(null)Cbrcm,bcm2711-vc5",
    "fec00000.v3d": "of:NgpuT(null)Cbrcm,2711-v3d",
    "fe340000.mmc": "of:NmmcT(null)Cbrcm,bcm2711-emmc2",
    "reg-dummy": "",
}
GPU, NET = "virtio:d00000010v00001AF4", "virtio:d00000001v00001AF4"


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


def loaded(root: Path, code: int = 0) -> list[str]:
    """What the script asks modprobe(8) for, which ends with that code."""
    asked = root / "asked"
    asked.write_text("")
    modprobe = root / "bin/modprobe"
    modprobe.parent.mkdir(exist_ok=True)
    modprobe.write_text(f'#!/bin/sh\necho "$@" >> {asked}\nexit {code}\n')
    modprobe.chmod(0o755)
    done = subprocess.run(
        ["sh", SCRIPT, root], env={"PATH": f"{modprobe.parent}:/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert (f"no driver for {GPU}" in done.stdout) is (code != 0 and GPU in asked.read_text())
    return asked.read_text().splitlines()


def device(root: Path, bus: str, name: str, alias: str) -> None:
    folder = root / f"sys/bus/{bus}/devices" / name
    folder.mkdir(parents=True)
    if alias:
        (folder / "modalias").write_text(alias + "\n")


def test_a_pis_graphics(tmp_path: Path) -> None:
    for name, alias in PI.items():
        device(tmp_path, "platform", name, alias)
    assert sorted(loaded(tmp_path)) == sorted(f"-bq {PI[name]}" for name in ("gpu", "fec00000.v3d"))


def test_an_emulators_and_one_without_a_driver(tmp_path: Path) -> None:
    for number, alias in enumerate((NET, GPU)):
        device(tmp_path, "virtio", f"virtio{number}", alias)
    assert loaded(tmp_path) == [f"-bq {GPU}"]
    assert loaded(tmp_path, code=1) == [f"-bq {GPU}"]


def test_a_box_without_any(tmp_path: Path) -> None:
    assert loaded(tmp_path) == []
