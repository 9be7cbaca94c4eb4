"""The image has no simulator and nothing of the province, and no program of it misses them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.command import COMMANDS

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "image/recipe/root"
ALONE = """
import sys
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in finder.__module__]
"""
"""This environment also knows where the whole repository is."""
LOAD = f"""{ALONE}
import importlib, services
print(services.__file__)
for module in sys.argv[1:]:
    importlib.import_module(module)
"""
RUN = f"""{ALONE}
from services.command import main
main()
"""


def left_out() -> list[str]:
    """The folders that the recipe takes away again."""
    found = re.search(
        r"^for folder in (hardware/simulator [^;]+); do$", RECIPE.read_text(), re.MULTILINE
    )
    assert found
    return found[1].split()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our packages as they lie in the image."""
    folder = tmp_path_factory.mktemp("box")
    for package in ("appliance", "hardware", "services"):
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in left_out():
        shutil.rmtree(folder / name)
    return folder


def python(box: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=box,
        env=os.environ | {"PYTHONPATH": str(box)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_every_program_of_the_box_loads(box: Path) -> None:
    modules = {target.partition(":")[0] for target in COMMANDS.values()}
    away = tuple(folder.replace("/", ".") for folder in left_out())
    here = sorted(module for module in modules if not module.startswith(away))
    assert len(here) > 10
    done = python(box, "-c", LOAD, *here, "services.endpoint.composition")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(box)
    done = python(box, "-c", LOAD, "hardware.simulator")
    assert "ModuleNotFoundError" in done.stderr


def test_a_box_says_that_it_has_no_simulator(box: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        '[site]\nid = "ia-kly"\nname = "Xã"\n[agenda]\nurl = "https://tinh.example/a"\n'
    )
    words = ("endpoint", "--site", str(site), "--simulator", str(tmp_path / "socket"))
    done = python(box, "-c", RUN, *words)
    assert done.returncode == 2
    assert "no simulator" in done.stderr


def test_a_box_has_no_command_of_the_province(box: Path) -> None:
    done = python(box, "-c", RUN, "province")
    assert "No such command" in done.stderr
