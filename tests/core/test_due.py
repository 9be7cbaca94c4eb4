"""Doors and overrun: which meeting is due when two of them meet, and when an overrun is over."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.core.decision import (
    BEFORE_DOORS_S,
    NEAR_S,
    CallFact,
    CallState,
    Facts,
    MediaFact,
    Period,
    Phase,
    decide,
)
from appliance.core.meetings.due import ALONE_S, MAX_OVERRUN_S, REDIAL_S, Due, due
from appliance.wire.meeting import DEFAULT_DOORS_S, Meeting

PAGE = (Path(__file__).parents[2] / "docs" / "decide.md").read_text(encoding="utf-8")
TWO, HOUR, MINUTE = 14 * 3600.0, 3600.0, 60.0
FIRST = Meeting("first", "Giao ban", TWO, TWO + HOUR, "loopback:1")
SECOND = Meeting("second", "Phòng chống bão", TWO + 2 * HOUR, TWO + 3 * HOUR, "loopback:2")


def in_call(meeting: Meeting = FIRST, *others: Meeting, **media: float) -> Facts:
    """Media flow in that meeting's call."""
    call = CallFact(CallState.UP, meeting.uid, meeting.address)
    flows = MediaFact(meeting, **media)  # type: ignore[arg-type]
    return Facts((meeting, *others), call, frozenset({meeting.uid}), media=flows)


def fallen(at: float, *, ended: bool = False, meeting: Meeting = FIRST) -> Facts:
    """Media flowed until then."""
    return Facts((meeting,), media=MediaFact(meeting, at, ended))


@pytest.mark.parametrize(
    ("moment", "site", "facts", "now", "meeting"),
    [
        (
            "two meetings run",
            "the one that began first, ties by uid, until its end; then the other",
            in_call(FIRST, replace(SECOND, begin=TWO + 1800)),
            TWO + 2400,
            FIRST,
        ),
        (
            "two meetings run",
            "the one that began first, ties by uid, until its end; then the other",
            in_call(FIRST, replace(SECOND, begin=TWO + 1800)),
            TWO + HOUR,
            replace(SECOND, begin=TWO + 1800),
        ),
        (
            "one runs, and another's doors are open",
            "the one that runs",
            in_call(FIRST, replace(SECOND, begin=TWO + HOUR)),
            TWO + HOUR - 1,
            FIRST,
        ),
        (
            "one is in its overrun, and another's doors are open",
            "the overrun: doors are there to be early, and what is being said now is not",
            in_call(FIRST, SECOND),
            SECOND.begin - 1,
            FIRST,
        ),
        (
            "one is in its overrun, and another begins",
            "the one that begins",
            in_call(FIRST, SECOND),
            SECOND.begin,
            SECOND,
        ),
        (
            "the doors of two are open",
            "the one that begins first, ties by uid",
            Facts((replace(SECOND, begin=TWO + 300), FIRST)),
            TWO - 60,
            FIRST,
        ),
        (
            "one is in its overrun, and another that runs was hung up by hand, or names no address",
            "the overrun",
            replace(in_call(FIRST, SECOND), dismissed=frozenset({"second"})),
            SECOND.begin + 60,
            FIRST,
        ),
        (
            "one is in its overrun, and another that runs was hung up by hand, or names no address",
            "the overrun",
            in_call(FIRST, replace(SECOND, address="")),
            SECOND.begin + 60,
            FIRST,
        ),
    ],
)
def test_where_two_meet(moment: str, site: str, facts: Facts, now: float, meeting: Meeting) -> None:
    assert f"| {moment} | {site} |\n" in PAGE
    found = due(facts, now)
    assert found is not None
    assert found.meeting == meeting


