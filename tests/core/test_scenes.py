"""The rows that turn a decision into a scene, and the table of problems."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.decision import NEAR_S, Decision, Phase
from appliance.core.end_reasons import EndReason
from appliance.core.floor_control import Floor, Lamp
from appliance.core.problems import KINDS, Area, Problem, ProblemKey, Severity, of_call, worst_first
from appliance.core.scenes import (
    Check,
    CheckState,
    Microphone,
    Scene,
    Screen,
    name_card,
    next_change,
    scene,
    starting,
)
from appliance.core.screen_texts import ASKING_WORDS, MICROPHONE_VOICE, MICROPHONE_WORDS, WORDS
from appliance.wire.meeting import Meeting

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR = 1_773_298_800.0  # 12 March 2026, 14:00 in Gia Lai
MEETING = Meeting("m", "Giao ban", HOUR, HOUR + 7200, "loopback:", "Thường trực")


def at(
    phase: Phase,
    *keys: ProblemKey,
    now: float = HOUR,
    meeting: Meeting | None = MEETING,
    floor: Floor | None = None,
    since: float | None = None,
    status_until: float = 0.0,
    selftest: tuple[Check, ...] = (),
    claim: str = "",
    claim_link: str = "",
) -> Scene:
    return scene(
        Decision(phase, meeting, None, None),
        floor or Floor(),
        now=now,
        zone=ZONE,
        site="Xã Ia Kly",
        problems=[Problem(key) for key in keys],
        since=since,
        status_until=status_until,
        selftest=selftest,
        claim=claim,
        claim_link=claim_link,
    )


@pytest.mark.parametrize(
    ("phase", "screen"),
    [
        (Phase.IDLE, Screen.IDLE),
        (Phase.UPCOMING, Screen.UPCOMING),
        (Phase.JOINING, Screen.JOINING),
        (Phase.IN_MEETING, Screen.IN_MEETING),
        (Phase.REJOINING, Screen.REJOINING),
        (Phase.LEAVING, Screen.LEAVING),
    ],
)
def test_every_phase_has_its_screen(phase: Phase, screen: Screen) -> None:
    assert at(phase).screen is screen


@given(
    st.sampled_from([Phase.IN_MEETING, Phase.LEAVING]),
    st.sets(st.sampled_from(ProblemKey)),
    st.booleans(),
    st.booleans(),
)
def test_nothing_hides_that_a_call_is_up(
    phase: Phase, keys: set[ProblemKey], asked: bool, tested: bool
) -> None:
    checks = (Check(Area.CAMERA, CheckState.RUNNING),) if tested else ()
    shown = at(phase, *keys, status_until=HOUR + 10 if asked else 0.0, selftest=checks)
    assert shown.screen in (Screen.IN_MEETING, Screen.LEAVING)


@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.UPCOMING, Phase.JOINING, Phase.REJOINING])
def test_without_network_the_cable_comes_first(phase: Phase) -> None:
    shown = at(phase, ProblemKey.CLOCK, ProblemKey.AGENDA_MISSING, ProblemKey.NETWORK_CABLE)
    assert shown.screen is Screen.NO_NETWORK


def test_an_untrusted_clock_is_not_shown() -> None:
    shown = at(Phase.IDLE, ProblemKey.CLOCK, meeting=None)
    assert (shown.screen, shown.clock) == (Screen.CLOCK_UNTRUSTED, None)


def test_no_agenda_is_told_only_where_no_meeting_is_known() -> None:
    assert at(Phase.IDLE, ProblemKey.AGENDA_MISSING, meeting=None).screen is Screen.NO_AGENDA
    assert at(Phase.IDLE, ProblemKey.AGENDA_MISSING).screen is Screen.IDLE


def test_a_running_meeting_without_address_is_told() -> None:
    without_address = replace(MEETING, address="")
    assert at(Phase.UPCOMING, now=HOUR - 60, meeting=without_address).screen is Screen.UPCOMING
    assert at(Phase.UPCOMING, now=HOUR, meeting=without_address).screen is Screen.NO_ADDRESS


@pytest.mark.parametrize(
    ("phase", "claim", "screen"),
    [
        (Phase.IDLE, "", Screen.TOO_SLOW),
        (Phase.UPCOMING, "", Screen.TOO_SLOW),
        (Phase.UPCOMING, "K7QD", Screen.TOO_SLOW),
        (Phase.IDLE, "K7QD", Screen.CLAIM),
    ],
)
def test_a_board_that_is_too_slow_promises_nothing(
    phase: Phase, claim: str, screen: Screen
) -> None:
    """Who has to be let in is let in first: the province learns of it by the box's report."""
    assert at(phase, ProblemKey.BOARD_TOO_SLOW, claim=claim).screen is screen


