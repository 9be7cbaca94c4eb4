"""The rules of the house are tests: floors, types, lint, small rooms, nobody's private paths."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 300


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


@pytest.mark.timeout(600)
def test_types_are_strict() -> None:
    done = run("mypy")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("words", [("check",), ("format", "--check")])
def test_lint(words: tuple[str, ...]) -> None:
    done = run("ruff", *words, "--quiet", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_looks_up_or_sideways() -> None:
    # Beside the interpreter: import-linter has no module of its own to run.
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_rooms_are_small() -> None:
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in tracked("*.py")
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in tracked("*.py")
        if not re.match(r'(#!.*\n)?("""|r""")\S', file.read_text())
    ]
    assert silent == []


def test_no_mocks() -> None:
    mocks = re.compile("Magic" + "Mock|Async" + r"Mock|mock\.patch|monkeypatch\.setattr")
    assert [str(file) for file in tracked("*.py") if mocks.search(file.read_text())] == []
