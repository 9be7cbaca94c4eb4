"""The firmware of the boot partition: one version, by its sum, from the mirror or as kept."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE, VERSION = "raspi-firmware", "1.20990101+ds-1"
POOL = "debian/pool/non-free-firmware/r/raspi-firmware"
TAKEN = ("bootcode.bin", "fixup4.dat", "start.elf", "start4.elf")
LEFT_OUT = ("start4cd.elf", "start_x.elf", "fixup4db.dat", "overlays/some.dtbo")


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror of one package, as a folder of this machine."""
    content = tmp_path / "content"
    for name in (*TAKEN, *LEFT_OUT):
        file = content / "usr/lib/raspi-firmware" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    control = content / "DEBIAN/control"
    control.parent.mkdir()
    control.write_text(
        f"Package: {PACKAGE}\nVersion: {VERSION}\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@hop.tinh.example>\nDescription: of a test\n"
    )
    pool = tmp_path / POOL
    pool.mkdir(parents=True)
    archive = pool / f"{PACKAGE}_{VERSION}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-b", content, archive],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return archive


def fetch(mirror: Path, folder: Path, digest: str) -> subprocess.CompletedProcess[str]:
    """Run the recipe's step with a list of its own."""
    listed = mirror.parents[6] / "firmware.txt"
    listed.write_text(f"# a remark\n{PACKAGE} {VERSION} {digest}\n")
    return subprocess.run(
        [REPOSITORY / "image/recipe/firmware", folder],
        env={**os.environ, "MIRROR": f"file:{mirror.parents[4]}", "FIRMWARE_LIST": str(listed)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_boot_partition_gets_what_a_board_reads(mirror: Path, tmp_path: Path) -> None:
    folder = tmp_path / "build/firmware"
    digest = hashlib.sha256(mirror.read_bytes()).hexdigest()
    assert fetch(mirror, folder, digest).returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(TAKEN)
    assert Path(f"{folder}.packages").read_text().startswith(f"{PACKAGE}\t{VERSION}\t")
    mirror.unlink()
    assert fetch(mirror, folder, digest).returncode == 0, "the archive that was kept does as well"


def test_another_sum_ends_the_build_and_says_both(mirror: Path, tmp_path: Path) -> None:
    folder, digest = tmp_path / "build/firmware", hashlib.sha256(mirror.read_bytes()).hexdigest()
    other = hashlib.sha256(b"another").hexdigest()
    done = fetch(mirror, folder, other)
    assert done.returncode == 1
    assert digest in done.stderr
    assert other in done.stderr
    assert not folder.exists()
    assert not Path(f"{folder}.deb").exists()


def test_a_version_that_the_mirror_let_go_of_is_named(mirror: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256(mirror.read_bytes()).hexdigest()
    mirror.unlink()
    done = fetch(mirror, tmp_path / "build/firmware", digest)
    assert done.returncode == 1
    assert f"{PACKAGE} {VERSION} cannot be had" in done.stderr


def test_the_recipe_names_one_version_newer_than_the_boards_of_2025() -> None:
    lines = (REPOSITORY / "image/recipe/firmware.txt").read_text().splitlines()
    ((package, version, digest),) = [line.split() for line in lines if not line.startswith("#")]
    assert package == PACKAGE
    assert int(version.removeprefix("1.")[:8]) >= 20251001
    assert len(bytes.fromhex(digest)) == hashlib.sha256().digest_size
    tools = (REPOSITORY / "image/recipe/tools.txt").read_text().split()
    assert PACKAGE not in tools, "Debian 13's own is too old for boards in shops"