def test_from_the_doors_on_the_site_is_in() -> None:
    facts = Facts((FIRST,))
    doors = TWO - DEFAULT_DOORS_S
    assert decide(facts, doors - 1).call is None
    decision = decide(facts, doors)
    assert (decision.phase, decision.call, decision.period) == (Phase.JOINING, FIRST, Period.DOORS)
    assert decision.wake_at == TWO
    waits = decide(in_call(), doors + 5)
    assert (waits.phase, waits.wake_at) == (Phase.WAITING, TWO)
    assert decide(in_call(), TWO).phase is Phase.IN_MEETING


def test_without_doors_it_is_joined_at_the_begin() -> None:
    facts = Facts((replace(FIRST, doors_s=0.0),))
    assert decide(facts, TWO - 1).phase is Phase.UPCOMING
    assert decide(facts, TWO).phase is Phase.JOINING


@pytest.mark.parametrize("doors_s", [0.0, DEFAULT_DOORS_S, 3600.0])
def test_people_are_told_before_the_doors_open(doors_s: float) -> None:
    facts = Facts((replace(FIRST, doors_s=doors_s),))
    near = TWO - max(NEAR_S, doors_s + BEFORE_DOORS_S)
    assert decide(facts, near - 1).phase is Phase.IDLE
    assert decide(facts, near).phase is Phase.UPCOMING


def test_media_that_flow_keep_the_site_past_the_end() -> None:
    for minutes in (0, 1, 70, 179):
        decision = decide(in_call(), FIRST.end + minutes * MINUTE)
        assert (decision.phase, decision.call) == (Phase.OVERTIME, FIRST)
        assert decision.wake_at == FIRST.end + MAX_OVERRUN_S
    assert decide(in_call(), FIRST.end + MAX_OVERRUN_S).phase is Phase.LEAVING


def test_a_call_without_media_is_over_at_the_end() -> None:
    facts = replace(in_call(), media=None)
    assert decide(facts, FIRST.end - 1).phase is Phase.IN_MEETING
    assert decide(facts, FIRST.end).phase is Phase.LEAVING


@pytest.mark.parametrize("alone_at", [FIRST.end - 600, FIRST.end + 60])
def test_who_is_alone_for_a_minute_leaves_after_the_end(alone_at: float) -> None:
    facts = in_call(alone_since=alone_at)
    over = max(FIRST.end, alone_at + ALONE_S)
    assert decide(facts, over - 1).call == FIRST
    assert decide(facts, over).phase is Phase.LEAVING


@pytest.mark.parametrize("fell_at", [FIRST.end - 120, FIRST.end, FIRST.end + 1800])
def test_a_call_that_fell_is_dialled_for_five_minutes(fell_at: float) -> None:
    facts = fallen(fell_at)
    assert decide(facts, fell_at + REDIAL_S - 1).call == FIRST
    assert decide(facts, fell_at + REDIAL_S) == decide(replace(facts, media=None), FIRST.end)
    assert decide(facts, fell_at + REDIAL_S).phase is Phase.IDLE


def test_a_call_that_fell_long_before_the_end_is_over_at_the_end() -> None:
    facts = fallen(FIRST.end - 1200)
    assert decide(facts, FIRST.end - 1).call == FIRST
    assert decide(facts, FIRST.end).call is None


def test_what_the_far_end_ended_is_over() -> None:
    assert decide(fallen(FIRST.end - 60, ended=True), FIRST.end - 1).call == FIRST
    assert decide(fallen(FIRST.end - 60, ended=True), FIRST.end).call is None
    assert decide(fallen(FIRST.end + 60, ended=True), FIRST.end + 61).call is None


def test_a_feed_that_drops_what_is_over_ends_no_call() -> None:
    facts = replace(in_call(), meetings=())
    assert decide(facts, FIRST.end + 60).call == FIRST
    assert decide(facts, FIRST.end - 60).call is None
    cancelled = replace(facts, cancelled=frozenset({"first"}))
    assert decide(cancelled, FIRST.end + 60).call is None


