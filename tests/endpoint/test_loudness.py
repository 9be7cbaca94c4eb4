"""A microphone that hears nothing for a minute is told from a quiet room and from a closed one."""

from services.endpoint.loudness import DEAF_DBFS, WINDOW_S, Loudness


def listen(loudness: Loudness, seconds: range, dbfs: float) -> None:
    for second in seconds:
        for tenth in range(3):
            loudness.hear(dbfs, second + tenth / 10)


def test_a_minute_of_nothing_is_a_deaf_microphone() -> None:
    loudness = Loudness()
    listen(loudness, range(58), -100.0)
    assert not loudness.deaf
    listen(loudness, range(58, 62), -100.0)
    assert loudness.deaf
    assert loudness.dbfs == -100.0
    loudness.hear(-40.0, 62.0)
    assert not loudness.deaf
    listen(loudness, range(63, 63 + int(WINDOW_S)), -95.0)
    assert loudness.deaf


def test_a_quiet_room_is_heard() -> None:
    loudness = Loudness()
    listen(loudness, range(300), DEAF_DBFS)
    assert not loudness.deaf
    assert loudness.dbfs == DEAF_DBFS


def test_a_microphone_that_was_closed_begins_anew() -> None:
    loudness = Loudness()
    listen(loudness, range(90), -100.0)
    loudness.forget()
    assert (loudness.deaf, loudness.dbfs) == (False, None)
    listen(loudness, range(100, 150), -100.0)
    assert not loudness.deaf


def test_looks_that_come_seldom_count_for_the_whole_minute() -> None:
    loudness = Loudness()
    for second in range(0, 65, 5):
        loudness.hear(-100.0, float(second))
    assert loudness.deaf
