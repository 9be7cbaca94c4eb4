"""When media flowed last, kept over a restart; and what the keeper knows of an early refusal."""

import asyncio
from pathlib import Path

import pytest

from appliance.core.decision import Decision, Period, Phase
from appliance.core.end_reasons import EndReason
from appliance.core.redial import MAX_OPENING_S, MIN_OPENING_S, opening_delay
from appliance.dialers.api import DialError
from appliance.wire.meeting import Meeting
from services.endpoint.call.media_record import FILE, MediaRecord
from tests.endpoint.call.calls import FarEnd, MemoryCall, keeping
from tests.fast_loop import play

MEETING = Meeting("a", "Giao ban", 1000.0, 2000.0, "janus+wss://x/janus?room=1")
OVER = Decision(Phase.OVERTIME, MEETING, MEETING, None, Period.OVERRUN)


def flowing(folder: Path, now: float) -> None:
    """A program in whose call media flow, at `now`, and that is killed."""

    async def story() -> None:
        keeper = FarEnd(MemoryCall()).keeper()

        async def in_call() -> None:
            keeper.want(MEETING)
            await asyncio.sleep(1.0)
            keeper.note_media()
            record = MediaRecord(folder / "data", folder / "run")
            media = record.fact(keeper, (MEETING,), now, 1.0)
            assert media is not None
            assert (media.last_at, media.ended) == (None, False)
            record.note(OVER, media, now, 1.0)

        await keeping(keeper, in_call)

    play(story())


def after_restart(folder: Path) -> tuple[float | None, bool] | None:
    """What the next program knows."""
    record = MediaRecord(folder / "data", folder / "run")
    media = record.fact(FarEnd(None).keeper(), (MEETING,), 3000.0, 0.0)
    return None if media is None else (media.last_at, media.ended)


def test_a_restart_knows_when_media_flowed_last(tmp_path: Path) -> None:
    flowing(tmp_path, 2500.0)
    assert after_restart(tmp_path) == (2500.0, False)
    (tmp_path / "run" / FILE).unlink()
    assert after_restart(tmp_path) == (2500.0, False), "a power cut leaves the disk"


def test_before_the_last_minutes_the_disk_is_left_alone(tmp_path: Path) -> None:
    flowing(tmp_path, 1500.0)
    assert not (tmp_path / "data" / FILE).exists()
    assert after_restart(tmp_path) == (1500.0, False)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"uid": 1}', '{"uid":"a","at":"x"}', "null"])
def test_a_broken_file_counts_for_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / FILE).write_text(content)
    assert after_restart(tmp_path) is None


def test_a_disk_that_takes_nothing_costs_the_record_alone(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    flowing(tmp_path, 2500.0)
    assert after_restart(tmp_path) == (2500.0, False), "in memory it stands"


def test_a_refusal_is_not_open_only_before_the_begin_and_only_for_some_reasons() -> None:
    async def refused(reason: EndReason, *, early: bool) -> bool:
        keeper = FarEnd(DialError(reason, "no")).keeper()

        async def story() -> None:
            keeper.want(MEETING, early=early)
            await asyncio.sleep(1.0)

        await keeping(keeper, story)
        return keeper.not_open

    for reason in (EndReason.REFUSED, EndReason.FORBIDDEN, EndReason.BUSY, EndReason.FAR_END):
        assert play(refused(reason, early=True))
        assert not play(refused(reason, early=False))
    for reason in (EndReason.UNAUTHORISED, EndReason.UNREACHABLE, EndReason.UNTRUSTED):
        assert not play(refused(reason, early=True))


def test_a_room_that_is_not_open_is_asked_gently_and_never_by_all_at_once() -> None:
    waits = {opening_delay(tries, f"xa-{site}") for site in range(50) for tries in (1, 2)}
    assert len(waits) == 100
    assert all(MIN_OPENING_S <= wait <= MAX_OPENING_S for wait in waits)
