"""Only a test marked ``real_time`` is tried again, on a busy machine, and only five of them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.house.sources import ROOT
from tests.reruns import MAX_RERUN, Machine

CONFTEST = """
from tests.reruns import Machine, Reruns
class Always(Machine):
    def was_busy(self):
        return {busy}
def pytest_configure(config):
    config.addinivalue_line("markers", "real_time: of this house")
    config.pluginmanager.register(Reruns(Always()))
"""
SECOND_TIME = """
import pathlib, pytest
{mark}
@pytest.mark.parametrize("number", range({count}))
def test_second_time(tmp_path_factory, number):
    seen = tmp_path_factory.getbasetemp() / f"seen-{{number}}"
    first = not seen.exists()
    seen.touch()
    assert not first
"""
MARK = "@pytest.mark.real_time"


def run(folder: Path, *, count: int, mark: str = MARK, busy: bool = True) -> tuple[int, list[str]]:
    """The exit code, and the lines of a run of `count` tests that pass at their second try."""
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST.format(busy=busy))
    (folder / "test_made_up.py").write_text(SECOND_TIME.format(mark=mark, count=count))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis",
         "--rootdir", folder, "--basetemp", folder / "temporary", folder],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False, timeout=100,
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines()


def test_a_marked_test_is_tried_again_and_named(tmp_path: Path) -> None:
    code, lines = run(tmp_path / "few", count=MAX_RERUN)
    assert code == 0
    named = [line for line in lines if line.startswith("tried again")]
    assert len(named) == MAX_RERUN
    assert named[0].endswith("test_made_up.py::test_second_time[0]")


def test_a_run_with_too_many_tries_fails(tmp_path: Path) -> None:
    code, lines = run(tmp_path / "many", count=MAX_RERUN + 1)
    assert code == 1
    assert len([line for line in lines if line.startswith("tried again")]) == MAX_RERUN + 1
    assert f"{MAX_RERUN + 1} tests were tried again, at most {MAX_RERUN} may be: FAILED" in lines


def test_without_the_mark_or_on_an_idle_machine_there_is_one_try(tmp_path: Path) -> None:
    for name, mark, busy in (("unmarked", "", True), ("idle", MARK, False)):
        code, lines = run(tmp_path / name, count=1, mark=mark, busy=busy)
        assert code == 1
        assert not [line for line in lines if line.startswith("tried again")]


def test_a_machine_is_busy_with_less_than_a_quarter_left() -> None:
    times = iter([(0, 0), (500, 1000), (550, 1200), (599, 1400)])
    machine = Machine(lambda: next(times))
    machine.begin()
    assert not machine.was_busy()
    times = iter([(0, 0), (500, 1000), (549, 1200)])
    machine = Machine(lambda: next(times))
    machine.begin()
    assert machine.was_busy()
