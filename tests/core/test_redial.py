"""Back-off: at once after a call that worked, growing to a cap, and never all sites in step."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.core.end_reasons import EndReason
from appliance.core.redial import (
    BACKOFFS,
    MIN_MEDIA_S,
    POWER_CAME_S,
    POWER_SPREAD_S,
    QUICK_RETRY_S,
    first_delay,
    own_doors,
    power_delay,
    retry_delay,
    tries_after,
)

SITES = [f"Xã số {n}" for n in range(135)]
reasons = st.sampled_from(EndReason)
tries = st.integers(1, 10_000)


def test_every_reason_has_a_pace() -> None:
    assert set(BACKOFFS) == set(EndReason)


@given(reasons, st.text())
def test_a_call_that_worked_is_dialed_again_at_once(reason: EndReason, site: str) -> None:
    assert 0.0 <= retry_delay(0, reason, site) < QUICK_RETRY_S


@given(tries, reasons, st.text())
def test_a_wait_is_bounded_and_the_same_for_the_same_try(
    failed: int, reason: EndReason, site: str
) -> None:
    wait = retry_delay(failed, reason, site)
    assert BACKOFFS[reason].first_s / 2 <= wait <= BACKOFFS[reason].max_s
    assert wait == retry_delay(failed, reason, site)


@given(st.integers(1, 20), reasons, st.text())
def test_waits_never_shrink_below_the_step_before(
    failed: int, reason: EndReason, site: str
) -> None:
    backoff = BACKOFFS[reason]
    step = min(backoff.max_s, backoff.first_s * 2 ** (failed - 1))
    assert retry_delay(failed + 1, reason, site) >= min(step, backoff.max_s / 2)


def test_an_account_is_never_locked_in_an_evening() -> None:
    hour = sum(retry_delay(n, EndReason.UNAUTHORISED, "Xã Ia Kly") for n in range(1, 25))
    assert hour > 3600.0
    first_ten_minutes = sum(
        retry_delay(n, EndReason.UNAUTHORISED, "Xã Ia Kly") for n in (1, 2, 3, 4)
    )
    assert first_ten_minutes > 225.0


def test_135_sites_do_not_dial_in_step() -> None:
    for failed in (0, 1, 4, 9):
        waits = sorted(retry_delay(failed, EndReason.LOST, site) for site in SITES)
        span = waits[-1] - waits[0]
        fullest_tenth = max(
            sum(waits[0] + span * n / 10 <= w < waits[0] + span * (n + 1) / 10 for w in waits)
            for n in range(10)
        )
        assert fullest_tenth < 30


def test_the_first_try_fills_a_large_room_over_its_spread() -> None:
    assert first_delay("Xã Ia Kly") == 0.0
    waits = [first_delay(site, 10.0) for site in SITES]
    assert min(waits) < 1.0
    assert max(waits) > 9.0
    assert all(0.0 <= wait < 10.0 for wait in waits)


def test_a_far_end_that_throws_sites_out_again_is_not_dialed_twice_a_second() -> None:
    failed = 0
    for _ in range(6):
        failed = tries_after(failed, media_s=2.0)
    assert retry_delay(failed, EndReason.FAR_END, "Xã Ia Kly") > 10.0
    assert tries_after(failed, media_s=MIN_MEDIA_S) == 0


def test_a_provinces_sites_come_in_one_after_another_before_the_begin() -> None:
    """Ten minutes of doors, 135 sites: nobody after the fifth minute, never many in one second."""
    doors = sorted(own_doors(600.0, f"xa-{number:03d}") for number in range(135))
    assert doors[0] > 300.0
    assert doors[-1] <= 600.0
    assert max(sum(at <= one < at + 10.0 for one in doors) for at in doors) <= 14
    assert own_doors(0.0, "xa-001") == 0.0
    assert own_doors(600.0, "xa-001") == own_doors(600.0, "xa-001")


def test_after_a_power_cut_a_provinces_sites_come_back_within_half_a_minute() -> None:
    waits = sorted(power_delay(site, 20.0, 600.0) for site in SITES)
    assert 0.0 <= waits[0] < 2.0
    assert POWER_SPREAD_S - 2.0 < waits[-1] < POWER_SPREAD_S
    assert max(sum(at <= one < at + 1.0 for one in waits) for at in waits) <= 14
    assert power_delay("xa-001", 20.0, 600.0) == power_delay("xa-001", 20.0, 600.0)


def test_who_has_come_in_by_doors_does_not_come_first_after_the_power_cut_too() -> None:
    """Of those whose doors are open by the middle, as many wait long as short."""
    early = [site for site in SITES if own_doors(600.0, site) > 450.0]
    late = sum(power_delay(site, 20.0, 60.0) > POWER_SPREAD_S / 2 for site in early)
    assert len(early) / 3 < late < len(early) * 2 / 3


def test_only_the_power_lets_a_site_wait_and_only_where_the_meeting_is_on() -> None:
    assert power_delay("xa-001", POWER_CAME_S, 600.0) == 0.0  # the program alone was started anew
    assert power_delay("xa-001", float("inf"), 600.0) == 0.0
    assert power_delay("xa-001", 20.0, 0.1) == 0.0  # its doors open now: they are spread already
    assert power_delay("xa-001", 20.0, -600.0) == 0.0