def test_a_hand_leaves_an_overrun_too_and_is_told_that_it_goes_on() -> None:
    left_at = FIRST.end + 600
    facts = replace(fallen(left_at, ended=True), dismissed=frozenset({"first"}))
    assert decide(facts, left_at + 60).phase is Phase.LEFT
    assert decide(facts, left_at + 60).meeting == FIRST
    assert decide(facts, left_at + REDIAL_S).phase is Phase.IDLE


def test_who_left_by_hand_before_the_opening_is_told_until_the_end() -> None:
    facts = replace(Facts((FIRST,)), dismissed=frozenset({"first"}))
    assert decide(facts, TWO - 300).phase is Phase.LEFT
    assert decide(facts, FIRST.end - 1).phase is Phase.LEFT
    assert decide(facts, FIRST.end).phase is Phase.IDLE


@pytest.mark.case("C18")
def test_a_clock_set_forward_makes_an_overrun_that_counts_from_then() -> None:
    set_to = FIRST.end + 14 * 24 * HOUR
    facts = in_call(in_time_at=set_to - 5)
    assert decide(facts, set_to).phase is Phase.OVERTIME
    assert decide(facts, set_to).wake_at == set_to - 5 + MAX_OVERRUN_S


@pytest.mark.case("C18")
def test_a_clock_set_back_before_the_doors_ends_no_call() -> None:
    facts = in_call()
    assert due(facts, TWO - HOUR) == Due(FIRST, Period.DOORS)
    assert decide(facts, TWO - HOUR).phase is Phase.WAITING
    assert decide(fallen(TWO - HOUR), TWO - HOUR).call is None, "and none is dialled there"


def test_a_meeting_that_was_moved_is_left_until_its_new_doors() -> None:
    moved = replace(FIRST, begin=TWO + HOUR, end=TWO + 2 * HOUR)
    facts = replace(in_call(), meetings=(moved,))
    assert decide(facts, TWO + 600).phase is Phase.LEAVING
    assert decide(facts, TWO + HOUR - 300).phase is Phase.WAITING


ENDED = frozenset({FIRST.occurrence})


@pytest.mark.parametrize("now", [TWO - 300, TWO + 600, FIRST.end + 600])
def test_what_the_chair_has_ended_is_over_in_each_period(now: float) -> None:
    assert decide(in_call(), now).call == FIRST
    facts = replace(in_call(), ended=ENDED)
    assert (decide(facts, now).phase, decide(facts, now).call) == (Phase.LEAVING, None)
    rest = replace(facts, call=CallFact(), media=MediaFact(FIRST, now, ended=True))
    assert decide(rest, now).phase is Phase.IDLE
    assert decide(rest, now).meeting is None, "it does not come any more"
    assert decide(replace(rest, dismissed=frozenset({"first"})), now).phase is Phase.IDLE
    assert decide(replace(facts, meetings=()), FIRST.end + 600).call is None


def test_where_one_was_ended_the_other_is_due() -> None:
    second = replace(SECOND, begin=TWO + 1800)
    facts = replace(in_call(FIRST, second), ended=ENDED)
    assert decide(facts, TWO + 1800).phase is Phase.LEAVING
    assert due(facts, TWO + 1800) == Due(second, Period.RUNNING)


def test_the_end_of_another_meeting_or_of_another_begin_counts_for_nothing() -> None:
    for ended in (("third", round(TWO)), ("first", round(TWO) + 900)):
        facts = replace(in_call(), ended=frozenset({ended}))
        assert decide(facts, TWO + 600) == decide(in_call(), TWO + 600)
        assert decide(facts, FIRST.end + 600) == decide(in_call(), FIRST.end + 600)


def test_without_the_hour_a_hand_joins_nothing_that_was_ended() -> None:
    facts = Facts((FIRST, SECOND), clock_trusted=False, ended=ENDED)
    assert decide(facts, TWO).meeting == SECOND
    asked = replace(facts, joined_by_hand=frozenset({"first"}))
    assert decide(asked, TWO).call is None
