"""Whom to call: on each page that asks something of people, and on no other."""

from zoneinfo import ZoneInfo

import pytest

from appliance.core.decision import Decision, Phase
from appliance.core.floor_control import Floor
from appliance.core.problems import KINDS, Problem, ProblemKey, Severity, by_checks
from appliance.core.remedies.network_words import NETWORK_WORDS
from appliance.core.scenes import Help, Scene, scene
from appliance.core.screen_texts import Screen
from appliance.wire.meeting import Meeting

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MEETING = Meeting("m", "Giao ban", 1_793_610_000.0, 1_793_617_200.0, "sip:1@mcu.vn")
HELP = Help("0269 3 824 808", "https://zalo.me/g/abcdef123")


def at(phase: Phase, *keys: ProblemKey, help_: Help | None = HELP, people: str = "") -> Scene:
    return scene(
        Decision(phase, MEETING, None, None, None), Floor(), now=MEETING.begin - 60, zone=ZONE,
        site="Xã", problems=[Problem(key) for key in keys], help=help_, people_link=people,
    )  # fmt: skip


@pytest.mark.parametrize("key", list(ProblemKey))
def test_whatever_people_have_to_mend_comes_with_the_number(key: ProblemKey) -> None:
    shown = at(Phase.IDLE, key)
    asks = KINDS[key].severity > Severity.NOTE or shown.screen is not Screen.IDLE
    assert (shown.help is not None) == asks
    if asks:
        assert shown.help == HELP


def test_without_a_fault_or_without_settings_there_is_none() -> None:
    assert at(Phase.IDLE).help is None
    assert at(Phase.IDLE, ProblemKey.PROVINCE).help is None
    assert at(Phase.IDLE, ProblemKey.CAMERA_MISSING, help_=Help()).help is None
    assert at(Phase.IDLE, ProblemKey.CAMERA_MISSING, help_=None).help is None


def test_in_a_meeting_and_beside_another_code_there_is_the_number_alone() -> None:
    for shown in (
        at(Phase.IN_MEETING, ProblemKey.CAMERA_MISSING),
        at(Phase.UPCOMING, ProblemKey.CAMERA_MISSING, people="https://tinh.example/n/1"),
    ):
        assert shown.help == Help(HELP.telephone)


@pytest.mark.parametrize("key", list(NETWORK_WORDS))
def test_the_page_without_a_network_says_why(key: ProblemKey) -> None:
    others = [ProblemKey.AGENDA_MISSING]
    if key.value.startswith("wifi"):
        others.append(ProblemKey.NETWORK_CABLE)
    shown = at(Phase.IDLE, *others, key)
    assert shown.screen is Screen.NO_NETWORK
    assert shown.words == NETWORK_WORDS[key]
    assert key in {one.key for one in shown.problems}


def test_an_address_and_a_name_come_with_health_s_word_and_measured_values_do_not() -> None:
    details = {"M7": "10.20.30.40", "M10": "UBND xã", "B1": "81 °C"}
    found = by_checks(("M7", "M10", "B1", "M2"), details)
    assert [(one.code, one.detail) for one in found] == [
        ("M7", "10.20.30.40"), ("M10", "UBND xã"), ("B1", ""), ("M2", ""),
    ]  # fmt: skip


def test_a_silent_gateway_hides_no_agenda_that_comes_all_the_same() -> None:
    assert at(Phase.IDLE, ProblemKey.GATEWAY_SILENT).screen is Screen.IDLE
    away = at(Phase.IDLE, ProblemKey.GATEWAY_SILENT, ProblemKey.PROVINCE)
    assert away.screen is Screen.NO_NETWORK
