"""The seven rows, the overlap rule and the properties of decide over random facts."""

from dataclasses import replace

import pytest
from hypothesis import given

from appliance.core.decision import (
    BEFORE_DOORS_S,
    IN_CALL,
    NEAR_S,
    ROWS,
    Bond,
    CallFact,
    CallState,
    Decision,
    Facts,
    Period,
    Phase,
    decide,
    row_of,
)
from appliance.core.floor_control import NO_MEETING
from appliance.core.meetings.due import ALONE_S, MAX_OVERRUN_S, REDIAL_S
from appliance.wire.meeting import Meeting
from tests.core import worlds

NOON = 12 * 3600.0
HOUR = 3600.0
GIAO_BAN = Meeting(
    uid="giao-ban",
    title="Giao ban",
    begin=NOON,
    end=NOON + 2 * HOUR,
    address="loopback:1",
    doors_s=0.0,
)
CASES = [
    (state, stands, flowed, period)
    for state in CallState
    for stands in Bond
    for flowed in (False, True)
    for period in ((None,) if stands is Bond.NOTHING else tuple(Period))
    if (state, stands) != (CallState.DOWN, Bond.OTHER)
]


def call(state: CallState, of: Meeting = GIAO_BAN) -> CallFact:
    return CallFact(state, of.uid, of.address)


def answer(decision: Decision) -> tuple[Phase, Meeting | None, Meeting | None]:
    return decision.phase, decision.meeting, decision.call


@pytest.mark.parametrize(("state", "stands", "flowed", "period"), CASES)
def test_every_case_has_exactly_one_row(
    state: CallState, stands: Bond, flowed: bool, period: Period | None
) -> None:
    rows = [
        row
        for row in ROWS
        if state in row.calls
        and stands in row.bonds
        and row.flowed in (None, flowed)
        and row.period in (None, period)
    ]
    assert rows == [row_of(state, stands, flowed, period)]


@pytest.mark.parametrize(
    ("state", "due", "same", "flowed", "phase"),
    [
        ("down", False, False, False, Phase.IDLE),
        ("down", True, True, False, Phase.JOINING),
        ("dialing", True, True, False, Phase.JOINING),
        ("closing", True, True, False, Phase.JOINING),
        ("down", True, True, True, Phase.REJOINING),
        ("dialing", True, True, True, Phase.REJOINING),
        ("closing", True, True, True, Phase.REJOINING),
        ("up", True, True, False, Phase.IN_MEETING),
        ("up", True, True, True, Phase.IN_MEETING),
        ("dialing", False, False, False, Phase.LEAVING),
        ("up", False, False, True, Phase.LEAVING),
        ("closing", False, False, False, Phase.LEAVING),
        ("dialing", True, False, False, Phase.LEAVING),
        ("up", True, False, True, Phase.LEAVING),
        ("closing", True, False, False, Phase.LEAVING),
    ],
)
def test_the_rows_of_a_meeting_that_runs(
    state: str, due: bool, same: bool, flowed: bool, phase: Phase
) -> None:
    other = replace(GIAO_BAN, uid="other", begin=NOON - 3 * HOUR, end=NOON - HOUR)
    facts = Facts(
        meetings=(other, GIAO_BAN) if due else (other,),
        call=call(CallState(state), GIAO_BAN if same else other),
        flowed=frozenset({"giao-ban"}) if flowed else frozenset(),
    )
    decision = decide(facts, NOON + 60)
    assert decision.phase is phase
    assert decision.call == (GIAO_BAN if due and same else None)


def test_idle_becomes_upcoming_when_the_next_meeting_is_near() -> None:
    facts = Facts(meetings=(GIAO_BAN,))
    far = decide(facts, NOON - HOUR)
    assert far == Decision(Phase.IDLE, GIAO_BAN, None, NOON - NEAR_S)
    near = decide(facts, NOON - NEAR_S)
    assert near == Decision(Phase.UPCOMING, GIAO_BAN, None, NOON)
    assert decide(facts, NOON) == Decision(
        Phase.JOINING, GIAO_BAN, GIAO_BAN, NOON + 2 * HOUR, Period.RUNNING
    )
    assert decide(facts, NOON + 2 * HOUR) == Decision(Phase.IDLE, None, None, None)


def test_of_two_due_the_one_that_began_first_wins() -> None:
    second = replace(GIAO_BAN, uid="a-second", begin=NOON + HOUR, end=NOON + 3 * HOUR)
    facts = Facts(meetings=(GIAO_BAN, second))
    assert decide(facts, NOON + 1.5 * HOUR).call == GIAO_BAN
    assert decide(facts, NOON + 1.5 * HOUR).wake_at == GIAO_BAN.end
    assert decide(facts, NOON + 2 * HOUR).call == second


