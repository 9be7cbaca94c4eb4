"""A program that systemd started again is an alarm with its reason, and a figure of the report."""

from pathlib import Path

import pytest

from appliance.base.program_ends import ENDPOINT_RUN, ProgramEnds
from appliance.core.alarms import State
from services.health.checks.restarts import ALARM_S, restarts
from tests.health.boxes import healthy_box


def fall(run: Path, at: float) -> None:
    ends = ProgramEnds(ENDPOINT_RUN, run, monotonic=lambda: at)
    with pytest.raises(ValueError, match="VP9"), ends.counted():
        raise ValueError("no decoder for VP9")


def test_two_ends_of_the_endpoint_are_told_for_an_hour_and_counted_for_longer(
    tmp_path: Path,
) -> None:
    one = healthy_box(tmp_path)
    one.run = tmp_path / "run"
    begin = one.box().monotonic
    assert restarts(one.box()).observations[0].state is State.FINE
    fall(one.run, begin)
    fall(one.run, begin + 1.0)
    result = restarts(one.box(60.0))
    (observation,) = result.observations
    assert observation.state is State.WRONG
    assert observation.detail == "endpoint: 2 times, last by ValueError: no decoder for VP9"
    later = restarts(one.box(ALARM_S + 2.0))
    assert later.observations[0].state is State.FINE
    for told in (result, later):
        assert told.figures == {"endpoint_restarts": 2.0}
        assert told.facts == {"endpoint_end": "ValueError: no decoder for VP9"}