def test_a_press_shows_the_state_until_its_time_is_over() -> None:
    assert at(Phase.IDLE, status_until=HOUR + 10).screen is Screen.STATUS
    assert at(Phase.IDLE, now=HOUR + 10, status_until=HOUR + 10).screen is Screen.IDLE


def test_the_state_names_the_worst_problem_of_each_area() -> None:
    shown = at(
        Phase.IDLE,
        ProblemKey.AGENDA_OLD,
        ProblemKey.PROVINCE,
        ProblemKey.AGENDA_BROKEN,
        status_until=HOUR + 10,
    )
    states = {check.area: (check.state, check.code) for check in shown.checks}
    assert states[Area.AGENDA] == (CheckState.BAD, "L2")
    assert states[Area.NETWORK] == (CheckState.GOOD, "")  # the province away is only a note
    assert states[Area.CAMERA] == (CheckState.GOOD, "")


def test_a_self_test_shows_its_own_checks() -> None:
    checks = (Check(Area.CAMERA, CheckState.BAD, "C1"),)
    shown = at(Phase.IDLE, ProblemKey.NETWORK_CABLE, selftest=checks)
    assert (shown.screen, shown.checks) == (Screen.SELFTEST, checks)


@pytest.mark.parametrize(
    ("floor", "microphone", "lamp"),
    [
        (Floor(), Microphone.OFF, Lamp.RED),
        (Floor(hand=True), Microphone.HAND, Lamp.AMBER_BLINK),
        (Floor(hand=True, hand_confirmed=True), Microphone.HAND_CONFIRMED, Lamp.AMBER),
        (Floor(given=True), Microphone.GIVEN, Lamp.YOURS),
        (Floor(given=True, mic=True), Microphone.LIVE, Lamp.GREEN),
        (Floor(mic=True), Microphone.LIVE, Lamp.GREEN),
        (Floor(failed=True), Microphone.FAILED, Lamp.FAILED),
    ],
)
def test_the_microphone_is_what_the_floor_says(
    floor: Floor, microphone: Microphone, lamp: Lamp
) -> None:
    shown = at(Phase.IN_MEETING, floor=floor)
    assert (shown.microphone, shown.lamp) == (microphone, lamp)


@given(st.floats(0.001, NEAR_S))
def test_the_countdown_ends_with_one_second(left: float) -> None:
    shown = at(Phase.UPCOMING, now=HOUR - left)
    assert shown.countdown is not None
    assert -1e-6 <= shown.countdown - left <= 1.0
    assert shown.countdown >= 1


def test_a_scene_changes_only_when_something_that_is_read_has_changed() -> None:
    assert at(Phase.IDLE, now=HOUR - 7200) == at(Phase.IDLE, now=HOUR - 7200 + 59.9)
    assert at(Phase.IDLE, now=HOUR - 7200) != at(Phase.IDLE, now=HOUR - 7200 + 60)
    assert at(Phase.JOINING, since=HOUR) == at(Phase.JOINING, now=HOUR + 0.9, since=HOUR)
    assert at(Phase.JOINING, since=HOUR) != at(Phase.JOINING, now=HOUR + 1, since=HOUR)


