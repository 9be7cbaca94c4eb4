"""Types, lint and layers are checked by tools: each of them runs over the tree as a test."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT, Sources, sources

BROKEN_CONTRACTS = {
    "The layers: nothing imports upwards or sideways": (
        "appliance/wire/meeting.py", "appliance.core.versions"
    ),
    "Programs never import one another; a box's share slots, support, boot files": (
        "services/health/command.py", "services.room.errors"
    ),
    "wire and core think without hands": ("appliance/core/redial.py", "socket"),
    "Who decides or tells of meetings loads no calendar library": (
        "services/health/command.py", "icalendar"
    ),
    "The endpoint's first picture waits for nothing that only a meeting needs": (
        "services/endpoint/screen/renderer.py", "httpx"
    ),
    "A page that is ready waits for nothing that draws": (
        "services/endpoint/start_page.py", "numpy"
    ),
    "Only the laptop's side loads the simulator, which no image carries": (
        "services/health/command.py", "hardware.simulator.cable"
    ),
    "The simulator stands on the hardware, and nothing of it on the simulator": (
        "hardware/board.py", "hardware.simulator.pins"
    ),
    "gpiozero only in hardware": ("services/endpoint/conductor.py", "gpiozero"),
    "aiomqtt and paho only in appliance.base.mqtt": ("services/health/command.py", "paho"),
    "Of the box's programs only health speaks MQTT": (
        "services/updates/restart.py", "appliance.base.mqtt"
    ),
    "systemd only in appliance.base": ("hardware/wiring.py", "systemd"),
    "aiortc only in media, dialers and the room": ("services/endpoint/conductor.py", "aiortc"),
    "VLC only in media/tv": ("appliance/dialers/registry.py", "vlc"),
    "The database and FastAPI only in the province": ("services/room/command.py", "sqlalchemy"),
}  # fmt: skip
"""For each contract one import that breaks it: where, and of what."""


def run(*words: str | Path, cwd: Path = ROOT, text: str = "") -> subprocess.CompletedProcess[str]:
    """A tool of this environment, which has both a module and a script or one of them."""
    tool = Path(sys.executable).with_name(str(words[0]))
    return subprocess.run(
        [tool, *words[1:]], cwd=cwd, input=text, capture_output=True, text=True, check=False
    )


def mocks(files: Sources) -> list[str]:
    """Files that replace a part of the product instead of giving it another one."""
    mock = re.compile("Magic" + "Mock|Async" + r"Mock|mock\.patch|monkeypatch\.set" + "attr")
    return [name for name, text in files.items() if mock.search(text)]


@pytest.mark.timeout(600)
def test_types_are_strict(tmp_path: Path) -> None:
    made_up = tmp_path / "made_up.py"
    made_up.write_text("def untyped(argument): return argument\n")
    done = run("mypy", made_up)
    assert "no-untyped-def" in done.stdout
    done = run("mypy")
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint() -> None:
    made_up = '"""Says what it is for."""\n\n\ndef public() -> None:\n    print()\n'
    done = run("ruff", "check", "--stdin-filename", "appliance/made_up.py", "-", text=made_up)
    assert {"D103", "T201"} <= set(re.findall(r"\b[A-Z]+\d{3}\b", done.stdout))
    done = run("ruff", "check", "--quiet", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_format() -> None:
    done = run("ruff", "format", "--check", "--quiet", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_imports_upwards_or_sideways(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, text in sources("appliance", "hardware", "services").items():
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
    for name, module in BROKEN_CONTRACTS.values():
        with (tmp_path / name).open("a") as file:
            file.write(f"\nimport {module}\n")
    done = run("lint-imports", "--no-cache", cwd=tmp_path)
    verdicts = re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE)
    assert verdicts == [(contract, "BROKEN") for contract in BROKEN_CONTRACTS]

    done = run("lint-imports")
    assert done.returncode == 0, done.stdout


def test_no_mocks() -> None:
    assert mocks({"tests/test_one.py": "one = Magic" + "Mock()", "tests/test_two.py": ""}) == [
        "tests/test_one.py"
    ]
    assert mocks(sources()) == []
