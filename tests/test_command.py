"""The one command on a box, which has not all programs."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from services.command import COMMANDS, Programs


def test_what_is_not_on_the_box_is_no_command_there() -> None:
    box = Programs("diemcau", programs={"keep": COMMANDS["keep"], "away": "services.away:away"})
    told = CliRunner().invoke(box, ["--help"])
    assert told.exit_code == 0, told.output
    assert "keep" in told.output
    assert "away" not in told.output
    assert "No such command 'away'" in CliRunner().invoke(box, ["away"]).output


def test_a_program_that_lacks_a_library_is_not_taken_for_one_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lacks.py").write_text("import a_library_that_nobody_has")
    monkeypatch.syspath_prepend(tmp_path)
    box = Programs("diemcau", programs={"lacks": "lacks:lacks"})
    with pytest.raises(ModuleNotFoundError, match="a_library_that_nobody_has"):
        CliRunner().invoke(box, ["lacks"], catch_exceptions=False)
