"""The door to the box: a bench without a Pi, and a Pi whose pins are broken still starts."""

import os
import subprocess
import sys
from pathlib import Path

from hardware.board import open_board

DEAF = """
import sys
from pathlib import Path
from hardware.board import open_board
with open_board(model_file=Path(sys.argv[1])) as board:
    print(board.model, board.bench, board.problem, sep="\\n")
"""


def test_without_a_pi_there_is_a_bench(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"Some Laptop\0")
    for model in (tmp_path / "model", tmp_path / "none"):
        with open_board(model_file=model) as board:
            assert board.model == "bench"
            assert board.bench is not None
            assert board.problem == ""


def test_two_benches_in_one_process_have_pins_of_their_own(tmp_path: Path) -> None:
    with open_board(model_file=tmp_path / "none") as one, open_board(model_file=tmp_path) as two:
        assert one.bench is not None
        assert two.bench is not None
        one.bench.push()
        assert one.panel is not two.panel


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
    name, bench, problem = done.stdout.splitlines()
    assert name == "Raspberry Pi 4 Model B Rev 1.5"
    assert bench == "None"
    assert problem.startswith("no buttons and no lamp: ")