def test_a_shorter_meeting_inside_a_longer_one_does_not_interrupt_it() -> None:
    inside = replace(GIAO_BAN, uid="a-inside", begin=NOON + 600, end=NOON + 1200)
    assert decide(Facts(meetings=(GIAO_BAN, inside)), NOON + 900).call == GIAO_BAN


def test_of_two_that_begin_together_the_uid_decides() -> None:
    twin = replace(GIAO_BAN, uid="a-twin")
    for order in ((twin, GIAO_BAN), (GIAO_BAN, twin)):
        assert decide(Facts(meetings=order), NOON).call == twin


def test_a_dismissed_meeting_makes_room_for_the_next_one_due() -> None:
    second = replace(GIAO_BAN, uid="second", begin=NOON + HOUR, end=NOON + 3 * HOUR)
    facts = Facts(meetings=(GIAO_BAN, second), dismissed=frozenset({"giao-ban"}))
    assert decide(facts, NOON + 600) == Decision(Phase.LEFT, GIAO_BAN, None, second.begin - NEAR_S)
    assert decide(facts, NOON + 0.8 * HOUR) == Decision(Phase.UPCOMING, second, None, NOON + HOUR)
    assert decide(facts, NOON + HOUR).call == second


def test_another_address_is_another_call() -> None:
    readdressed = replace(GIAO_BAN, address="loopback:2")
    facts = Facts(meetings=(readdressed,), call=call(CallState.UP))
    assert decide(facts, NOON).phase is Phase.LEAVING
    assert decide(facts, NOON).call is None
    assert decide(facts, NOON).meeting == readdressed
    assert decide(replace(facts, call=CallFact()), NOON).call == readdressed


def test_a_meeting_without_an_address_is_shown_and_never_dialed() -> None:
    nowhere = replace(GIAO_BAN, address="")
    decision = decide(Facts(meetings=(nowhere,)), NOON + 1)
    assert decision == Decision(Phase.UPCOMING, nowhere, None, nowhere.end)


def test_an_all_day_entry_without_an_address_hides_no_countdown() -> None:
    holiday = replace(GIAO_BAN, uid="holiday", begin=0.0, end=24 * HOUR, address="")
    facts = Facts(meetings=(holiday, GIAO_BAN))
    assert decide(facts, NOON - 2 * HOUR).meeting == holiday
    assert decide(facts, NOON - 60).meeting == GIAO_BAN
    assert decide(facts, NOON).call == GIAO_BAN


def test_an_untrusted_clock_means_idle() -> None:
    """What a hand would join is shown (`test_unknown_hour.py`), and nothing is joined."""
    facts = Facts(meetings=(GIAO_BAN,), clock_trusted=False)
    assert decide(facts, NOON) == Decision(Phase.IDLE, GIAO_BAN, None, GIAO_BAN.end)
    assert decide(facts, GIAO_BAN.end) == Decision(Phase.IDLE, None, None, None)


def test_a_board_that_is_too_slow_shows_what_is_on_and_joins_nothing() -> None:
    facts = Facts(meetings=(GIAO_BAN,), fast_enough=False)
    assert decide(facts, NOON) == Decision(Phase.UPCOMING, GIAO_BAN, None, GIAO_BAN.end)
    left = decide(Facts((GIAO_BAN,), call=call(CallState.UP), fast_enough=False), NOON)
    assert (left.phase, left.call) == (Phase.LEAVING, None)


def test_leaving_a_cancelled_meeting_has_nothing_to_show() -> None:
    decision = decide(Facts(call=call(CallState.UP)), NOON)
    assert decision == Decision(Phase.LEAVING, None, None, None)


def test_a_call_that_is_down_belongs_to_nobody() -> None:
    stale = CallFact(CallState.DOWN, "other", "loopback:9")
    assert decide(Facts(meetings=(GIAO_BAN,), call=stale), NOON).phase is Phase.JOINING


@given(worlds.facts, worlds.times)
def test_a_call_is_wanted_exactly_in_five_phases_and_is_on_the_screen(
    facts: Facts, now: float
) -> None:
    decision = decide(facts, now)
    if decision.phase in (*IN_CALL, Phase.JOINING, Phase.REJOINING):
        assert decision.call is not None
        assert decision.call == decision.meeting
        assert decision.period is not None
    else:
        assert decision.call is None
        assert decision.period is None


