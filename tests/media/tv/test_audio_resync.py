"""The sound begins anew after a hole, and not again and again."""

import itertools

from appliance.media.tv.audio_resync import AudioResync


def test_steady_sound_is_left_alone() -> None:
    resync = AudioResync(0.0)
    assert not any(resync.needs_restart(0, step, step / 4) for step in range(1000))


def test_the_first_moments_may_run_dry() -> None:
    resync = AudioResync(0.0)
    assert not resync.needs_restart(2, 1, 0.5)
    assert not resync.needs_restart(2, 2, 0.75)
    assert resync.needs_restart(3, 3, 1.0)


def test_a_server_that_is_gone_is_tried_every_few_seconds() -> None:
    resync = AudioResync(0.0)
    tries = [step / 4 for step in range(240) if resync.needs_restart(0, 7, step / 4)]
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert 5 <= tries[0] <= 6
    assert all(5 <= gap <= 5.5 for gap in gaps)


def test_what_never_gets_steady_is_given_more_and_more_time() -> None:
    resync = AudioResync(0.0)
    tries = [step / 4 for step in range(480) if resync.needs_restart(step, step, step / 4)]
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert gaps == sorted(gaps)
    assert len(tries) < 30
    assert resync.needs_restart(481, 5000, 171.0)
    assert resync.needs_restart(482, 5001, 172.3)
    assert resync.needs_restart(483, 5002, 174.0)
