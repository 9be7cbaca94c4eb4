"""Evenings at a commune, each read as the list of phases that the site went through."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from appliance.core.end_reasons import EndReason
from appliance.core.redial import POWER_SPREAD_S, power_delay
from appliance.core.screen_texts import AFTER_POWER, Screen
from tests.fast_loop import play
from tests.stories.evening import Evening

Story = Callable[[Evening], Coroutine[Any, Any, None]]

WHOLE = ["idle", "upcoming", "joining", "in meeting", "overtime", "leaving", "idle"]
"""The far end closes the room some seconds after the end."""
BROKEN_OFF = ["idle", "upcoming", "joining", "in meeting", "leaving", "idle"]


@pytest.fixture
def live(tmp_path: Path) -> Callable[..., Evening]:
    """Lives one story and gives the evening that it was."""

    def run(story: Story, begin: str = "13:30") -> Evening:
        evening = Evening(tmp_path, begin)
        play(story(evening))
        return evening

    return run


def test_an_ordinary_evening(live: Callable[..., Evening]) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("13:59:55")
            assert not e.devices.open
            await e.until("14:00:10")
            assert e.devices.open
            await e.until("15:00:10")
            assert not e.devices.open
            assert e.far.live == []

    evening = live(story)
    assert evening.phases == WHOLE
    assert len(evening.far.dialed) == 1


def test_a_program_that_starts_late_joins_at_once(live: Callable[..., Evening]) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("14:20:05")
            assert len(e.far.live) == 1

    assert live(story, begin="14:20").phases == ["idle", "joining", "in meeting"]


@pytest.mark.parametrize("doors", [True, False], ids=["in its doors", "running"])
def test_after_a_power_cut_the_tv_says_that_the_site_is_about_to_connect(
    live: Callable[..., Evening], *, doors: bool
) -> None:
    """It has been in before; the power comes back, and in its own half minute it is in again."""
    wait = power_delay("ia-kly", 20.0, 60.0)
    hour = "13:55" if doors else "14:20"

    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=10)
        async with e.powered():
            await e.until("13:54")
            assert len(e.far.dialed) == 1
            await e.until(hour)
        e.uptime_s = 20.0
        begun = e.hour(hour)
        async with e.powered():
            await asyncio.sleep(wait - 0.5)
            assert len(e.far.dialed) == 1
            assert e.tv.scene is not None
            assert (e.tv.screen, e.tv.scene.words) == (Screen.JOINING, AFTER_POWER)
            assert e.tv.scene.turn == 1
            assert e.devices.open
            await asyncio.sleep(2.0)
            assert len(e.far.dialed) == 2
            assert len(e.far.live) == 1
            assert e.tv.screen is Screen.IN_MEETING
        assert asyncio.get_running_loop().time() - begun < POWER_SPREAD_S + 2.0

    assert wait > 1.0
    live(story, begin="13:40")


STAYED = ["janus+ws://mcu.example/janus?room=1"]
OTHER = "janus+ws://mcu.example/janus?room=2"


@pytest.mark.parametrize(
    ("change", "in_call", "phases"),
    [
        # Moved half an hour on: out at once, and in again as one that people were in before.
        (
            {"begin": "14:30", "end": "15:30"},
            [],
            [*BROKEN_OFF, "upcoming", "rejoining", "in meeting", "overtime", "leaving", "idle"],
        ),
        ({"begin": "14:00", "end": "15:45"}, STAYED, WHOLE),
        ({"begin": "14:00", "end": "15:00", "status": "CANCELLED"}, [], BROKEN_OFF),
        (
            {"begin": "14:00", "end": "15:00", "address": OTHER},
            [OTHER],
            [*BROKEN_OFF[:5], "rejoining", "in meeting", "overtime", "leaving", "idle"],
        ),
    ],
    ids=["moved", "extended", "cancelled", "readdressed"],
)
def test_a_meeting_that_changes_while_it_runs(
    live: Callable[..., Evening], change: dict[str, Any], in_call: list[str], phases: list[str]
) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("14:10")
            e.meeting("a", **change)
            await e.until("14:13")
            assert [call.address for call in e.far.live] == in_call
            await e.until("16:00")

    assert live(story).phases == phases


def test_of_two_that_overlap_the_first_is_kept_to_its_end(live: Callable[..., Evening]) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", address="janus+ws://mcu.example/janus?room=1")
        e.meeting("b", "14:30", "15:30", address="janus+ws://mcu.example/janus?room=2")
        async with e.powered():
            await e.until("14:40")
            assert [call.address[-1] for call in e.far.live] == ["1"]
            await e.until("15:05")
            assert [call.address[-1] for call in e.far.live] == ["2"]
            await e.until("16:00")

    assert live(story).phases == [
        "idle", "upcoming", "joining", "in meeting", "leaving", "joining", "in meeting",
        "overtime", "leaving", "idle",
    ]  # fmt: skip


def test_the_far_end_drops_at_minute_twelve(live: Callable[..., Evening]) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("14:12")
            e.far.drop()
            await e.until("14:12:05")
            assert len(e.far.live) == 1
            await e.until("16:00")

    evening = live(story)
    assert evening.phases == [
        "idle", "upcoming", "joining", "in meeting", "rejoining", "in meeting", "overtime",
        "leaving", "idle",
    ]  # fmt: skip
    assert evening.far.calls[0].ended is EndReason.FAR_END


def test_the_network_is_gone_for_ten_minutes(live: Callable[..., Evening]) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("14:12")
            e.far.routed = e.plugged = False
            await e.until("14:22")
            assert e.far.live == []
            e.far.routed = e.plugged = True
            await e.until("14:22:40")
            assert len(e.far.live) == 1
            await e.until("16:00")

    assert live(story).phases == [
        "idle", "upcoming", "joining", "in meeting", "rejoining", "in meeting", "overtime",
        "leaving", "idle",
    ]  # fmt: skip


def test_media_that_stops_while_signalling_lives_is_dialed_anew(
    live: Callable[..., Evening],
) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("14:12")
            e.far.silent = True
            await e.until("14:12:30")
            e.far.silent = False
            await e.until("14:20")
            assert len(e.far.live) == 1

    evening = live(story)
    assert evening.phases[3:6] == ["in meeting", "rejoining", "in meeting"]


def test_the_province_is_gone_for_the_whole_evening(live: Callable[..., Evening]) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("13:35")
        e.vanish()
        async with e.powered():
            await e.until("16:00")

    evening = live(story)
    assert evening.phases == ["idle", *WHOLE]


def test_the_server_opens_late(live: Callable[..., Evening]) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        e.far.up = False
        async with e.powered():
            await e.until("14:08")
            e.far.up = True
            await e.until("14:08:31")
            assert len(e.far.live) == 1

    evening = live(story)
    assert evening.phases == ["idle", "upcoming", "joining", "in meeting"]
    waits = [b[0] - a[0] for a, b in pairwise(evening.far.dialed)]
    assert waits == sorted(waits[:5]) + waits[5:]
    assert 15.0 <= waits[-1] <= 31.0


def test_a_hang_up_by_hand_survives_a_restart(live: Callable[..., Evening]) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered() as conductor:
            await e.until("14:10")
            conductor.hang_up()
            await e.until("14:11")
            assert (e.far.live, e.devices.open) == ([], False)
        opened = e.devices.opened
        async with e.powered() as conductor:
            await e.until("14:20")
            assert (e.far.live, e.devices.opened) == ([], opened)
            conductor.join()
            await e.until("14:21")
            assert len(e.far.live) == 1

    evening = live(story)
    assert evening.phases == [*BROKEN_OFF[:5], "left", "left", "joining", "in meeting"]


def test_a_wrong_clock_dials_nothing_until_it_is_right(live: Callable[..., Evening]) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        e.clock.off, e.clock.believed = -1.7e9, False
        async with e.powered():
            await e.until("14:10")
            assert (e.far.dialed, e.devices.opened) == ([], 0)
            e.clock.off, e.clock.believed = 0.0, True
            await e.until("14:10:20")
            assert len(e.far.live) == 1

    assert live(story, begin="14:00").phases == ["idle", "joining", "in meeting"]


def test_a_clock_that_lies_inside_the_meeting_is_not_believed(
    live: Callable[..., Evening],
) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00")
        e.clock.believed = False
        async with e.powered():
            await e.until("14:30")

    evening = live(story)
    assert evening.phases == ["idle"]
    assert evening.far.dialed == []
