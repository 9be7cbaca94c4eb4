"""A machine without pins and a Pi whose pins are broken start all the same."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.core.floor_control import Lamp
from hardware.board import open_board
from hardware.gestures import Gesture
from hardware.simulator.pins import Simulator
from hardware.wiring import ONE_BUTTON

DEAF = """
import sys
from pathlib import Path
from hardware.board import open_board
with open_board(model_file=Path(sys.argv[1])) as board:
    print(board.model, board.problem, sep="\\n")
"""


def test_without_a_pi_there_is_a_panel_that_nothing_moves(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"Some Laptop\0")
    for file, model in (("model", "Some Laptop"), ("none", "")):
        with open_board(model_file=tmp_path / file) as board:
            assert board.model == model
            assert board.problem == ""
            board.panel.show(Lamp.GREEN)


async def test_two_simulators_in_one_process_have_pins_of_their_own() -> None:
    one, two = Simulator(ONE_BUTTON), Simulator(ONE_BUTTON)
    with open_board(pins=one.pins) as board, open_board(pins=two.pins) as other:
        runs = [asyncio.create_task(box.panel.run()) for box in (board, other)]
        await one.press(0.1)
        async with asyncio.timeout(5):
            assert (await board.panel.event()).gesture is Gesture.SHORT
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await other.panel.event()
        for run in runs:
            run.cancel()


def test_a_pi_whose_pins_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    """In a process of its own: importing lgpio starts a thread and changes the directory."""
    model = tmp_path / "model"
    model.write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", DEAF, str(model)],
        env={**os.environ, "LG_WD": str(tmp_path), "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    name, problem = done.stdout.splitlines()
    assert name == "Raspberry Pi 4 Model B Rev 1.5"
    assert problem.startswith("no buttons and no lamp: ")
