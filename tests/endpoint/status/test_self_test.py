"""The self-test goes through its lines, says what it found, and goes away again."""

import asyncio

from appliance.base.tasks import cancel_and_wait
from appliance.core.problems import Area, ProblemKey
from appliance.core.scenes import Check, CheckState
from services.endpoint.status.self_test import RESULT_SHOWN_S, STEP_DEADLINE_S, SelfTest
from tests.endpoint.noting_event import NotingEvent
from tests.fast_loop import play


async def _well() -> ProblemKey | None:
    return None


async def _ill() -> ProblemKey | None:
    return ProblemKey.CAMERA_MISSING


async def _hangs() -> ProblemKey | None:
    await asyncio.sleep(3600)
    return None


def test_each_line_is_tried_in_its_order_and_none_for_ever() -> None:
    steps = {Area.NETWORK: _well, Area.CAMERA: _ill, Area.SOUND: _hangs}
    seen: list[tuple[Check, ...]] = []
    changed = NotingEvent(lambda: seen.append(test.checks))
    test = SelfTest(steps, changed, lambda: 1_793_605_200.9)
    assert test.result == {}

    async def story() -> None:
        running = asyncio.create_task(test.run())
        test.start()
        await asyncio.sleep(0.1)
        assert test.running
        await asyncio.sleep(STEP_DEADLINE_S + 1)
        assert not test.running
        assert test.checks == (
            Check(Area.NETWORK, CheckState.GOOD),
            Check(Area.CAMERA, CheckState.BAD, "C1"),
            Check(Area.SOUND, CheckState.BAD),
        )
        assert test.result == {"self_test": "C1, sound", "self_test_at": "2026-11-02T07:40:00Z"}
        await asyncio.sleep(RESULT_SHOWN_S)
        assert test.checks == ()
        await cancel_and_wait(running)

    play(story())
    first = seen[0]
    assert [check.state for check in first] == [
        CheckState.RUNNING,
        CheckState.WAITING,
        CheckState.WAITING,
    ]


def test_a_second_start_while_it_runs_is_the_same_test() -> None:
    test = SelfTest({Area.SOUND: _hangs}, asyncio.Event())

    async def story() -> None:
        running = asyncio.create_task(test.run())
        test.start()
        await asyncio.sleep(1)
        test.start()
        await asyncio.sleep(STEP_DEADLINE_S + RESULT_SHOWN_S + 1)
        assert (test.running, test.checks) == (False, ())
        await cancel_and_wait(running)

    play(story())
