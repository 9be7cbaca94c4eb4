"""A program that ended and was started again is counted, with its reason, until the power goes."""

import contextlib
import os
import signal
import subprocess
import sys
from math import inf
from pathlib import Path

import pytest

from appliance.base.program_ends import ENDPOINT_RUN, KILLED, ProgramEnds
from appliance.wire.facts import RunFacts

KILL = """
import os, signal
from pathlib import Path
from appliance.base.program_ends import ENDPOINT_RUN, ProgramEnds
with ProgramEnds(ENDPOINT_RUN, Path({!r})).counted():
    os.kill(os.getpid(), signal.SIGKILL)
"""


def facts(run: Path) -> RunFacts:
    found = ENDPOINT_RUN.read(run, 0.0, inf)
    assert found is not None
    return found


def test_what_a_program_dies_of_is_counted_and_told_to_the_next_run(tmp_path: Path) -> None:
    ends = ProgramEnds(ENDPOINT_RUN, tmp_path, monotonic=lambda: 77.0)
    for number in (1, 2):
        with pytest.raises(ValueError, match="codec"), ends.counted() as before:
            assert before == ("" if number == 1 else "ValueError: no such codec 1")
            assert facts(tmp_path).running
            raise ValueError(f"no such codec {number}")
        found = facts(tmp_path)
        assert (found.ends, found.reason, found.ended_s) == (
            number,
            f"ValueError: no such codec {number}",
            77.0,
        )
    with ends.counted() as before:
        assert before == "ValueError: no such codec 2"
    with ends.counted() as before:
        assert before == "", "the run before this one was stopped in order"
    assert facts(tmp_path).ends == 2


def test_one_that_was_killed_had_no_time_to_say_so(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILL.format(str(tmp_path))], check=False)
    assert done.returncode == -signal.SIGKILL
    with ProgramEnds(ENDPOINT_RUN, tmp_path).counted() as before:
        assert before == KILLED
    assert (facts(tmp_path).ends, facts(tmp_path).reason) == (1, KILLED)


def test_a_folder_that_takes_nothing_costs_no_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = False
    with ProgramEnds(ENDPOINT_RUN, tmp_path / "file").counted():
        ran = True
    assert ran


@pytest.mark.parametrize("content", [b"", b"{", b"[]", os.urandom(100), b'{"ends": "many"}'])
def test_a_damaged_file_counts_for_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ENDPOINT_RUN.name).write_bytes(content)
    with contextlib.suppress(KeyError), ProgramEnds(ENDPOINT_RUN, tmp_path).counted() as before:
        assert before == ""
        raise KeyError
    assert facts(tmp_path).ends == 1