@given(worlds.facts, worlds.times)
def test_nothing_dismissed_over_or_before_its_doors_is_dialed(facts: Facts, now: float) -> None:
    wanted = decide(facts, now).call
    if wanted is not None:
        assert facts.clock_trusted
        assert facts.fast_enough
        assert wanted.uid not in facts.dismissed
        assert wanted.occurrence not in facts.ended
        assert wanted.address
        media = facts.media
        ours = media is not None and wanted.uid == media.meeting.uid
        if now < wanted.end or not ours:
            assert wanted in facts.meetings
            assert wanted.doors <= now < wanted.end or (ours and facts.call.state is CallState.UP)


@given(worlds.facts, worlds.times)
def test_no_camera_opens_before_the_doors(facts: Facts, now: float) -> None:
    """A call that is up there was begun by another clock; none is dialled."""
    wanted = decide(facts, now).call
    if wanted is not None and now < wanted.doors:
        assert facts.call.state is CallState.UP
        assert (facts.call.uid, facts.call.address) == (wanted.uid, wanted.address)


@given(worlds.facts, worlds.times)
def test_no_call_is_ended_while_media_flow_but_for_the_stated_bounds(
    facts: Facts, now: float
) -> None:
    """`bounds` is the page's list, worked out here on its own."""
    media, call = facts.media, facts.call
    if media is None or media.last_at is not None or call.state is not CallState.UP:
        return
    if (call.uid, call.address) != (media.meeting.uid, media.meeting.address):
        return
    decision = decide(facts, now)
    if decision.call is not None and (decision.call.uid, decision.call.address) == (
        call.uid,
        call.address,
    ):
        return
    listed = [m for m in facts.meetings if m.uid == call.uid]
    known = listed[0] if listed else media.meeting
    others = [
        m
        for m in facts.meetings
        if m.uid != call.uid and m.uid not in facts.dismissed and m.occurrence not in facts.ended
    ]
    over_at = max(known.end, media.in_time_at) + MAX_OVERRUN_S
    assert (
        not facts.clock_trusted
        or not facts.fast_enough
        or call.uid in facts.dismissed
        or call.uid in facts.cancelled
        or known.occurrence in facts.ended  # at the chair's page
        or known.address != call.address  # readdressed
        or not known.address
        or (not listed and now < known.end)  # taken from the agenda
        or (now < known.begin and known.begin != media.meeting.begin)  # moved
        or any(m.address and m.begin <= now < m.end for m in others)  # another is due
        or (now < known.doors and any(m.doors <= now < m.end for m in others))
        or (now < known.begin and any(m.doors <= now < m.begin <= known.begin for m in others))
        or (media.alone_since is not None and now >= media.alone_since + ALONE_S)
        or now >= over_at
        or known.begin >= known.end
    )


@given(worlds.facts, worlds.times)
def test_a_due_meeting_is_never_forgotten(facts: Facts, now: float) -> None:
    listed = [m for m in facts.meetings if m.address and m.uid not in facts.dismissed]
    joinable = [m for m in listed if m.begin <= now < m.end]
    decision = decide(facts, now)
    able = facts.clock_trusted and facts.fast_enough
    if joinable and able and decision.phase is not Phase.LEAVING:
        assert decision.call == min(joinable, key=lambda m: (m.begin, m.uid))


@given(worlds.facts, worlds.times)
def test_wake_at_is_honest(facts: Facts, now: float) -> None:
    decision = decide(facts, now)
    edges = {
        e
        for m in facts.meetings
        for e in (m.begin - NEAR_S, m.doors - BEFORE_DOORS_S, m.doors, m.begin, m.end)
    }
    if facts.media is not None:
        known = {m.end for m in facts.meetings} | {facts.media.meeting.end}
        edges |= {max(end, facts.media.in_time_at) + MAX_OVERRUN_S for end in known}
        edges |= {facts.media.last_at + REDIAL_S} if facts.media.last_at is not None else set()
        edges |= {facts.media.alone_since + ALONE_S} if facts.media.alone_since else set()
    moments = {at for edge in edges for at in (edge - 1, edge, edge + 1) if at > now}
    for at in sorted(moments):
        if decision.wake_at is None or at < decision.wake_at:
            assert answer(decide(facts, at)) == answer(decision)
    if decision.wake_at is not None:
        assert decision.wake_at > now
        assert answer(decide(facts, decision.wake_at)) != answer(decision)


@given(worlds.facts, worlds.times)
def test_only_a_site_without_a_call_is_idle_or_upcoming(facts: Facts, now: float) -> None:
    resting = decide(facts, now).phase in NO_MEETING
    if resting:
        assert facts.call.state is CallState.DOWN
