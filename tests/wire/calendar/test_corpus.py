"""Every feed of the corpus gives the agenda that stands beside it.

A case is ``NAME.ics`` and ``NAME.toml``: what it tells, the window (hours of Asia/Ho_Chi_Minh), the
allowed hosts, and either the `fault` or the meetings, one a line: ``date begin-end | uid | title |
address``, where ``*`` stands for any end of a uid. `problems` are parts of the sentences expected,
one for each.
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance.wire.calendar.agenda import Agenda, FeedError, read_agenda
from appliance.wire.meeting import Meeting

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CORPUS = Path(__file__).parent / "corpus"
CASES = sorted(file.stem for file in CORPUS.glob("*.ics"))
WINDOW = ["2026-03-01 00:00", "2026-03-15 00:00"]


def read(name: str, wanted: dict[str, Any]) -> Agenda:
    begin, end = (
        datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()
        for text in wanted.get("window", WINDOW)
    )
    feed = (CORPUS / f"{name}.ics").read_bytes()
    return read_agenda(
        feed, begin=begin, end=end, zone=ZONE, hosts=frozenset(wanted.get("hosts", []))
    )


def told(meeting: Meeting) -> str:
    begin, end = (datetime.fromtimestamp(at, ZONE) for at in (meeting.begin, meeting.end))
    uid = "no-uid-*" if meeting.uid.startswith("no-uid-") else meeting.uid
    hours = f"{begin:%Y-%m-%d %H:%M}-{end:%H:%M}"
    return f"{hours} | {uid} | {meeting.title} | {meeting.address}"


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 45
    assert sorted(file.stem for file in CORPUS.glob("*.toml")) == CASES


@pytest.mark.parametrize("name", CASES)
def test_corpus(name: str) -> None:
    wanted = tomllib.loads((CORPUS / f"{name}.toml").read_text())
    if "fault" in wanted:
        with pytest.raises(FeedError) as caught:
            read(name, wanted)
        assert caught.value.problem == wanted["fault"]
        assert str(caught.value)
        return
    agenda = read(name, wanted)
    assert [told(meeting) for meeting in agenda.meetings] == wanted["meetings"]
    parts = wanted.get("troubles", [])
    assert len(agenda.problems) == len(parts), agenda.problems
    for part in parts:
        assert any(part in problem for problem in agenda.problems), (part, agenda.problems)
    assert sorted(agenda.cancelled) == wanted.get("cancelled", [])
    assert agenda.refresh_s == wanted.get("refresh_s")
    assert agenda.name == wanted.get("name", "")
    if "chair" in wanted:
        assert {meeting.chair for meeting in agenda.meetings} == {wanted["chair"]}
    if "free" in wanted:
        assert {meeting.free for meeting in agenda.meetings} == {wanted["free"]}


def test_reading_twice_gives_the_same_in_any_order() -> None:
    """No feed leaves anything behind for the next one, such as its zones."""
    faultless = [
        (name, wanted)
        for name in CASES
        if "fault" not in (wanted := tomllib.loads((CORPUS / f"{name}.toml").read_text()))
    ]
    once = {name: read(name, wanted) for name, wanted in faultless}
    again = {name: read(name, wanted) for name, wanted in reversed(faultless)}
    assert once == again
