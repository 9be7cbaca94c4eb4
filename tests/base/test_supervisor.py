"""A part that fails is started again beside the others; what nobody could know ends the program."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from appliance.base.errors import PartError
from appliance.base.supervisor import (
    LOG_INTERVAL_S,
    MAX_ERROR_LETTERS,
    MAX_FAILURES,
    MAX_RESTART_S,
    RESTART_S,
    TOLD_S,
    WITHIN_S,
    Supervisor,
    error_line,
)
from tests.fast_loop import play

Part = Callable[[], Coroutine[Any, Any, None]]


class Failing:
    """A part that runs for `lives_s` and raises `error`, `times` times; then it stays."""

    def __init__(self, error: BaseException, *, lives_s: float = 0.0, times: int = 10**6) -> None:
        self._error = error
        self._lives_s = lives_s
        self._times = times
        self.starts: list[float] = []

    async def run(self) -> None:
        self.starts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self._lives_s)
        if len(self.starts) <= self._times:
            raise self._error
        await asyncio.Event().wait()


async def for_a_while(seconds: float, *parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts in a group, as a program does, and cancel them."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part)


def test_a_part_that_raises_is_started_again_and_the_others_never_notice() -> None:
    async def story() -> None:
        supervisor, failing, ticks = Supervisor(), Failing(KeyError("codec"), times=1), []

        async def other() -> None:
            while True:
                ticks.append(asyncio.get_running_loop().time())
                await asyncio.sleep(0.5)

        await for_a_while(
            10.0, supervisor.keep("picture", failing.run), supervisor.keep("sound", other)
        )
        assert failing.starts == [0.0, RESTART_S]
        assert ticks == [0.5 * number for number in range(20)]
        (failure,) = supervisor.recent()
        assert (failure.part, failure.error, failure.count) == ("picture", "KeyError: 'codec'", 1)

    play(story())


def test_it_is_tried_ever_more_slowly_and_never_given_up() -> None:
    async def story() -> None:
        failing = Failing(ValueError("again"))
        await for_a_while(3600.0, Supervisor().keep("agenda", failing.run))
        pauses = [b - a for a, b in zip(failing.starts, failing.starts[1:], strict=False)]
        assert pauses[:7] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, MAX_RESTART_S]
        assert set(pauses[7:]) == {MAX_RESTART_S}
        assert len(failing.starts) > 50

    play(story())


def test_one_that_ran_long_starts_again_as_at_first() -> None:
    async def story() -> None:
        failing = Failing(ValueError("once an hour"), lives_s=3600.0)
        await for_a_while(6 * 3600.0, Supervisor().keep("agenda", failing.run))
        pauses = [b - a - 3600.0 for a, b in zip(failing.starts, failing.starts[1:], strict=False)]
        assert pauses == [RESTART_S] * len(pauses)

    play(story())


def test_a_vital_part_that_fails_too_often_ends_the_program() -> None:
    async def story() -> None:
        failing = Failing(ValueError("the facts make no sense"))
        with pytest.raises(PartError) as caught:
            await Supervisor().keep("turns", failing.run, vital=True)
        assert str(caught.value) == (
            "turns failed 5 times within 15 s, last by ValueError: the facts make no sense"
        )
        assert len(failing.starts) == MAX_FAILURES

    play(story())


def test_a_vital_part_that_fails_now_and_then_does_not() -> None:
    async def story() -> None:
        failing = Failing(ValueError("odd"), lives_s=WITHIN_S / (MAX_FAILURES - 1))
        await for_a_while(24 * 3600.0, Supervisor().keep("turns", failing.run, vital=True))

    play(story())


def test_a_part_of_parts_hands_the_program_s_end_on() -> None:
    async def story() -> None:
        supervisor, failing = Supervisor(), Failing(ValueError("no font"))

        async def display() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(supervisor.keep("drawing", failing.run, vital=True))

        with pytest.raises(ExceptionGroup) as caught:
            await supervisor.keep("display", display)
        assert caught.group_contains(PartError)
        assert len(failing.starts) == MAX_FAILURES

    play(story())


def test_a_cancellation_is_an_end_only_where_somebody_asked_for_it() -> None:
    """`task.result()` of a task that a library cancelled raises it in the middle of a part; a
    `TaskGroup` takes that for a wanted end, and the part was gone without a word."""

    async def story() -> None:
        supervisor, failing = Supervisor(), Failing(asyncio.CancelledError("theirs"), times=1)
        await for_a_while(10.0, supervisor.keep("call", failing.run))
        assert len(failing.starts) == 2
        assert supervisor.recent()[0].error == "CancelledError: theirs"

    play(story())


def test_what_nothing_can_be_known_after_ends_the_program() -> None:
    async def story() -> None:
        told: list[tuple[str, str]] = []
        supervisor = Supervisor(tell=lambda *words: told.append(words), unknowable=(MemoryError,))
        with pytest.raises(MemoryError):
            await supervisor.keep("ingest", Failing(MemoryError()).run)
        failing, ready = Failing(OSError("port")), asyncio.Event()
        with pytest.raises(OSError, match="port"):
            await supervisor.keep("broker", failing.run, fatal=lambda: not ready.is_set())
        assert told == []
        ready.set()
        await for_a_while(
            2.0, supervisor.keep("broker", failing.run, fatal=lambda: not ready.is_set())
        )
        assert told == [("broker", "OSError: port")] * 2

    play(story())


def test_what_is_raised_in_a_contained_block_costs_its_rest() -> None:
    async def story() -> None:
        supervisor, done = Supervisor(), []
        with supervisor.contain("report"):
            done.append(1)
            raise OSError(28, "No space left on device")
        assert done == [1]
        assert supervisor.recent()[0].error == "OSError: [Errno 28] No space left on device"
        with pytest.raises(asyncio.CancelledError), supervisor.contain("report"):
            raise asyncio.CancelledError
        with pytest.raises(SystemExit), supervisor.contain("report"):
            raise SystemExit(3)

    play(story())


def test_a_failure_is_told_for_a_while_and_a_turn_follows_its_first() -> None:
    async def story() -> None:
        turns: list[float] = []
        supervisor = Supervisor(lambda: turns.append(asyncio.get_running_loop().time()))
        for _ in range(100):
            supervisor.note("far picture", ValueError("one frame"))
        supervisor.note("agenda", ValueError("a calendar"))
        assert turns == [0.0, 0.0]
        assert {failure.part: failure.count for failure in supervisor.recent()} == {
            "far picture": 100,
            "agenda": 1,
        }
        await asyncio.sleep(TOLD_S)
        assert supervisor.recent() == ()
        supervisor.note("agenda", ValueError("another"))
        assert turns == [0.0, 0.0, TOLD_S]
        assert supervisor.recent()[0].count == 2

    play(story())


def test_the_journal_has_the_traceback_and_not_thirty_a_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        supervisor = Supervisor()
        for _ in range(int(2 * LOG_INTERVAL_S) * 30):
            with supervisor.contain("far picture"):
                raise ValueError("one frame")
            await asyncio.sleep(1 / 30)

    with caplog.at_level(logging.ERROR):
        play(story())
    assert len(caplog.records) in (2, 3)
    assert "test_supervisor.py" in caplog.text
    assert "part far picture failed (1): ValueError: one frame" in caplog.text


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("two\nlines\t here"), "ValueError: two lines here"),
        (ValueError(), "ValueError"),
        (
            ExceptionGroup("2 of them", [ExceptionGroup("", [KeyError("a")]), OSError("b")]),
            "KeyError: 'a'",
        ),
        (ValueError("x" * 10_000), ("ValueError: " + "x" * 10_000)[:MAX_ERROR_LETTERS]),
    ],
)
def test_an_error_is_one_bounded_line(error: Exception, line: str) -> None:
    assert error_line(error) == line
