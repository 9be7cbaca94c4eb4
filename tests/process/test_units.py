"""The units of the two programs that run on every site, judged by systemd itself."""

from pathlib import Path

import pytest

from tests.judged_unit import JudgedUnit

SERVICES = Path(__file__).parents[2] / "services"
MOST_EXPOSED = {
    "endpoint/diemcau-endpoint.service": 2.5,
    "health/diemcau-health.service": 1.8,
}


@pytest.mark.parametrize("unit", MOST_EXPOSED)
def test_systemd_understands_every_line(unit: str) -> None:
    assert JudgedUnit(SERVICES / unit).misunderstood() == []


@pytest.mark.parametrize("unit", MOST_EXPOSED)
def test_it_is_exposed_to_little(unit: str) -> None:
    assert JudgedUnit(SERVICES / unit).exposure() <= MOST_EXPOSED[unit]


@pytest.mark.parametrize("unit", MOST_EXPOSED)
def test_it_never_gives_up_and_waits_for_nothing(unit: str) -> None:
    text = (SERVICES / unit).read_text()
    assert "Restart=always" in text
    assert "StartLimitIntervalSec=0" in text
    assert "network-online" not in text
    assert "time-sync" not in text
