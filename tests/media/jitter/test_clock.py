"""When sound and picture are due: jitter, sender reports, lip sync, drift."""

import random

from appliance.media.jitter.clock import MAX_DELAY_S, MIN_DELAY_S, FarClock, StreamClock

WALL = 3_900_000_000.0


def ntp(wall: float) -> int:
    return int(wall * (1 << 32))


def play(
    stream: StreamClock,
    seconds: float,
    *,
    step_s: float,
    delay_s: float,
    jitter_s: float = 0.0,
    begin: float = 1000.0,
    drift: float = 0.0,
    reports: bool = False,
) -> float:
    """Feeds what was made every `step_s` from `begin` on; gives the last due minus made."""
    chance = random.Random(1)
    due = 0.0
    for count in range(int(seconds / step_s)):
        made = begin + count * step_s * (1 + drift)
        timestamp = 5_000_000 + round(count * step_s * stream.rate)
        now = made + delay_s + chance.random() * jitter_s
        stream.arrived(timestamp, now)
        if reports and count % 50 == 10:
            stream.sender_report(ntp(WALL + made), timestamp)
        due = stream.due(timestamp, now) - made
    return due


def test_a_quiet_net_costs_little() -> None:
    stream = FarClock().stream(48000)
    due = play(stream, 5, step_s=0.02, delay_s=0.03, jitter_s=0.002)
    assert 0.03 + MIN_DELAY_S - 0.001 <= due <= 0.03 + 0.03


def test_jitter_is_waited_for_up_to_a_ceiling() -> None:
    due = play(FarClock().stream(48000), 10, step_s=0.02, delay_s=0.03, jitter_s=0.08)
    assert 0.03 + 0.07 <= due <= 0.03 + 0.082
    due = play(FarClock().stream(48000), 10, step_s=0.02, delay_s=0.03, jitter_s=0.8)
    assert due <= 0.03 + MAX_DELAY_S + 0.1


def test_sound_and_picture_are_due_together_once_reports_have_come() -> None:
    far = FarClock()
    sound, picture = far.stream(48000), far.stream(90000)
    # The picture comes 90 ms later than the sound of the same moment.
    for second in range(12):
        begin = 1000.0 + second
        for count in range(50):
            made = begin + count * 0.02
            time = int((made - 1000) * 48000) + 77
            sound.arrived(time, made + 0.02)
            if second and count == 30:
                sound.sender_report(ntp(WALL + made), time)
            sound_due = sound.due(time, made + 0.02) - made
            if count % 2 == 0:
                time = int((made - 1000) * 90000) + 99_999
                picture.arrived(time, made + 0.11)
                if second and count == 20:
                    picture.sender_report(ntp(WALL + made), time)
                picture_due = picture.due(time, made + 0.11) - made
        if second == 0:
            assert abs(sound_due - picture_due) > 0.05  # nothing is known about it yet
    assert abs(sound_due - picture_due) < 0.005
    assert picture_due - 0.11 <= MIN_DELAY_S + 0.005


def test_it_moves_smoothly() -> None:
    far = FarClock()
    sound = far.stream(48000)
    last: float | None = None
    for count in range(1000):
        made = 1000 + count * 0.02
        now = made + (0.02 if count < 500 else 0.02 + 0.05 * (count % 3))
        time = count * 960
        sound.arrived(time, now)
        offset = sound.offset(now)
        if last is not None:
            assert abs(offset - last) < 0.02
        last = offset


def test_a_far_clock_that_drifts_is_followed() -> None:
    stream = FarClock().stream(48000)
    due = play(stream, 120, step_s=0.02, delay_s=0.03, drift=2e-4)
    assert 0.03 <= due <= 0.03 + MIN_DELAY_S + 0.005


def test_streams_of_other_wall_clocks_do_not_wait_for_one_another() -> None:
    far = FarClock()
    one, other = far.stream(48000), far.stream(90000)
    due = play(one, 5, step_s=0.02, delay_s=0.02, reports=True)
    for count in range(50):
        other.arrived(count * 3000, 1005 + count / 30)
        other.sender_report(ntp(WALL - 3000 + count / 30), count * 3000)
    now = 1005 + 50 / 30
    assert abs(one.goal(now) - one.needs) < 0.001
    assert due < 0.05


def test_a_report_before_any_packet_means_nothing() -> None:
    stream = FarClock().stream(48000)
    stream.sender_report(0, 0)
    stream.arrived(960, 1000.0)
    stream.sender_report(0, 960)
    assert stream.wall_needs is None
    assert stream.due(960, 1000.0) == 1000.0 + MIN_DELAY_S
