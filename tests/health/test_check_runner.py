"""A round of checks: of two checks of one problem the worse counts, and one that fails is named."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.core.alarms import Observation, State
from appliance.core.problems import ProblemKey
from services.health.check_api import NOTHING, Box, CheckResult, measured
from services.health.check_runner import CheckRunner, HealthSnapshot

NOON = 1_773_290_400.0
DISK, CLOCK, HOT = ProblemKey.DISK_FULL, ProblemKey.CLOCK, ProblemKey.HOT


def says(*observations: Observation, **figures: float) -> Callable[[Box], CheckResult]:
    return lambda _: CheckResult(observations, figures)


def in_turn(*states: State | None) -> Callable[[Box], CheckResult]:
    """A check of the disk that says one after the other; None: nothing is known."""
    left: Iterator[State | None] = iter(states)

    def check(_: Box) -> CheckResult:
        state = next(left)
        return NOTHING if state is None else CheckResult((Observation(DISK, state, state.name),))

    return check


def at(second: float) -> Box:
    return Box(Path("/"), Path("/"), NOON + second, 500.0 + second)


def keys(snapshot: HealthSnapshot) -> list[str]:
    return [alarm.key for alarm in snapshot.alarms]


def test_the_worse_word_counts_whichever_check_says_it_first() -> None:
    wrong, fine = Observation(DISK, State.WRONG, "4 %"), Observation(DISK, State.FINE, "50 %")
    for order in ((wrong, fine), (fine, wrong)):
        runner = CheckRunner({str(number): says(one) for number, one in enumerate(order)})
        (alarm,) = runner.run(at(0)).alarms
        assert (alarm.key, alarm.code, alarm.detail, alarm.since) == (
            "disk-full",
            "B6",
            "4 %",
            NOON,
        )


def test_the_worst_alarm_is_first_and_figures_are_put_together() -> None:
    checks = {
        "disk": says(Observation(DISK, State.WRONG), data_free_percent=4.0),
        "clock": says(Observation(CLOCK, State.WRONG), clock_s=0.0),
    }
    snapshot = CheckRunner(checks).run(at(0))
    assert keys(snapshot) == ["clock", "disk-full"]
    assert snapshot.alarms[0].severity > snapshot.alarms[1].severity
    assert snapshot.figures == {"data_free_percent": 4.0, "clock_s": 0.0}
    assert snapshot.facts == {}


def test_an_alarm_begins_where_its_evidence_did_and_needs_its_patience() -> None:
    runner = CheckRunner({"hot": says(Observation(HOT, State.WRONG, "84 °C"))})
    assert keys(runner.run(at(0))) == keys(runner.run(at(19.9))) == []
    (alarm,) = runner.run(at(20)).alarms
    assert alarm.since == NOON
    (later,) = runner.run(at(3600)).alarms
    assert later.since == NOON


def test_an_alarm_stays_through_what_is_unsure_and_unknown_and_goes_when_it_is_fine() -> None:
    wrong, unsure, fine = State.WRONG, State.UNSURE, State.FINE
    states = (wrong, unsure, None, fine, unsure, fine, fine, fine)
    runner = CheckRunner({"disk": in_turn(*states)})
    held = [keys(runner.run(at(number * 20.0))) != [] for number in range(len(states))]
    assert held == [True, True, True, True, True, True, True, False]


def test_a_sensor_that_is_gone_takes_its_alarm_with_it() -> None:
    runner = CheckRunner({"disk": in_turn(State.WRONG, None, None)})
    assert [keys(runner.run(at(second))) for second in (0, 899, 900)] == [
        ["disk-full"], ["disk-full"], [],
    ]  # fmt: skip


def test_a_box_that_got_the_time_late_tells_no_hour_before_the_epoch() -> None:
    runner = CheckRunner({"disk": says(Observation(DISK, State.WRONG))})
    runner.run(Box(Path("/"), Path("/"), 5.0, 100.0))
    (alarm,) = runner.run(Box(Path("/"), Path("/"), 6.0, 400.0)).alarms
    assert alarm.since == 0.0
    (alarm,) = runner.run(Box(Path("/"), Path("/"), NOON, 500.0)).alarms
    assert alarm.since == NOON - 400.0


def test_a_check_that_fails_is_written_once_and_named_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    moods = iter((True, True, False, True))

    def fails(_: Box) -> CheckResult:
        if next(moods):
            raise OSError("no such attribute")
        return NOTHING

    runner = CheckRunner({"tv": fails, "disk": says(Observation(DISK, State.FINE), percent=50.0)})
    with caplog.at_level(logging.ERROR):
        told = [runner.run(at(second)) for second in range(4)]
    assert [one.facts.get("checks_fallen", "") for one in told] == ["tv", "tv", "", "tv"]
    assert [one.figures for one in told] == [{"percent": 50.0}] * 4
    written = [record.getMessage() for record in caplog.records]
    assert len(written) == 2
    assert all("tv" in line and "OSError: no such attribute" in line for line in written)


def test_an_alarm_is_written_when_it_comes_and_when_it_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    states = (State.WRONG, State.WRONG, State.FINE, State.FINE)
    runner = CheckRunner({"disk": in_turn(*states)})
    with caplog.at_level(logging.INFO):
        for number in range(len(states)):
            runner.run(at(number * 40.0))
    assert [record.getMessage() for record in caplog.records] == [
        "alarm: B6 disk-full WRONG", "alarm: B6 is over",
    ]  # fmt: skip


def test_a_figure_that_is_not_known_is_none_and_zero_is_one() -> None:
    assert measured(loss_percent=0.0, rtt_ms=None) == {"loss_percent": 0.0}
