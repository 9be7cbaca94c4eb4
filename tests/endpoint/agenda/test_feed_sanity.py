"""The gate: what it doubts, what convinces it, and how the polls are spread."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.calendar.agenda import Agenda
from appliance.wire.meeting import Meeting
from services.endpoint.agenda.feed_sanity import (
    CONFIRM_AFTER_S,
    Doubt,
    judge,
    lost_meetings,
    poll_interval_s,
)

NOW = 1_772_000_000.0


def meeting(uid: str, hours: float) -> Meeting:
    begin = NOW + hours * 3600
    return Meeting(uid, uid, begin, begin + 3600, "sip:1@mcu")


def agenda(*hours: float, cancelled: frozenset[str] = frozenset(), prefix: str = "m") -> Agenda:
    return Agenda("", tuple(meeting(f"{prefix}{h:g}", h) for h in hours), None, cancelled)


def test_half_may_go_and_more_may_not() -> None:
    kept = agenda(1, 2, 3, 4)
    assert judge(kept, agenda(1, 2), None, NOW) is None
    assert judge(kept, agenda(1), None, NOW) == Doubt(frozenset({"m2", "m3", "m4"}), NOW)
    assert judge(kept, agenda(), None, NOW) is not None
    assert judge(agenda(1), agenda(), None, NOW) is not None
    assert judge(agenda(), agenda(), None, NOW) is None
    assert judge(agenda(-5, -4, -3, 1), agenda(1), None, NOW) is None  # the past may go


def test_moved_renamed_and_cancelled_are_not_lost() -> None:
    kept = agenda(1, 2, 3)
    moved = Agenda("", tuple(meeting(f"m{h}", h + 24) for h in (1, 2, 3)))
    assert judge(kept, moved, None, NOW) is None
    assert judge(kept, agenda(1, 2, 3, prefix="new-uids-"), None, NOW) is None
    assert judge(kept, agenda(cancelled=frozenset({"m1", "m2"})), None, NOW) is None
    series = Agenda("", (meeting("a/b/20260101T000000Z", 1), meeting("a/b/20260102T000000Z", 25)))
    assert judge(series, agenda(cancelled=frozenset({"a/b"})), None, NOW) is None
    assert judge(series, agenda(cancelled=frozenset({"a"})), None, NOW) is not None


def test_the_same_again_later_convinces() -> None:
    kept = agenda(1, 2, 3)
    doubt = judge(kept, agenda(), None, NOW)
    assert doubt is not None
    assert judge(kept, agenda(), doubt, NOW + CONFIRM_AFTER_S - 1) == doubt
    assert judge(kept, agenda(), doubt, NOW + CONFIRM_AFTER_S) is None
    # Another part is missing now: that is a server in problem, not a decision.
    doubt = judge(kept, agenda(1), None, NOW)
    later = NOW + CONFIRM_AFTER_S
    assert judge(kept, agenda(2), doubt, later) == Doubt(frozenset({"m1", "m3"}), later)
    # A clock set back gives no early answer.
    assert judge(kept, agenda(1), doubt, NOW - 9999) == Doubt(frozenset({"m2", "m3"}), NOW - 9999)


hours = st.lists(st.integers(-30, 300).map(float), max_size=12, unique=True)


@given(hours, hours, st.none() | hours, st.floats(0, 1000))
def test_never_believed_at_once_and_always_in_the_end(
    had: list[float], has: list[float], lost: list[float] | None, waited: float
) -> None:
    kept, offered = agenda(*had), agenda(*has)
    doubt = None if lost is None else Doubt(frozenset(f"m{h:g}" for h in lost), NOW - waited)
    gone = lost_meetings(kept, offered, NOW)
    ahead = [m for m in kept.meetings if m.end > NOW]
    verdict = judge(kept, offered, doubt, NOW)
    if 2 * len(gone) <= len(ahead):
        assert verdict is None
    elif doubt is None:
        assert verdict == Doubt(gone, NOW)
    if verdict is not None:
        assert judge(kept, offered, verdict, verdict.since + CONFIRM_AFTER_S) is None


@given(st.none() | st.floats(0, 1e9), st.floats(0, 1, exclude_max=True), st.booleans())
def test_polls_are_between_one_and_fifteen_minutes(
    refresh: float | None, jitter: float, doubted: bool
) -> None:
    assert 60 <= poll_interval_s(refresh, jitter, doubted=doubted) <= 900
    if doubted:
        assert poll_interval_s(refresh, jitter, doubted=True) >= CONFIRM_AFTER_S


def test_polls_are_spread() -> None:
    assert poll_interval_s(300, 0.0) == 300
    assert poll_interval_s(300, 0.5) == 270
    assert poll_interval_s(None, 0.0) == 300
    assert poll_interval_s(5, 0.0) != poll_interval_s(5, 0.9)
    assert poll_interval_s(86400, 0.0) == 900
