"""What the endpoint hears of the province, once each; a silent neighbour makes it do nothing."""

import asyncio
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.agenda.feed import Feed
from services.endpoint.call.ended_meetings import EndedMeetings
from services.endpoint.status.province_facts import ProvinceFacts, ProvinceWord

NOW = 1000.0


def tell(run: Path, **facts: Any) -> None:
    (run / "health.json").write_text(json.dumps({"at": NOW, "boot_id": "b"} | facts))


class CountingPoller(AgendaPoller):
    """Counts how often it was asked to poll at once."""

    polls = 0

    def poll_now(self) -> None:
        self.polls += 1


class Box:
    """The province's facts at a box, and each claim code and each word that was another one."""

    def __init__(self, run: Path) -> None:
        self.now = NOW
        self._changed = asyncio.Event()
        feed = Feed("file:nowhere.ics", run, zone=ZoneInfo("Asia/Ho_Chi_Minh"))
        self.agenda = CountingPoller(feed, lambda: self.now, asyncio.Event())
        self.facts = ProvinceFacts(
            run, lambda: self.now, self.agenda, self._changed, EndedMeetings(run)
        )
        self.codes: list[str] = []
        self.words: list[ProvinceWord] = []

    def poll(self) -> None:
        self._changed.clear()
        before = self.facts.claim, self.facts.word
        self.facts.poll()
        claim, word = self.facts.claim, self.facts.word
        assert self._changed.is_set() is ((claim, word) != before)
        if claim != before[0]:
            self.codes.append(claim)
        if word != before[1]:
            self.words.append(word)


def test_each_nudge_once(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.poll()
    tell(tmp_path, nudged_at=None)
    box.poll()
    assert box.agenda.polls == 0
    tell(tmp_path, nudged_at=990.0)
    box.poll()
    box.poll()
    assert box.agenda.polls == 1
    tell(tmp_path, nudged_at=None)  # the health program was started again
    box.poll()
    tell(tmp_path, nudged_at=995.0)
    box.poll()
    assert box.agenda.polls == 2


def test_what_stood_there_at_the_start_is_old(tmp_path: Path) -> None:
    tell(tmp_path, nudged_at=990.0)
    box = Box(tmp_path)
    box.poll()
    assert box.agenda.polls == 0


@pytest.mark.parametrize("content", ["", "[]", "{", '{"at": 1000, "nudged_at": "x"}', '{"at": 1}'])
def test_a_broken_file_is_no_nudge(tmp_path: Path, content: str) -> None:
    box = Box(tmp_path)
    (tmp_path / "health.json").write_text(content)
    box.poll()
    assert box.agenda.polls == 0


def test_a_box_that_waits_to_be_let_in_says_its_code_once(tmp_path: Path) -> None:
    box = Box(tmp_path)
    for claim in ("", "7KQF-M2XH", "7KQF-M2XH", "", 5, "<b>", "7KQF-M2XH\n"):
        tell(tmp_path, claim=claim)
        box.poll()
    assert box.codes == ["7KQF-M2XH", ""]


def test_the_word_on_floor_and_hand_each_time_it_is_another(tmp_path: Path) -> None:
    box = Box(tmp_path)
    told: list[dict[str, Any]] = [
        {"desired": None, "hand_seen": False},
        {"desired": {"floor": "m"}, "hand_seen": False},
        {"desired": {"floor": "m"}, "hand_seen": True},
        {"desired": {"floor": 5}, "hand_seen": "yes"},  # damaged: nobody has said anything
        {"desired": {}},
    ]
    for facts in told:
        tell(tmp_path, **facts)
        box.poll()
        box.poll()
    assert box.words == [ProvinceWord("m"), ProvinceWord("m", hand_seen=True), ProvinceWord()]


def test_a_health_program_that_is_silent_takes_no_floor_back(tmp_path: Path) -> None:
    box = Box(tmp_path)
    tell(tmp_path, desired={"floor": "m"})
    box.poll()
    box.now += 3600.0
    box.poll()
    (tmp_path / "health.json").unlink()
    box.poll()
    assert box.words == [ProvinceWord("m")]
