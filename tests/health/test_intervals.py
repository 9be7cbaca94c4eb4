"""A thousand sites that lose one broker in one second do not come back in one."""

import random

from services.health.intervals import MAX_RECONNECT_S, MIN_RECONNECT_S, reconnect_delay_s

SITES = 1000


def most_within_a_second(tries: int) -> int:
    lot = random.Random(tries)
    waits = sorted(reconnect_delay_s(tries, lot.random()) for _ in range(SITES))
    return max(sum(begin <= wait < begin + 1.0 for wait in waits) for begin in waits)


def test_each_try_in_vain_spreads_them_wider() -> None:
    crowds = [most_within_a_second(tries) for tries in range(4)]
    assert crowds == sorted(crowds, reverse=True)
    assert crowds[0] < SITES / 3
    assert crowds[3] < SITES / 15


def test_the_wait_has_its_bounds() -> None:
    assert reconnect_delay_s(0, 0.0) == reconnect_delay_s(99, 0.0) == MIN_RECONNECT_S
    assert reconnect_delay_s(0, 1.0) == 4.0
    assert reconnect_delay_s(5, 1.0) == reconnect_delay_s(10_000, 1.0) == MAX_RECONNECT_S
