"""What a second build makes anew, and what it leaves; each recipe is a stub that tells its turn."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMON = """\
build=${BUILD:-build/image}
disk_id=1
SOURCE_DATE_EPOCH=0
in_tools() { "$@"; }
"""
STUB = """\
#!/bin/sh
[ "$1" != --newest ] || { cat newest; exit; }
echo "NAME" >> made
mkdir -p "$(dirname "MADE")"
: > "MADE"
: > "MADE.packages"
"""
"""Its name goes to the log; what it makes is one of its arguments."""
RECIPES = {"tools": 1, "firmware": 1, "root": 1, "kernel": 2, "with-kernel": 4}
FOLDERS = ("boot", "background", "drivers", "root", "units", "guard")


class Checkout:
    """A checkout whose recipes are stubs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        recipe = folder / "image/recipe"
        recipe.mkdir(parents=True)
        shutil.copy(ROOT / "image/build", folder / "image")
        for name in FOLDERS:
            (folder / "image" / name).mkdir()
        for name in ("appliance", "hardware", "services", "bin"):
            (folder / name).mkdir(parents=True)
        (folder / "requirements.lock").touch()
        (folder / "pyproject.toml").write_text('version = "1.0.0"\n')
        (recipe / "common").write_text(COMMON)
        (recipe / "report.py").touch()
        for name in ("tools.txt", "firmware.txt", "trim-modules"):
            (recipe / name).touch()
        for name, which in RECIPES.items():
            self._stub(recipe / name, name, which)
        self._stub(recipe / "slot", "slot $2", 2)
        self._stub(recipe / "disk", "disk $1", 3)
        for authority in ("keys", "keys/provisioning"):
            kept = folder / "build/image" / authority / "keyring.pem"
            kept.parent.mkdir(parents=True)
            kept.touch()
        query = folder / "bin/dpkg-query"
        query.write_text("#!/bin/sh\n")
        query.chmod(0o755)
        self.newest("7.3.4")

    def _stub(self, file: Path, name: str, made: int) -> None:
        file.write_text(STUB.replace("NAME", name).replace("MADE", f"${made}"))
        file.chmod(0o755)

    def newest(self, version: str) -> None:
        (self.folder / "newest").write_text(version)

    def build(self, *flavours: str) -> list[str]:
        """The steps that were taken, in their order."""
        made = self.folder / "made"
        made.unlink(missing_ok=True)
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        subprocess.run(
            [self.folder / "image/build", *flavours],
            check=True,
            capture_output=True,
            env={"PATH": path},
            timeout=60,
        )
        return made.read_text().splitlines() if made.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


RPI5 = ["with-kernel", "slot build/image/slot-rpi5.img", "disk rpi5"]


def test_what_has_not_changed_is_not_made_again(checkout: Checkout) -> None:
    first = checkout.build()
    assert first[:3] == ["tools", "firmware", "root"]
    assert first[-2:] == ["disk rpi", "disk rpi5"]
    # The recipe compiles the texts where they are: the second build had all anew for that.
    (checkout.folder / "appliance/texts.mo").touch()
    assert checkout.build() == []


def test_a_newer_kernel_of_the_mirror_is_a_new_slot_of_the_pi_5_alone(checkout: Checkout) -> None:
    """Only the kernel was made anew: the slot and the card went on with the old one."""
    checkout.build()
    checkout.newest("7.3.5")
    assert checkout.build() == ["kernel", *RPI5]
    assert checkout.build() == []


def test_without_a_mirror_the_kernel_that_is_here_stays(checkout: Checkout) -> None:
    checkout.build()
    checkout.newest("")
    assert checkout.build() == []


def test_a_change_of_the_program_is_in_each_slot(checkout: Checkout) -> None:
    checkout.build()
    (checkout.folder / "services/new.py").touch()
    steps = checkout.build()
    assert [step for step in steps if step != "root"] == [
        "slot build/image/slot.img",
        *RPI5[:2],
        "disk virt",
        "disk rpi",
        "disk rpi5",
    ]
