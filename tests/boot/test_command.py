"""The one command on a box, which has not all programs."""

import importlib

import pytest
from click.testing import CliRunner

from services import command


def test_what_is_not_on_the_box_is_no_command_there(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"keep": command.COMMANDS["keep"], "away": "services.away.command:away"}
    monkeypatch.setattr(command, "COMMANDS", known)
    told = CliRunner().invoke(command.main, ["--help"])
    assert told.exit_code == 0, told.output
    assert "keep" in told.output
    assert "away" not in told.output
    assert "No such command 'away'" in CliRunner().invoke(command.main, ["away"]).output


def test_a_program_that_lacks_a_library_is_not_taken_for_one_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacking(_: str) -> None:
        raise ModuleNotFoundError("No module named 'yaml'", name="yaml")

    monkeypatch.setattr(importlib, "import_module", lacking)
    with pytest.raises(ModuleNotFoundError, match="yaml"):
        CliRunner().invoke(command.main, ["keep"], catch_exceptions=False)
