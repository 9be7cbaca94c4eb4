"""A site's history in words: shares that are never flattered, labels, restarts, self-tests."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.display.tv_state import TvState
from services.province.console.history_words import (
    decimal,
    drawings,
    labels_of,
    percent,
    restart,
    self_test,
    tv_power,
    worst,
)
from services.province.history.series import SPANS, Span, Step, share_heard
from services.province.history.summary import History, runs, span_of
from services.province.storage.tables import LastReport

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MIDNIGHT = 1_773_248_400  # Thursday, 12 March 2026, 0:00 at Ia Kly


def history(span: Span, steps: list[Step]) -> History:
    return History(span, tuple(steps), (), None, ())


def every(span: Span, begin: int = MIDNIGHT) -> list[Step]:
    """The steps of `span` from `begin` on, with nothing measured."""
    return [Step(begin + number * span.step_s, 1) for number in range(span.steps)]


@pytest.mark.parametrize(
    ("share", "told"),
    [(1.0, "100 %"), (0.9999, "99,9 %"), (0.98649, "98,6 %"), (0.5, "50 %"), (0.0004, "0 %"),
     (0.29, "29 %"), (0.0, "0 %")],
)  # fmt: skip
def test_what_is_not_quite_all_is_never_rounded_up_to_it(share: float, told: str) -> None:
    assert percent(share) == told


@given(st.integers(0, 288), st.integers(1, 288))
def test_a_percentage_is_below_the_share_by_less_than_a_tenth(heard: int, more: int) -> None:
    share = heard / (heard + more)
    told = float(percent(share).removesuffix(" %").replace(",", "."))
    assert 0 <= share * 100 - told + 1e-6 < 0.1 + 2e-6
    assert told < 100


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"tv_power": "on"}, "đang bật"),
        ({"tv_power": "no peer"}, "không nhận lệnh (CEC)"),
        ({"tv_power": "dancing"}, None),
        ({"tv_power": ["on"]}, None),
        ({}, None),
        ("on", None),
    ],
)
def test_what_the_tv_says_of_itself_is_told_in_words_or_not_at_all(
    facts: object, told: str | None
) -> None:
    found = tv_power(LastReport(state={"facts": facts}))
    assert (found is None) if told is None else (found is not None and told in found)
    assert tv_power(None) is None


def test_every_state_of_a_tv_has_its_words() -> None:
    for state in TvState:
        assert tv_power(LastReport(state={"facts": {"tv_power": state.value}})) is not None


def test_a_figure_has_a_comma_and_one_digit() -> None:
    assert [decimal(one) for one in (98.64, 98.65001, 1234.5, 7.0)] == [
        "98,6",
        "98,7",
        "1.234,5",
        "7",
    ]


def test_a_day_has_its_hours_a_week_its_days_and_a_quarter_two_of_each_month() -> None:
    day = [label for label in labels_of(history(SPANS[1], every(SPANS[1])), ZONE) if label]
    assert day == ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]
    week = [label for label in labels_of(history(SPANS[7], every(SPANS[7])), ZONE) if label]
    assert week == [f"{number}/03" for number in range(12, 19)]
    quarter = labels_of(history(SPANS[90], every(SPANS[90])), ZONE)
    assert [label for label in quarter if label] == [
        "15/03", "01/04", "15/04", "01/05", "15/05", "01/06",
    ]  # fmt: skip
    assert quarter.index("15/03") == 3


def test_only_what_was_ever_measured_is_drawn_and_zero_is_a_figure() -> None:
    steps = every(SPANS[7])
    assert drawings(history(SPANS[7], steps), ZONE) == {}
    steps[3].loss_percent = 0.0
    steps[5].soc_c = 95.0
    drawn = drawings(history(SPANS[7], steps), ZONE)
    assert set(drawn) == {"loss", "temperature"}
    assert 'aria-label="Nhiệt độ"' in drawn["temperature"]
    assert "90 °C" in drawn["temperature"]
    assert "0 %" in drawn["loss"]
    for picture in drawn.values():
        for banned in ("<script", "<style", "<!--", "<title", "<defs", " style="):
            assert banned not in picture, banned


def test_the_worst_of_each_figure_is_told_as_far_as_it_was_measured() -> None:
    steps = every(SPANS[90])
    steps[0].soc_c, steps[1].soc_c, steps[2].rtt_ms = 60.0, 81.5, 0.0
    assert worst(steps) == {"soc_c": 81.5, "rtt_ms": 0.0}
    assert worst([]) == {}


def test_why_it_started_and_what_the_self_test_found() -> None:
    assert str(restart("power")) == 'mất điện <small lang="en">the power was cut</small>'
    assert str(restart("<of another release>")) == "&lt;of another release&gt;"
    found = str(self_test("C1, <b>, M1"))
    assert found.count("<b>") == 2
    assert "<b>C1</b> Không thấy camera" in found
    assert "&lt;b&gt;" in found
    assert "<b>" not in str(self_test("good"))


def test_steps_of_which_the_same_is_known_are_one_run() -> None:
    steps = [Step(0, 12, heard=12), Step(1, 6, heard=6), Step(2, 12, heard=9, late=3), Step(3, 0)]
    found = [(run.first, run.count, run.heard, run.late, run.missed) for run in runs(steps)]
    assert found == [(0, 2, 1.0, 0.0, 0.0), (2, 1, 0.75, 0.25, 0.0), (3, 1, 0.0, 0.0, 0.0)]
    assert list(runs([])) == []
    assert share_heard(steps) == 27 / 30
    assert share_heard([Step(0, 0)]) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=40))
def test_the_runs_cover_every_step_once(slots: list[tuple[int, int, int]]) -> None:
    steps = [
        Step(at, heard + late + missed, heard=heard, late=late)
        for at, (heard, late, missed) in enumerate(slots)
    ]
    found = list(runs(steps))
    covered = [step for run in found for step in range(run.first, run.first + run.count)]
    assert covered == list(range(len(steps)))
    for run in found:
        shares = run.heard + run.late + run.missed
        assert shares == pytest.approx(1.0) or shares == 0.0


def test_a_span_that_there_is_not_is_a_day() -> None:
    assert [span_of(days).days for days in (1, 7, 90, 30, 0, -7)] == [1, 7, 90, 1, 1, 1]
    assert [span.steps for span in SPANS.values()] == [144, 168, 90]
