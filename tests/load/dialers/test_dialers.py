"""The short form of ``make load-dialers``, and what is worked out from its figures."""

from pathlib import Path
from typing import Any

import pytest

from tests.load.dialers.measured_round import Size, one_round
from tests.load.dialers.on_paper import on_paper

SHORT = Size(
    processes=2, sites_each=3, doors_s=12.0, steady_s=4.0, speakers=0, back_within_s=3.0
)  # fmt: skip


@pytest.mark.timeout(300)
async def test_six_sites_come_at_their_own_moments_and_three_come_back(tmp_path: Path) -> None:
    """At a real Janus, each by the product's own agenda, doors, call keeper and dialer."""
    found = await one_round("janus", tmp_path, SHORT)
    joined, steady, cut = found["joined"], found["steady"], found["power_cut"]
    assert joined["own_moment_to_media_s"]["count"] == 6
    assert (joined["dialled_early"], joined["dialled_within_doors"]) == (0, 6)
    assert (steady["calls"], steady["far_end_reports_of_our_media"]) == (6, 6)
    assert steady["server"]["packets_a_second"] > 6 * (5 + 10)
    assert (cut["sites"], cut["back"], cut["dialled_early"]) == (3, 3, 0)
    assert joined["server"]["cpu_s"] > 0.0


def measured(packets: int, percent: float) -> dict[str, Any]:
    """Forty sites: at rest 3,000 packets a second and 10 % of a core."""
    return {
        "joined": {"sites": 40, "server": {"cpu_s": 2.0}},
        "steady": {"server": {"packets_a_second": 3000, "core_percent": 10.0}},
        "some_speak": {"server": {"packets_a_second": packets, "core_percent": percent}},
    }


def test_a_packets_cost_is_what_more_of_them_took() -> None:
    """2,000 packets a second more took 2 % of a core: 10 µs each; the rest is the sites' own."""
    found = on_paper(measured(5000, 12.0))
    assert found["microseconds_a_packet"] == pytest.approx(10.0)
    assert found["core_percent_a_site_without_packets"] == pytest.approx(0.175)
    assert found["cpu_ms_a_join"] == pytest.approx(50.0)
    large = found["sites_135"]
    assert large["packets_a_second_sent"] == 135 * (160 + 8 * 50)
    assert large["cores"] == pytest.approx((28_350 + 75_600) * 10e-6 + 135 * 0.00175, abs=0.01)
    assert large["joins_of_all_in_30_s_cores"] == pytest.approx(0.23, abs=0.01)


def test_nothing_is_worked_out_of_a_stretch_that_was_not_denser() -> None:
    assert "not_shown" in on_paper(measured(2900, 9.0))
