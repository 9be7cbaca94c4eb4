"""N1: no download, no install and no restart that a meeting could notice; one rule, in force."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.decision import Phase
from appliance.core.maintenance_window import (
    LEAD_S,
    NO_CLOCK,
    SILENT,
    SUPPORT,
    Activity,
    Work,
    why_wait,
)
from appliance.wire.facts import MeetingTime
from tests.core import worlds

NOON = 1796126400.0
"""2026-12-01 12:00 UTC."""
MINUTE = 60.0
HOUR = 60 * MINUTE
GIAO_BAN = MeetingTime(NOON, NOON + HOUR)
IDLE = Activity(settings=True, phase=Phase.IDLE, meetings=(GIAO_BAN,), clock_trusted=True)
BY_ITSELF = (Work.DOWNLOAD, Work.INSTALL, Work.RESTART)


@pytest.mark.parametrize(
    ("minutes", "download", "restart"),
    [
        (-121, True, True),
        (-120, True, False),
        (-110, True, False),
        (-31, True, False),
        (-30, False, False),
        (0, False, False),
        (59, False, False),
        (60, True, True),
    ],
)
@pytest.mark.parametrize("attended", [True, False])
def test_around_a_meeting(minutes: float, download: bool, restart: bool, attended: bool) -> None:
    now, idle = NOON + minutes * MINUTE, replace(IDLE, attended=attended)
    assert (not why_wait(Work.DOWNLOAD, idle, now)) is download
    assert (not why_wait(Work.INSTALL, idle, now)) is download
    assert (not why_wait(Work.RESTART, idle, now)) is restart


def test_the_doors_are_a_part_of_the_meeting() -> None:
    early = replace(IDLE, meetings=(MeetingTime(NOON, NOON + HOUR, 20 * MINUTE),))
    for work, lead in ((Work.DOWNLOAD, 50), (Work.RESTART, 140)):
        assert why_wait(work, early, NOON - lead * MINUTE)
        assert not why_wait(work, early, NOON - (lead + 1) * MINUTE)


@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.OVERTIME, Phase.LEFT])
@pytest.mark.parametrize("work", list(Work))
def test_nothing_is_done_early_over_time_or_while_a_hand_may_come_back(
    phase: Phase, work: Work
) -> None:
    assert why_wait(work, replace(IDLE, phase=phase, meetings=()), NOON)


def test_the_reason_names_the_meeting_for_whoever_reads_the_journal() -> None:
    assert why_wait(Work.DOWNLOAD, IDLE, NOON - 20 * MINUTE) == (
        "a meeting begins at 2026-12-01 12:00 UTC; no download from 30 minutes before it"
    )
    assert why_wait(Work.RESTART, IDLE, NOON - 110 * MINUTE) == (
        "a meeting begins at 2026-12-01 12:00 UTC; no restart from 2 hours before it"
    )
    assert why_wait(Work.INSTALL, IDLE, NOON + MINUTE) == (
        "the meeting of 2026-12-01 12:00 UTC lasts until 2026-12-01 13:00 UTC"
    )
    endless = replace(IDLE, meetings=(MeetingTime(-1e300, 1e300),))
    assert "no calendar has" in why_wait(Work.INSTALL, endless, NOON)


def test_of_several_meetings_the_first_is_named() -> None:
    later = MeetingTime(NOON + 10 * MINUTE, NOON + HOUR)
    both = replace(IDLE, meetings=(later, GIAO_BAN))
    assert "12:00 UTC;" in why_wait(Work.DOWNLOAD, both, NOON - 15 * MINUTE)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("work", Work)
@pytest.mark.parametrize("attended", [True, False])
def test_nothing_is_done_in_a_phase_but_idle(phase: Phase, work: Work, attended: bool) -> None:
    here = replace(IDLE, phase=phase.value, meetings=(), attended=attended)
    assert (why_wait(work, here, NOON) == "") is (phase is Phase.IDLE)
    # Whatever the clock is: the phase is what the site does.
    untrusted = replace(here, clock_trusted=False, attended=True)
    assert (why_wait(work, untrusted, NOON) == "") is (phase is Phase.IDLE)


def test_the_phase_is_told_in_words() -> None:
    near, inside = replace(IDLE, phase=Phase.UPCOMING), replace(IDLE, phase=Phase.IN_MEETING)
    assert why_wait(Work.RESTART, near, NOON) == "a meeting begins within 15 minutes"
    assert why_wait(Work.DOWNLOAD, inside, NOON) == "the site is in meeting"


@pytest.mark.parametrize("work", Work)
def test_under_a_clock_that_is_not_trusted_only_somebody_at_the_box_may(work: Work) -> None:
    """A box whose network has no time server would otherwise never take the remedy."""
    untrusted = replace(IDLE, clock_trusted=False)
    assert why_wait(work, untrusted, NOON) == NO_CLOCK
    assert why_wait(work, replace(untrusted, attended=True), NOON) == ""


def test_while_support_is_at_work_nothing_restarts() -> None:
    at_work = replace(IDLE, meetings=(), support=True)
    assert [why_wait(work, at_work, NOON) for work in BY_ITSELF] == ["", "", SUPPORT]
    assert why_wait(Work.RESTART, Activity(settings=False, support=True), NOON) == SUPPORT


def test_a_box_without_settings_has_nothing_to_wait_for() -> None:
    bare = replace(IDLE, settings=False, phase=None)
    assert [why_wait(work, bare, NOON) for work in Work] == ["", "", ""]


def test_a_silent_endpoint_is_told_apart() -> None:
    silent = replace(IDLE, phase=None)
    assert [why_wait(work, silent, NOON) for work in Work] == [SILENT, SILENT, SILENT]


def test_in_rescue_a_remedy_is_installed_and_the_restart_asks_as_ever() -> None:
    rescue = replace(IDLE, rescue=True, phase=Phase.UPCOMING, clock_trusted=False)
    assert [why_wait(work, rescue, NOON) for work in (Work.DOWNLOAD, Work.INSTALL)] == ["", ""]
    assert why_wait(Work.RESTART, rescue, NOON) != ""
    assert why_wait(Work.RESTART, replace(rescue, phase=None), NOON) == SILENT


times = st.tuples(worlds.times, worlds.times).map(lambda pair: MeetingTime(*sorted(pair)))
activities = st.builds(
    Activity,
    settings=st.booleans(),
    phase=st.none() | st.sampled_from([*map(str, Phase), "asleep", ""]),
    meetings=st.lists(times, max_size=4).map(tuple),
    clock_trusted=st.booleans(),
    support=st.booleans(),
    rescue=st.booleans(),
    attended=st.booleans(),
)


@given(activities, worlds.times)
def test_what_may_restart_may_install_and_download(activity: Activity, now: float) -> None:
    download = why_wait(Work.DOWNLOAD, activity, now)
    assert (download == "") is (why_wait(Work.INSTALL, activity, now) == "")
    if why_wait(Work.RESTART, activity, now) == "":
        assert download == ""


@given(activities, worlds.times, st.sampled_from(Work))
def test_no_work_from_its_lead_before_a_meeting_until_its_end(
    activity: Activity, now: float, work: Work
) -> None:
    known = replace(activity, settings=True, rescue=False, clock_trusted=True)
    if any(one.begin - LEAD_S[work] <= now < one.end for one in known.meetings):
        assert why_wait(work, known, now) != ""


@given(activities, worlds.times, st.sampled_from(Work))
def test_who_stands_at_the_box_waits_for_no_more_than_the_box_itself(
    activity: Activity, now: float, work: Work
) -> None:
    if why_wait(work, replace(activity, attended=False), now) == "":
        assert why_wait(work, replace(activity, attended=True), now) == ""


@given(activities, worlds.times, st.sampled_from(Work))
def test_a_meeting_less_never_makes_the_box_wait(
    activity: Activity, now: float, work: Work
) -> None:
    if activity.meetings and why_wait(work, activity, now) == "":
        assert why_wait(work, replace(activity, meetings=activity.meetings[1:]), now) == ""


@given(activities, worlds.times, st.sampled_from(Work))
def test_a_reason_has_one_line(activity: Activity, now: float, work: Work) -> None:
    assert "\n" not in why_wait(work, activity, now)
