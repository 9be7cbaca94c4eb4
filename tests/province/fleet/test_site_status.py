"""What makes a site ready, in a meeting or in need, out of what it last said."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.province.fleet.readiness import (
    COPIED_S,
    IDENTITY,
    MAX_REASONS,
    NEAR_MEETING_S,
    NEVER_HEARD,
    NOT_TESTED,
    SILENT_AFTER_S,
    TEST_FAILED,
    TESTED_WITHIN_S,
    UNKNOWN_REASON,
    UNKNOWN_REMEDY,
    LastTest,
    LatestReport,
    State,
    is_near,
    site_status,
)

NOW = 1_773_290_400.0
PASSED = LastTest(NOW - 3600.0, "good")


def alarm(severity: object, key: str = "hot", **more: object) -> dict[str, object]:
    return {"key": key, "code": key[:2], "severity": severity, "since": NOW - 5.0, **more}


def reports_of(**states: dict[str, Any]) -> dict[str, LatestReport]:
    """The last reports by kind, each ten seconds old."""
    return {kind: LatestReport(NOW - 10.0, NOW - 10.0, state) for kind, state in states.items()}


def test_a_site_of_which_nothing_was_ever_heard_was_never_installed() -> None:
    status = site_status({}, NOW, test=PASSED)
    assert (status.state, status.heard_at) == (State.NEVER, None)
    assert status.reasons[0].text == NEVER_HEARD


@pytest.mark.parametrize(
    ("severity", "phase", "state"),
    [
        (1, "idle", State.READY),
        (2, "idle", State.HELP),
        (1, "in meeting", State.MEETING),
        (2, "in meeting", State.HELP),
        (3, "in meeting", State.HELP),
    ],
)
def test_who_lacks_something_needs_help_in_a_meeting_and_before_it(
    severity: int, phase: str, state: State
) -> None:
    reports = reports_of(
        health={"alarms": [alarm(severity)]}, meeting={"phase": phase, "meeting": "u1"}
    )
    status = site_status(reports, NOW, test=PASSED)
    assert (status.state, status.phase, status.meeting) == (state, phase, "u1")
    assert status.in_meeting is (phase == "in meeting")
    assert len(status.reasons) == (severity >= 2)
    assert len(status.notes) == (severity < 2)


def test_the_worst_is_told_first_and_of_equal_ones_the_first_that_was_told() -> None:
    reports = [alarm(2, "a"), alarm(3, "b"), alarm(1, "c"), alarm(3, "d")]
    status = site_status(reports_of(health={"alarms": reports}), NOW)
    assert [reason.code for reason in status.reasons] == ["b", "d", "a"]
    assert [note.code for note in status.notes] == ["c"]


def test_both_languages_and_the_detail_of_an_alarm_are_kept_apart() -> None:
    one = alarm(
        2,
        text={"vi": "Quá nóng", "en": "Too hot"},
        remedy={"vi": "Để thoáng", "en": "Give it air"},
        detail="84 °C",
    )
    (reason,) = site_status(reports_of(health={"alarms": [one]}), NOW).reasons
    assert (reason.text, reason.text_en) == ("Quá nóng", "Too hot")
    assert (reason.remedy, reason.remedy_en) == ("Để thoáng", "Give it air")
    assert (reason.detail, reason.since, reason.age_s) == ("84 °C", NOW - 5.0, None)


def test_an_alarm_without_its_text_is_told_by_its_key_or_as_unknown() -> None:
    reports = [alarm(2, "hot"), {"severity": 2, "text": "no tongues"}, {"severity": "3"}]
    found = site_status(reports_of(health={"alarms": reports}), NOW).reasons
    assert [reason.text for reason in found] == ["hot", UNKNOWN_REASON, UNKNOWN_REASON]
    assert {reason.remedy for reason in found} == {UNKNOWN_REMEDY}
    assert found[2].severity == 2  # a word is no severity


def test_a_hand_counts_since_it_was_raised_and_only_while_it_is_up() -> None:
    for up, since in ((True, NOW - 30.0), (False, 0.0), ("yes", 0.0)):
        reports = reports_of(health={}, hand={"up": up, "since": NOW - 30.0})
        assert site_status(reports, NOW).hand_since == since


def test_a_copied_identity_stands_for_a_day_before_all_other_alarms() -> None:
    reports = reports_of(health={"alarms": [alarm(3)]})
    reports[IDENTITY] = LatestReport(NOW - 1.0, NOW - COPIED_S + 1.0, {"reason": "two serials"})
    assert [reason.detail for reason in site_status(reports, NOW).reasons] == ["two serials", ""]
    reports[IDENTITY] = LatestReport(NOW - 1.0, NOW - COPIED_S, {"reason": "two serials"})
    assert [reason.detail for reason in site_status(reports, NOW).reasons] == [""]


def test_silence_begins_after_its_bound_and_by_the_newest_report() -> None:
    reports = {
        "health": LatestReport(NOW, NOW - SILENT_AFTER_S, {}),
        "meeting": LatestReport(NOW, NOW - 900.0, {"phase": "idle"}),
    }
    assert site_status(reports, NOW, test=PASSED).state is State.READY
    late = site_status(reports, NOW + 0.5, test=PASSED)
    assert late.state is State.SILENT
    assert (late.heard_at, late.reasons[0].age_s) == (NOW - SILENT_AFTER_S, SILENT_AFTER_S + 0.5)


def test_ready_is_who_was_tried_and_not_long_ago() -> None:
    reports = reports_of(health={"alarms": []})
    assert site_status(reports, NOW, test=PASSED).state is State.READY
    for test in (None, LastTest(NOW - TESTED_WITHIN_S, "good")):
        status = site_status(reports, NOW, test=test)
        assert status.state is State.UNTESTED
        assert [reason.text for reason in status.reasons] == [NOT_TESTED]
    late = LastTest(NOW - TESTED_WITHIN_S, "good")
    assert site_status(reports, NOW, test=late, tested_within_s=1e6).state is State.READY
    in_it = reports_of(health={"alarms": []}, meeting={"phase": "in meeting"})
    assert site_status(in_it, NOW).state is State.MEETING  # what it does shows that it can


def test_what_a_test_found_is_a_reason_unless_the_site_says_so_itself() -> None:
    found = LastTest(NOW - 60.0, "C2, M4")
    reports = reports_of(health={"alarms": [alarm(2, "C2")]})
    status = site_status(reports, NOW, test=found)
    assert status.state is State.HELP
    assert [reason.code for reason in status.reasons] == ["C2", "M4"]
    odd = site_status(reports_of(health={}), NOW, test=LastTest(NOW, "sound"))
    assert [(one.text, one.detail) for one in odd.reasons] == [(TEST_FAILED, "sound")]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (-NEAR_MEETING_S - 1, False),
        (-NEAR_MEETING_S, True),
        (0.0, True),
        (3599.0, True),
        (3600.0, False),
    ],
)
def test_a_meeting_is_near_from_a_quarter_hour_before_to_its_end(at: float, expected: bool) -> None:
    assert is_near(NOW + at, NOW, NOW + 3600.0) is expected
    assert is_near(NOW + at, None, None) is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(
        st.sampled_from(["alarms", "severity", "text", "since", "phase", "up", "vi"]), inner
    ),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=40)
@given(JSON, JSON, JSON)
def test_whatever_a_site_says_it_has_a_standing(health: Any, meeting: Any, hand: Any) -> None:
    states = {"health": {"alarms": health}, "meeting": {"phase": meeting}, "hand": {"since": hand}}
    status = site_status(reports_of(**states), NOW)
    assert status.state is not State.SILENT
    assert len(status.reasons) + len(status.notes) <= MAX_REASONS
    severities = [reason.severity for reason in status.reasons]
    assert severities == sorted(severities, reverse=True)
    assert all(severity >= 2 for severity in severities)
