"""What the endpoint hears of the province, once each; a silent neighbour makes it do nothing."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from services.endpoint.status.province import Province, Word

NOW = 1000.0


def tell(run: Path, **facts: Any) -> None:
    (run / "health.json").write_text(json.dumps({"at": NOW, "boot_id": "b"} | facts))


@dataclass
class Heard:
    """What was called."""

    run: Path
    hurries: int = 0
    codes: list[str] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    now: float = NOW

    def province(self) -> Province:
        def hurry() -> None:
            self.hurries += 1

        return Province(
            self.run,
            hurry=hurry,
            claimed=self.codes.append,
            said=self.words.append,
            now=lambda: self.now,
        )


def test_each_nudge_once(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    province = heard.province()
    province.look()
    tell(tmp_path, nudged_at=None)
    province.look()
    assert heard.hurries == 0
    tell(tmp_path, nudged_at=990.0)
    province.look()
    province.look()
    assert heard.hurries == 1
    tell(tmp_path, nudged_at=None)  # the health program was started again
    province.look()
    tell(tmp_path, nudged_at=995.0)
    province.look()
    assert heard.hurries == 2


def test_what_stood_there_at_the_start_is_old(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    tell(tmp_path, nudged_at=990.0)
    province = heard.province()
    province.look()
    assert heard.hurries == 0


@pytest.mark.parametrize("content", ["", "[]", "{", '{"at": 1000, "nudged_at": "x"}', '{"at": 1}'])
def test_a_broken_file_is_no_nudge(tmp_path: Path, content: str) -> None:
    heard = Heard(tmp_path)
    province = heard.province()
    (tmp_path / "health.json").write_text(content)
    province.look()
    assert heard.hurries == 0


def test_a_box_that_waits_to_be_let_in_says_its_code_once(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    province = heard.province()
    for claim in ("", "7KQF-M2XH", "7KQF-M2XH", "", 5, "<b>", "7KQF-M2XH\n"):
        tell(tmp_path, claim=claim)
        province.look()
    assert heard.codes == ["7KQF-M2XH", ""]


def test_the_word_on_floor_and_hand_each_time_it_is_another(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    province = heard.province()
    told: list[dict[str, Any]] = [
        {"desired": None, "hand_seen": False},
        {"desired": {"floor": "m"}, "hand_seen": False},
        {"desired": {"floor": "m"}, "hand_seen": True},
        {"desired": {"floor": 5}, "hand_seen": "yes"},  # damaged: nobody has said anything
        {"desired": {}},
    ]
    for facts in told:
        tell(tmp_path, **facts)
        province.look()
        province.look()
    assert heard.words == [Word("m"), Word("m", hand_seen=True), Word()]


def test_a_health_program_that_is_silent_takes_no_floor_back(tmp_path: Path) -> None:
    heard = Heard(tmp_path)
    province = heard.province()
    tell(tmp_path, desired={"floor": "m"})
    province.look()
    heard.now += 3600.0
    province.look()
    (tmp_path / "health.json").unlink()
    province.look()
    assert heard.words == [Word("m")]
