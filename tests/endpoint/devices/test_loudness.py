"""A microphone that never hears anything is told from a quiet room and from a closed one."""

from services.endpoint.devices.loudness import DEAF_DBFS, DEAF_S, WINDOW_S, Loudness

LONG = int(DEAF_S)


def listen(loudness: Loudness, seconds: range, dbfs: float) -> None:
    for second in seconds:
        for tenth in range(3):
            loudness.hear(dbfs, second + tenth / 10)


def test_nothing_since_it_was_opened_is_a_deaf_microphone() -> None:
    loudness = Loudness()
    listen(loudness, range(LONG - 2), -100.0)
    assert not loudness.deaf
    listen(loudness, range(LONG - 2, LONG + 2), -100.0)
    assert loudness.deaf
    loudness.hear(-40.0, LONG + 2.0)
    assert not loudness.deaf


def test_a_room_that_is_still_behind_a_noise_gate_is_not_deaf() -> None:
    loudness = Loudness()
    loudness.hear(-35.0, 0.0)
    listen(loudness, range(1, 4 * LONG), -100.0)
    assert not loudness.deaf
    assert loudness.dbfs == -100.0


def test_a_quiet_room_is_heard() -> None:
    loudness = Loudness()
    listen(loudness, range(2 * LONG), DEAF_DBFS)
    assert not loudness.deaf
    assert loudness.dbfs == DEAF_DBFS


def test_a_microphone_that_was_closed_begins_anew() -> None:
    loudness = Loudness()
    listen(loudness, range(LONG + 30), -100.0)
    loudness.forget()
    assert (loudness.deaf, loudness.dbfs) == (False, None)
    listen(loudness, range(2 * LONG, 3 * LONG - 10), -100.0)
    assert not loudness.deaf


def test_the_loudest_of_the_last_minute_is_told_however_seldom_it_is_looked_at() -> None:
    loudness = Loudness()
    for second in range(0, LONG + 5, 5):
        loudness.hear(-30.0 if second == 10 else -90.0, float(second))
        loud = 10 <= second < 10 + WINDOW_S
        assert loudness.dbfs == (-30.0 if loud else -90.0), second