@given(st.floats(HOUR - NEAR_S + 1, HOUR - 2), st.floats(0, 0.99))
def test_the_next_change_is_not_later_than_the_first_other_scene(now: float, part: float) -> None:
    shown = at(Phase.UPCOMING, now=now)
    change = next_change(shown, now)
    assert 0 < change - now <= 1
    assert at(Phase.UPCOMING, now=now + (change - now) * part) == shown or part > 0


def test_the_clock_is_local_and_the_meeting_too() -> None:
    shown = at(Phase.IDLE)
    assert shown.clock is not None
    assert shown.meeting is not None
    assert f"{shown.clock:%d.%m %H:%M}" == "12.03 14:00"
    assert f"{shown.meeting.begin:%H:%M}–{shown.meeting.end:%H:%M}" == "14:00–16:00"


def test_what_is_said_aloud_never_goes_into_a_live_microphone() -> None:
    assert at(Phase.IN_MEETING, floor=Floor(mic=True)).voice is None
    assert at(Phase.IN_MEETING, floor=Floor(given=True)).voice is not None
    assert at(Phase.IDLE).voice is None


def test_the_two_scenes_before_any_fact() -> None:
    assert starting("Xã Ia Kly").screen is Screen.STARTING
    assert name_card("Xã Ia Kly") == name_card("Xã Ia Kly")


def test_each_table_has_a_row_for_each_value() -> None:
    assert set(WORDS) == set(Screen)
    assert set(MICROPHONE_WORDS) == set(MICROPHONE_VOICE) == set(Microphone)
    assert set(ASKING_WORDS) == set(Microphone)
    assert set(KINDS) == set(ProblemKey)


def test_codes_are_short_and_no_two_are_the_same() -> None:
    codes = [kind.code for kind in KINDS.values()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[A-Z][1-9]\d?", code) for code in codes)


@pytest.mark.parametrize("reason", EndReason)
def test_each_end_of_a_call_is_a_problem_but_our_own(reason: EndReason) -> None:
    problem = of_call(reason, HOUR)
    assert (problem is None) == (reason is EndReason.OURS)
    assert problem is None or problem.kind.area is Area.MEETING


@given(st.lists(st.builds(Problem, st.sampled_from(ProblemKey), st.floats(0, 1e9))))
def test_the_worst_stands_first_and_each_kind_once_since_it_began(known: list[Problem]) -> None:
    shown = worst_first(known)
    severities = [problem.kind.severity for problem in shown]
    assert severities == sorted(severities, reverse=True)
    assert {t.key for t in shown} == {t.key for t in known}
    assert len(shown) == len({t.key for t in known})
    for problem in shown:
        assert problem.since == min(t.since for t in known if t.key is problem.key)
    assert all(isinstance(severity, Severity) for severity in severities)


def test_a_box_that_waits_to_be_let_in_shows_its_code_unless_something_is_on() -> None:
    waiting = at(Phase.IDLE, meeting=None, claim="7KQF-M2XH")
    assert (waiting.screen, waiting.claim) == (Screen.CLAIM, "7KQF-M2XH")
    assert at(Phase.UPCOMING, claim="7KQF-M2XH").screen is Screen.UPCOMING
    assert at(Phase.IDLE, ProblemKey.NETWORK_CABLE, claim="x").screen is Screen.NO_NETWORK
    assert at(Phase.IDLE, claim="").claim == ""
    link = "https://hop.example/devices?claim=7KQF-M2XH"
    assert at(Phase.IDLE, claim="7KQF-M2XH", claim_link=link).claim_link == link
    for shown in (at(Phase.UPCOMING, claim="x", claim_link=link), at(Phase.IDLE, claim_link=link)):
        assert shown.claim_link == ""
