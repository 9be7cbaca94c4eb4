"""The sound begins anew after a hole, and not again and again."""

import itertools

from appliance.media.tv.sound_care import SoundCare


def test_steady_sound_is_left_alone() -> None:
    care = SoundCare(0.0)
    assert not any(care.begins_anew(0, step, step / 4) for step in range(1000))


def test_the_first_moments_may_run_dry() -> None:
    care = SoundCare(0.0)
    assert not care.begins_anew(2, 1, 0.5)
    assert not care.begins_anew(2, 2, 0.75)
    assert care.begins_anew(3, 3, 1.0)


def test_a_server_that_is_gone_is_tried_every_few_seconds() -> None:
    care = SoundCare(0.0)
    tries = [step / 4 for step in range(240) if care.begins_anew(0, 7, step / 4)]
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert 5 <= tries[0] <= 6
    assert all(5 <= gap <= 5.5 for gap in gaps)


def test_what_never_gets_steady_is_given_more_and_more_time() -> None:
    care = SoundCare(0.0)
    tries = [step / 4 for step in range(480) if care.begins_anew(step, step, step / 4)]
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert gaps == sorted(gaps)
    assert len(tries) < 30
    assert care.begins_anew(481, 5000, 171.0)
    assert care.begins_anew(482, 5001, 172.3)
    assert care.begins_anew(483, 5002, 174.0)
