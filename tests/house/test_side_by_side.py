"""Groups of tests run side by side: no test is left out or run twice, who fails is named."""

import sys
from collections import Counter
from pathlib import PurePath

import pytest

from tests.house.sources import ROOT, Sources, sources
from tests.side_by_side import ALONE, MACHINE, SLOW, Group, check, image, run

PYTHON = (sys.executable, "-c")
MEET = """
import pathlib, time
pathlib.Path({ours!r}).touch()
while not pathlib.Path({theirs!r}).exists():
    time.sleep(0.01)
"""


def taken(group: Group, name: str) -> bool:
    """Whether that group runs the tests of the file `name`."""
    path = PurePath(name)
    left_out = [word.removeprefix("--ignore=") for word in group.words if "=" in word]
    inside = [word for word in group.words if "=" not in word]
    return any(path.is_relative_to(one) for one in inside) and not any(
        path.is_relative_to(one) for one in left_out
    )


def in_real_time(files: Sources) -> list[str]:
    """Files that hold the product to tens of milliseconds and are not `ALONE`."""
    marked = [name for name, text in files.items() if "mark.real_time" in text]
    return [name for name in marked if not name.startswith((*ALONE, "tests/house", "tests/reruns"))]


def test_each_test_is_in_one_group() -> None:
    groups = [group for step in check() for group in step]
    tests = [name for name in sources("tests") if PurePath(name).name.startswith("test_")]
    times = Counter({name: sum(taken(group, name) for group in groups) for name in tests})
    assert {
        name for name, count in times.items() if count != (not name.startswith(MACHINE))
    } == set()
    folders = [*ALONE, *(folder for folders in SLOW.values() for folder in folders)]
    folders += [word for step in image() for group in step for word in group.words if "/" in word]
    assert [folder for folder in folders if not (ROOT / folder).exists()] == []


def test_what_is_held_to_the_clock_has_the_machine_for_itself() -> None:
    made_up = {
        "tests/media/test_it.py": "@pytest.mark.real_time",
        "tests/wire/test_it.py": "@pytest.mark.real_time",
    }
    assert in_real_time(made_up) == ["tests/wire/test_it.py"]
    assert in_real_time(sources("tests")) == []


def test_groups_of_a_step_run_at_once_and_steps_one_after_another(
    tmp_path: PurePath, capfd: pytest.CaptureFixture[str]
) -> None:
    one, other = f"{tmp_path}/one", f"{tmp_path}/other"
    there = f"import pathlib; assert pathlib.Path({other!r}).exists(); print('after both')"
    steps = (
        (
            Group("first", (MEET.format(ours=one, theirs=other),)),
            Group("second", (MEET.format(ours=other, theirs=one),)),
        ),
        (Group("third", (there,)),),
    )
    assert run(steps, PYTHON) == []
    said = capfd.readouterr().out
    assert "== first: passed" in said
    assert said.index("== second: passed") < said.index("after both") < said.index("== third")


def test_a_group_that_fails_is_named_with_all_it_said_and_the_others_go_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    steps = ((Group("bad", ("raise SystemExit('no such call')",)),), (Group("good", ("pass",)),))
    assert run(steps, PYTHON) == ["bad"]
    said = capfd.readouterr().out
    assert "no such call\n== bad: FAILED, code 1" in said
    assert "== good: passed" in said
