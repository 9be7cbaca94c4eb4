"""What a program's log looks like on a terminal: ours from INFO, others' from WARNING, fields."""

import os
import pty
import re
import subprocess
import sys

import pytest

PROGRAM = """
import logging
from appliance.base.journal import open_journal
open_journal("endpoint", verbose={verbose})
ours, library = logging.getLogger("diemcau.endpoint"), logging.getLogger("aiortc.sctp")
ours.info("phase: %s → %s", "joining", "in meeting", extra={{"MEETING": "m1", "lower": "x"}})
ours.debug("a frame")
library.info("packet")
library.warning("no route")
"""


def on_a_terminal(verbose: bool) -> list[str]:
    """The lines that the program writes where its standard error is a terminal."""
    near, far = pty.openpty()
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": ":".join(sys.path)}
    code = PROGRAM.format(verbose=verbose)
    try:
        subprocess.run([sys.executable, "-c", code], stderr=far, env=environment, check=True)
        os.set_blocking(near, False)
        return os.read(near, 1 << 16).decode().splitlines()
    finally:
        os.close(near)
        os.close(far)


@pytest.mark.parametrize("verbose", [False, True])
def test_one_line_for_each_change_and_nothing_of_other_peoples_frames(verbose: bool) -> None:
    first, *middle, last = on_a_terminal(verbose)
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d diemcau\.endpoint phase: joining → in meeting  \[MEETING=m1\]", first
    )
    assert [one[9:] for one in middle] == (["diemcau.endpoint a frame"] if verbose else [])
    assert last[9:] == "aiortc.sctp no route"
