"""The kernel's own CEC, without a TV: vivid's pair, one end of which v4l-utils plays as a TV.

The product's classes as they are, on real ioctls; `make tv-guest` brings what it needs.
"""

import json
import re
from pathlib import Path

import pytest

from tests.peers.cec.guest import PATIENCE_S, ROOT, run_in_guest

STORY = f"{ROOT}/.venv/bin/python -m tests.peers.cec.story"


@pytest.mark.timeout(PATIENCE_S + 60.0)
def test_a_tv_that_hides_its_edid_is_woken_shown_to_and_put_to_sleep(tmp_path: Path) -> None:
    said = run_in_guest(tmp_path, STORY)
    (tmp_path / "guest.log").write_text(said)
    told = [json.loads(line) for line in re.findall(r"STEP (\{.*\})", said)]
    assert told, said[-3000:]
    assert told[0] == {"step": "devices", "names": ["cec0", "cec1"]}
    found = [(one["step"], one["came"], one["state"], one["problem"]) for one in told[1:]]
    assert found == [
        ("on", True, "on", None),
        ("hidden", True, "no link", None),
        ("view on", True, "in transition", None),
        ("woken", True, "on", None),
        ("shown again", True, "on", None),
        ("reasserted", True, "on", None),
        ("by hand", True, "on", "other input"),
        ("ours again", True, "on", None),
        ("standby", True, "in transition", None),
    ], said[-6000:]
