"""Whether media moves."""

from appliance.media.receive.activity import WINDOW, Activity


def test_nothing_has_moved_yet() -> None:
    pulse = Activity()
    assert pulse.last is None
    assert not pulse.moves(10.0)
    assert pulse.rate(10.0) == 0.0


def test_moves_and_stops() -> None:
    pulse = Activity()
    for frame in range(60):
        pulse.beat(100 + frame / 30)
    assert pulse.beats == 60
    assert pulse.moves(102.0)
    assert abs(pulse.rate(102.0) - 30) <= 1
    assert not pulse.moves(110.0)
    assert pulse.rate(110.0) == 0.0


def test_a_fast_stream_is_counted_over_what_is_remembered() -> None:
    pulse = Activity()
    for frame in range(10 * WINDOW):
        pulse.beat(100 + frame / 240)
    assert abs(pulse.rate(100 + 10 * WINDOW / 240) - 240) < 10
