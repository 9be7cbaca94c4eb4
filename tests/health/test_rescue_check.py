"""A box in rescue is an alarm until the gate is passed."""

from pathlib import Path

from appliance.core.alarms import State
from appliance.core.problems import ProblemKey
from services.health.checklist import Checklist
from services.slots.rescue import FLAG, FOLDER
from tests.health.boxes import bench, wrong


def test_a_box_in_rescue_says_so_until_the_gate_is_passed(tmp_path: Path) -> None:
    one = bench(tmp_path)
    check = Checklist(one.root, one.data).checks["rescue"]
    assert wrong(check, one.box()) == set()
    folder = one.root / FOLDER.removeprefix("/")
    folder.mkdir(parents=True)
    (folder / FLAG).write_text("7\n")
    (verdict,) = check(one.box()).verdicts
    assert (verdict.key, verdict.state) == (ProblemKey.RESCUE, State.WRONG)
    assert verdict.detail == "7 starts in a row"
    (folder / FLAG).unlink()
    assert wrong(check, one.box()) == set()
