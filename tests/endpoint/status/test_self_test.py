"""The self-test goes through its lines, says what it found, and goes away again."""

import asyncio
from contextlib import suppress

from appliance.core.problems import Area, ProblemKey
from appliance.core.scenes import Check, CheckState
from services.endpoint.status.self_test import EACH_S, SHOWN_S, SelfTest
from tests.fast_loop import play


async def _well() -> ProblemKey | None:
    return None


async def _ill() -> ProblemKey | None:
    return ProblemKey.CAMERA_MISSING


async def _hangs() -> ProblemKey | None:
    await asyncio.sleep(3600)
    return None


def test_each_line_is_tried_in_its_order_and_none_for_ever() -> None:
    trials = {Area.NETWORK: _well, Area.CAMERA: _ill, Area.SOUND: _hangs}
    test = SelfTest(trials, lambda: 1_793_605_200.9)
    assert test.result == {}
    told: list[tuple[Check, ...]] = []
    test.changed = lambda: told.append(test.checks)

    async def story() -> None:
        running = asyncio.create_task(test.run())
        test.start()
        await asyncio.sleep(0.1)
        assert test.running
        await asyncio.sleep(EACH_S + 1)
        assert not test.running
        assert test.checks == (
            Check(Area.NETWORK, CheckState.GOOD),
            Check(Area.CAMERA, CheckState.BAD, "C1"),
            Check(Area.SOUND, CheckState.BAD),
        )
        assert test.result == {"self_test": "C1, sound", "self_test_at": "2026-11-02T07:40:00Z"}
        await asyncio.sleep(SHOWN_S)
        assert test.checks == ()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    play(story())
    first = told[0]
    assert [check.state for check in first] == [
        CheckState.RUNNING,
        CheckState.WAITING,
        CheckState.WAITING,
    ]


def test_a_second_start_while_it_runs_is_the_same_test() -> None:
    test = SelfTest({Area.SOUND: _hangs})

    async def story() -> None:
        running = asyncio.create_task(test.run())
        test.start()
        await asyncio.sleep(1)
        test.start()
        await asyncio.sleep(EACH_S + SHOWN_S + 1)
        assert (test.running, test.checks) == (False, ())
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    play(story())
