"""First boot and `diemcau keep` with the rights that their units leave to root, and no others."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from services.provisioning.second_copy import IDENTITY, MACHINE_ID
from tests.image.unit_rights import GROUP, USER, as_unit
from tests.provisioning.site_files import PAIR, SECRET, site

UNITS = Path(__file__).parents[2] / "image/units"
COMMAND = (sys.executable, "-m", "services.command")

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="root's rights are to be taken away"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv(1)"),
]


def made_anew(data: Path) -> None:
    """As tmpfiles leaves it: the programs' folder is their own."""
    (data / "health").mkdir(parents=True, mode=0o750)
    shutil.chown(data / "health", USER, GROUP)
    (data / "system").mkdir()
    (data / MACHINE_ID).write_text("f" * 32 + "\n")


def first_boot(folder: Path, data: Path) -> str:
    words = ["--boot", str(folder / "boot"), "--data", str(data), "--disk", str(folder / "disk")]
    words += ["--run", str(folder / "run"), "--user", USER, "--group", GROUP]
    return as_unit(UNITS / "diemcau-first-boot.service", *COMMAND, "first-boot", *words)


def test_the_identity_of_another_user_is_kept_and_given_back(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(bytes(5 * 2**20))
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot/site.toml").write_bytes(site())
    (tmp_path / "proc").mkdir()
    # As tmpfiles leaves it.
    (tmp_path / "run").mkdir(mode=0o775)
    shutil.chown(tmp_path / "run", USER, GROUP)
    old, new = tmp_path / "old", tmp_path / "new"
    made_anew(old)
    made_anew(new)
    assert "settings in force: 1" in first_boot(tmp_path, old)
    facts = tmp_path / "run/site-file.json"
    assert facts.stat().st_mode & 0o777 == 0o644, "the endpoint reads it as another user"
    (old / IDENTITY).write_bytes(PAIR)
    (old / IDENTITY).chmod(0o600)
    shutil.chown(old / IDENTITY, USER, GROUP)
    (old / MACHINE_ID).write_text("a" * 32 + "\n")

    (tmp_path / "proc/mounts").write_text(f"/dev/vda4 {old} ext4 rw 0 0\n")
    words = ("--disk", str(tmp_path / "disk"), "--data", str(old), "--root", str(tmp_path))
    assert "is written" in as_unit(UNITS / "diemcau-keep.service", *COMMAND, "keep", *words)

    assert "come from the second copy" in first_boot(tmp_path, new)
    assert (new / IDENTITY).read_bytes() == PAIR
    found = (new / IDENTITY).stat()
    assert (found.st_mode & 0o777, found.st_uid) == (0o600, (old / IDENTITY).stat().st_uid)
    assert (new / MACHINE_ID).read_text() == "a" * 32 + "\n"
    assert (new / "site/secrets/sip-password").read_text() == SECRET
