"""The card is full or read-only while people meet: a real file system that takes nothing."""

import asyncio
from pathlib import Path

import pytest

from hardware.panel import Button
from tests.fast_loop import play
from tests.full_disk import KINDS, mend, needs_mount, small_disk, spoil
from tests.stories.evening import Evening

CODE = {"full": "B6", "read-only": "B3"}


@needs_mount
@pytest.mark.case("K6")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by_button", [True, False])
def test_a_hand_leaves_the_meeting_on_a_disk_that_takes_nothing(
    tmp_path: Path, kind: str, by_button: bool
) -> None:
    """`OSError` ended the endpoint; after its restart it was in the meeting again, camera on."""
    evening = Evening(tmp_path, "13:59")

    async def story(disk: Path) -> None:
        evening.data = disk / "endpoint"
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered() as conductor:
            await evening.until("14:02")
            spoil(disk, kind)
            if by_button:
                await evening.hands.press(5.5, Button.MUTE)
                await asyncio.sleep(1.0)
                await evening.hands.press(2.0, Button.MUTE)
            else:
                conductor.hang_up()
            await asyncio.sleep(10.0)
            assert evening.far.live == []
            assert not evening.devices.open
            assert CODE[kind] in evening.tv.codes
            await evening.until("14:10")
            assert evening.far.live == [], "it counts for longer than a moment"
        async with evening.powered() as conductor:
            await evening.until("14:12")
            assert evening.far.live == [], "the program's restart forgets nothing"
            mend(disk, kind)
            conductor.join()
            await evening.until("14:13")
            assert len(evening.far.live) == 1
            conductor.hang_up()
            await evening.until("14:14")
            assert CODE[kind] not in evening.tv.codes
        (tmp_path / "run" / "dismissed.json").unlink()  # as the power does
        async with evening.powered():
            await evening.until("14:16")
            assert evening.far.live == []

    with small_disk(tmp_path / "disk") as disk:
        play(story(disk))


@needs_mount
@pytest.mark.case("K6")
@pytest.mark.parametrize("kind", KINDS)
def test_an_agenda_that_cannot_be_kept_is_followed_and_told(tmp_path: Path, kind: str) -> None:
    evening = Evening(tmp_path, "13:55")

    async def story(disk: Path) -> None:
        evening.data = disk / "endpoint"
        evening.meeting("a", "14:30", "15:00")
        async with evening.powered():
            await evening.until("13:57")
            spoil(disk, kind)
            evening.meeting("b", "14:00", "14:05")
            await evening.until("14:02")
            assert len(evening.far.live) == 1
            assert CODE[kind] in evening.tv.codes
            mend(disk, kind)
            await evening.until("14:08")
            assert CODE[kind] not in evening.tv.codes

    with small_disk(tmp_path / "disk") as disk:
        play(story(disk))
    assert evening.phases[-2:] == ["leaving", "idle"]
