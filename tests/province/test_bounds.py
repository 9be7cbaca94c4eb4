"""What one stranger may have: so much a second, so many at once, whatever others have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.province.bounds import Buckets, Rate, Shares, origin


def test_a_bucket_fills_with_time_and_no_further_than_its_brim() -> None:
    buckets = Buckets(Rate(2.0, 3.0))
    assert [buckets.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert not buckets.take("a", 0.4)
    assert buckets.take("a", 0.5)
    assert [buckets.take("a", 100.0) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b", 100.0, 3.0)
    assert not buckets.take("c", 100.0, 3.1)


def test_a_clock_that_goes_back_fills_nothing_and_shuts_nobody_out() -> None:
    buckets = Buckets(Rate(1.0, 1.0))
    assert buckets.take("a", 1000.0)
    assert not buckets.take("a", 0.0)
    assert buckets.take("a", 1.0)


@given(st.lists(st.integers(0, 40), max_size=300))
def test_however_many_strangers_come_no_more_are_remembered(keys: list[int]) -> None:
    buckets = Buckets(Rate(0.1, 2.0), max_keys=10)
    for now, key in enumerate(keys):
        buckets.take(str(key), float(now))
        assert len(buckets._kept) <= 10


def test_shares_are_bounded_in_all_and_for_each() -> None:
    shares = Shares(5)
    one = {"account": ("lan", 3), "address": ("1.1.1.1", 4)}
    other = {"account": ("hoa", 3), "address": ("1.1.1.1", 4)}
    assert [shares.hold(**one) for _ in range(4)] == [True, True, True, False]
    assert [shares.hold(**other) for _ in range(2)] == [True, False]
    elsewhere = {"account": ("hoa", 3), "address": ("2.2.2.2", 4)}
    assert [shares.hold(**elsewhere) for _ in range(2)] == [True, False]
    shares.release(**one)
    assert shares.hold(**elsewhere)
    for held in (one, one, other, elsewhere, elsewhere):
        shares.release(**held)
    assert (shares.total, len(shares._held)) == (0, 0)


@pytest.mark.parametrize(
    ("address", "whom"),
    [
        ("10.0.0.7", "10.0.0.7"), ("::ffff:10.0.0.7", "10.0.0.7"), ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::9", "2001:db8::/64"), ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("", ""), ("testclient", "testclient"),
    ],
)  # fmt: skip
def test_of_ipv6_a_whole_network_is_one_stranger(address: str, whom: str) -> None:
    assert origin(address) == whom
