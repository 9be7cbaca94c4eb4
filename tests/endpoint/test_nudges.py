"""A nudge makes the endpoint read its agenda, once, and a silent neighbour makes it do nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.endpoint.nudges import Nudges

NOW = 1000.0


def tell(run: Path, **facts: Any) -> None:
    (run / "health.json").write_text(json.dumps({"at": NOW, "boot_id": "b"} | facts))


def test_each_nudge_once(tmp_path: Path) -> None:
    hurries: list[int] = []
    nudges = Nudges(tmp_path, lambda: hurries.append(1), lambda _: None, lambda: NOW)
    nudges.look()
    tell(tmp_path, nudged_at=None)
    nudges.look()
    assert hurries == []
    tell(tmp_path, nudged_at=990.0)
    nudges.look()
    nudges.look()
    assert hurries == [1]
    tell(tmp_path, nudged_at=None)  # the health program was started again
    nudges.look()
    tell(tmp_path, nudged_at=995.0)
    nudges.look()
    assert hurries == [1, 1]


def test_what_stood_there_at_the_start_is_old(tmp_path: Path) -> None:
    hurries: list[int] = []
    tell(tmp_path, nudged_at=990.0)
    nudges = Nudges(tmp_path, lambda: hurries.append(1), lambda _: None, lambda: NOW)
    nudges.look()
    assert hurries == []


@pytest.mark.parametrize("content", ["", "[]", "{", '{"at": 1000, "nudged_at": "x"}', '{"at": 1}'])
def test_a_broken_file_is_no_nudge(tmp_path: Path, content: str) -> None:
    hurries: list[int] = []
    nudges = Nudges(tmp_path, lambda: hurries.append(1), lambda _: None, lambda: NOW)
    (tmp_path / "health.json").write_text(content)
    nudges.look()
    assert hurries == []


def test_a_box_that_waits_to_be_let_in_says_its_code_once(tmp_path: Path) -> None:
    codes: list[str] = []
    nudges = Nudges(tmp_path, lambda: None, codes.append, lambda: NOW)
    for claim in ("", "7KQF-M2XH", "7KQF-M2XH", "", 5, "<b>", "7KQF-M2XH\n"):
        tell(tmp_path, claim=claim)
        nudges.look()
    assert codes == ["7KQF-M2XH", ""]
