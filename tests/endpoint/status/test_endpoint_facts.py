"""What the endpoint's neighbours are told: meetings that can be joined, and a stick's outcome."""

from math import inf
from pathlib import Path

import pytest

from appliance.base.fact_file import STICK_FILE
from appliance.core.problems import ProblemKey
from appliance.wire.facts import MAX_MEETING_TIMES, EndpointFacts, StickFacts
from appliance.wire.meeting import Meeting
from services.endpoint.status.endpoint_facts import AHEAD_S, with_agenda, with_measured
from services.endpoint.status.stick import FRESH_S, RESULT_SHOWN_S, stick_problem

NOW = 1_773_290_400.0
FACTS = EndpointFacts(phase="idle", tries=3, speaker="Chủ trì")


def meeting(begin: float, end: float, address: str = "sip:1@x") -> Meeting:
    return Meeting(f"{begin}", "Giao ban", NOW + begin, NOW + end, address)


def times(*meetings: Meeting) -> list[tuple[float, float]]:
    told = with_agenda(FACTS, meetings, NOW - 60.0, NOW, clock_trusted=True).meetings
    return [(one.begin - NOW, one.end - NOW) for one in told]


def test_only_what_can_be_joined_within_a_day_is_told() -> None:
    assert times(
        meeting(-3600, 0), meeting(-3600, 1), meeting(60, 120, ""), meeting(60, 120),
        meeting(AHEAD_S - 1, AHEAD_S + 60), meeting(AHEAD_S, AHEAD_S + 60),
    ) == [(-3600, 1), (60, 120), (AHEAD_S - 1, AHEAD_S + 60)]  # fmt: skip


def test_of_very_many_the_first_are_told_and_those_without_address_take_no_place() -> None:
    nameless = [meeting(number, 3600, "") for number in range(50)]
    many = [meeting(number, 3600) for number in range(MAX_MEETING_TIMES + 9)]
    found = times(*nameless, *many)
    assert [begin for begin, _ in found] == list(range(MAX_MEETING_TIMES))


def test_what_is_added_leaves_the_rest_as_it_was() -> None:
    facts = with_agenda(FACTS, (), None, NOW, clock_trusted=False)
    assert (facts.agenda_at, facts.clock_trusted, facts.meetings) == (None, False, ())
    facts = with_measured(facts, {"loss_percent": 0.0, "self_test": "C1"})
    assert (facts.loss_percent, facts.rtt_ms, facts.self_test) == (0.0, None, "C1")
    assert (facts.phase, facts.tries, facts.speaker) == ("idle", 3, "Chủ trì")
    assert with_measured(facts, {}) == facts


@pytest.mark.parametrize(
    ("stage", "lasts_s"),
    [("reading", FRESH_S), ("installing", FRESH_S), ("waiting", inf), ("refused", RESULT_SHOWN_S),
     ("done", RESULT_SHOWN_S)],
)  # fmt: skip
def test_a_stick_is_spoken_of_for_as_long_as_it_matters(
    tmp_path: Path, stage: str, lasts_s: float
) -> None:
    STICK_FILE.write(tmp_path, StickFacts(stage=stage), NOW)
    key = ProblemKey(f"stick-{stage}")
    for age_s in (0.0, FRESH_S, FRESH_S + 1.0, RESULT_SHOWN_S, RESULT_SHOWN_S + 1.0, 1e6):
        assert stick_problem(tmp_path, NOW + age_s) == (key if age_s <= lasts_s else None), age_s


@pytest.mark.parametrize("stage", ["", "unknown", "reading\n", "STICK", "x" * 300])
def test_a_stage_of_another_release_is_nothing_to_say(tmp_path: Path, stage: str) -> None:
    assert stick_problem(tmp_path, NOW) is None
    STICK_FILE.write(tmp_path, StickFacts(stage=stage), NOW)
    assert stick_problem(tmp_path, NOW) is None
    (tmp_path / STICK_FILE.name).write_bytes(b'{"stage": "reading"}')
    assert stick_problem(tmp_path, NOW) is None
