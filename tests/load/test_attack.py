"""The short form of the attack that ``make load`` measures: what holds on any machine, no clock."""

from pathlib import Path

import pytest

from services.province.broker.site_bounds import BYTES
from tests.load.attack import Strength, attack, unharmed, within

SHORT = Strength(
    sites=20, idle=100, logins_per_s=5.0, seconds=8.0, calm_s=0.5, report_interval_s=1.0
)


@pytest.mark.case("K8", "K12")
async def test_nothing_is_lost_beside_a_flood_idle_connections_and_guessed_passwords(
    tmp_path: Path,
) -> None:
    found = await attack(tmp_path, SHORT)
    assert found["named_as_flooding"] == ["sim-0021"]
    assert found["said"] > SHORT.sites
    assert (found["lost"], found["newest_not_stored"], found["restarts"]) == (0, 0, 0)
    assert found["sites_reconnected"] == 0
    assert found["page_answers"] == [200]
    assert found["peak_mb"]["program"] <= found["bounds_mb"]["program"], found["peak_mb"]
    assert found["peak_mb"]["broker"] <= found["bounds_mb"]["broker"], found["peak_mb"]
    assert unharmed(found, "sim-0021")
    done = found["attackers"]
    assert done["flood_bytes"] > BYTES.burst
    assert done["idle_most"] >= SHORT.idle // 2
    assert set(done["logins"]) <= {"401", "429"}, done["logins"]


FINE = {
    "said": 9, "lost": 0, "newest_not_stored": 0, "restarts": 0, "named_as_flooding": ["x"],
    "page_answers": [200], "peak_mb": {"broker": 1.0}, "bounds_mb": {"broker": 2},
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"said": 0}, {"lost": 1}, {"newest_not_stored": 1}, {"restarts": 1},
        {"named_as_flooding": []}, {"named_as_flooding": ["a", "x"]}, {"page_answers": []},
        {"page_answers": [200, 503]}, {"peak_mb": {"broker": 3.0}},
    ],
)  # fmt: skip
def test_whatever_goes_wrong_is_no_success(wrong: dict[str, object]) -> None:
    assert unharmed(FINE, "x")
    assert not unharmed(FINE | wrong, "x")


def test_what_was_not_measured_is_not_in_time() -> None:
    assert within(5.0, 5.0)
    assert not within(5.1, 5.0)
    assert not within(None, 5.0)
