"""A site that does not know the hour joins nothing by itself, and what a hand asks for."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from appliance.core.decision import CallFact, CallState, Facts, Phase, decide
from appliance.core.meetings.unknown_hour import first_ahead
from appliance.wire.meeting import Meeting

KEPT = 1_793_610_000.0
"""The hour that the box kept; what people have come for is a month later."""
DAY = 86_400.0


def meeting(uid: str, day: float, *, address: str = "sip:1@mcu.example") -> Meeting:
    begin = KEPT + day * DAY
    return Meeting(uid=uid, title=uid, begin=begin, end=begin + 3600.0, address=address)


OVER, FIRST, NEXT = meeting("over", -1), meeting("first", 3), meeting("next", 30)
NOWHERE = meeting("nowhere", 1, address="")
FACTS = Facts(meetings=(NEXT, NOWHERE, OVER, FIRST), clock_trusted=False)


def test_the_first_that_is_not_over_is_shown_and_nothing_is_joined_by_itself() -> None:
    for later in (0.0, 3 * DAY, 3 * DAY + 1800.0):
        told = decide(FACTS, KEPT + later)
        assert (told.phase, told.meeting, told.call) == (Phase.IDLE, FIRST, None)
    told = decide(FACTS, KEPT + 3 * DAY)
    assert told.wake_at == FIRST.end
    assert decide(FACTS, FIRST.end).meeting == NEXT
    assert decide(FACTS, NEXT.end).meeting is None


def test_what_a_hand_asked_for_is_joined_whatever_the_hour_and_again_when_it_falls() -> None:
    asked = replace(FACTS, joined_by_hand=frozenset({"first"}))
    for state, phase in (
        (CallState.DOWN, Phase.JOINING), (CallState.DIALING, Phase.JOINING),
        (CallState.UP, Phase.IN_MEETING),
    ):  # fmt: skip
        facts = replace(asked, call=CallFact(state, "first", FIRST.address))
        told = decide(facts, KEPT)
        assert (told.phase, told.call) == (phase, FIRST)
    slow = decide(replace(asked, fast_enough=False), KEPT)
    assert slow.call is None


def test_who_leaves_it_is_offered_the_next_and_at_last_the_first_again() -> None:
    left: frozenset[str] = frozenset()
    for uid in ("first", "next", "first"):
        told = first_ahead(FACTS.meetings, left, KEPT)
        assert told is not None
        assert told.uid == uid
        left |= {uid}
        facts = replace(FACTS, joined_by_hand=frozenset({uid}), dismissed=left)
        assert decide(facts, KEPT).call is None, "left by hand"


def test_a_known_hour_takes_the_word_back() -> None:
    """What was asked for is then due by the agenda alone."""
    asked = replace(FACTS, joined_by_hand=frozenset({"next"}), clock_trusted=True)
    assert decide(asked, KEPT).call is None
    assert decide(asked, NEXT.begin).call == NEXT


@given(
    st.frozensets(st.sampled_from(["over", "first", "next", "nowhere"])),
    st.frozensets(st.sampled_from(["over", "first", "next", "nowhere"])),
    st.floats(KEPT - 2 * DAY, KEPT + 40 * DAY),
)
def test_no_call_without_a_hand(asked: frozenset[str], left: frozenset[str], now: float) -> None:
    facts = replace(FACTS, joined_by_hand=asked, dismissed=left)
    told = decide(facts, now)
    if told.call is not None:
        assert told.call.uid in asked - left
        assert told.call.address
    else:
        assert told.meeting is None or told.meeting.end > now
