"""`diemcau check` tells every problem, for people and for programs."""

import json
from pathlib import Path

from click.testing import CliRunner

from services.command import main

BAD = '[site]\nid = "Ia Kly"\nname = "Xã Ia Kly"\n\n[agenda]\nurll = "/x"\n'


def test_every_problem_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(BAD)
    done = CliRunner().invoke(main, ["check", str(path), "--json"])
    assert done.exit_code == 1
    problems = json.loads(done.stdout)
    assert [(problem["line"], problem["key"]) for problem in problems] == [
        (2, "site.id"),
        (6, "agenda.urll"),
        (5, "agenda.url"),
    ]
    assert "did you mean url" in problems[1]["remedy"]


def test_a_good_file_is_called_good(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text('[site]\nid = "ia-kly"\nname = "Xã Ia Kly"\n[agenda]\nurl = "/x"\n')
    done = CliRunner().invoke(main, ["check", str(path)])
    assert (done.exit_code, done.stdout.strip()) == (
        0,
        "Tệp không có lỗi / The file has no problems",
    )


def test_every_command_can_be_loaded() -> None:
    done = CliRunner().invoke(main, ["--help"])
    assert done.exit_code == 0
    for name in ("agenda", "check", "demo", "dial", "endpoint", "room", "screen"):
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0, name
