"""How a site stands, from its last reports and the hour."""

from typing import Any

import pytest

from services.province.fleet.readiness import (
    IDENTITY,
    SILENT,
    WENT,
    LastTest,
    LatestReport,
    State,
    site_status,
)

NOW = 1_773_290_400.0


def reports_of(**ages: tuple[float, dict[str, Any]]) -> dict[str, LatestReport]:
    """Reports by kind: how many seconds ago, and what they say."""
    return {kind: LatestReport(NOW - age, NOW - age, state) for kind, (age, state) in ages.items()}


@pytest.mark.parametrize(
    ("age", "close", "state"),
    [(60, False, State.READY), (60, True, State.READY), (100, True, State.SILENT),
     (100, False, State.READY), (200, False, State.SILENT)],
)  # fmt: skip
def test_what_is_old_is_not_believed(age: float, close: bool, state: State) -> None:
    reports = reports_of(health=(age, {"alarms": []}))
    assert site_status(reports, NOW, close=close, test=LastTest(NOW, "good")).state is state


def test_a_will_does_not_count_as_a_word_of_the_site() -> None:
    lost = {"online": False, "reason": "lost"}
    status = site_status(reports_of(health=(50, {}), presence=(1, lost)), NOW, close=True)
    assert status.state is State.SILENT
    assert (status.reasons[0].text, status.reasons[0].age_s) == (SILENT, 50.0)
    assert status.heard_at == NOW - 50.0


def test_a_site_that_was_switched_off_said_so_itself() -> None:
    stopping = {"online": False, "reason": "stopping"}
    status = site_status(reports_of(health=(50, {}), presence=(1, stopping)), NOW)
    assert (status.reasons[0].text, status.reasons[0].age_s) == (WENT, 1.0)


def test_a_copied_identity_needs_somebody_and_is_no_sign_of_life() -> None:
    copied = (10.0, {"reason": "two serials"})
    status = site_status(reports_of(health=(20, {}), **{IDENTITY: copied}), NOW)
    assert status.state is State.HELP
    assert status.reasons[0].detail == "two serials"
    assert (
        site_status(reports_of(health=(900, {}), **{IDENTITY: copied}), NOW).state is State.SILENT
    )
