"""The meeting is ended at the chair's page: every site leaves, stays away, and comes back if it was
a mistake."""

from pathlib import Path

import pytest

from appliance.core.screen_texts import Screen
from appliance.wire.meeting import EndedMeeting
from tests.fast_loop import play
from tests.stories.evening import Evening, at

SECOND = "janus+ws://mcu.example/janus?room=2"
SIP = "sip:724999@mcu.example;transport=tls"
EARLY = ["idle", "upcoming", "joining", "waiting"]


def ended(uid: str = "a", begin: str = "14:00") -> tuple[EndedMeeting, ...]:
    return ((uid, round(at(begin).timestamp())),)


def evening(folder: Path, begin: str = "13:40") -> Evening:
    one = Evening(folder, begin)
    one.closes_s = None
    return one


@pytest.mark.parametrize("address", [SECOND, SIP], ids=["room", "conference"])
@pytest.mark.parametrize("hour", ["13:55", "14:30", "16:10"], ids=["doors", "running", "overrun"])
def test_every_site_leaves_whatever_flows(tmp_path: Path, hour: str, address: str) -> None:
    e = evening(tmp_path)

    async def story() -> None:
        e.meeting("a", "14:00", "15:00", doors=None, address=address)
        e.meeting("b", "19:00", "20:00", doors=None)
        async with e.powered():
            await e.until(hour)
            (call,) = e.far.live
            e.province_says(ended=ended("b"))  # no meeting of that begin is known here
            e.province_says(ended=ended("c"))
            await e.until(f"{hour}:05")
            assert e.far.live == [call]
            e.province_says(ended=ended())
            await e.until(f"{hour}:10")
            assert (e.far.live, e.devices.open) == ([], False)
            assert e.tv.screen is Screen.ENDED_BY_CHAIR
            assert e.tv.scene is not None
            assert e.tv.scene.gone is not None
            assert e.tv.scene.gone.title == "Họp a"
            assert e.tv.scene.meeting is not None
            assert e.tv.scene.meeting.title == "Họp b"
            await e.until("17:00")
            assert (e.tv.screen, len(e.far.dialed)) == (Screen.IDLE, 1)
            await e.until("18:55")
            assert len(e.far.live) == 1, "the next one is joined as always"

    play(story())


def test_sites_hold_one_another_for_three_hours_unless_somebody_ends_it(tmp_path: Path) -> None:
    """A room that nobody closes: media flow from the others, so nobody is alone."""
    e = evening(tmp_path)

    async def story() -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("16:00")
            assert e.phases[-1] == "overtime"
            assert len(e.far.live) == 1
            e.province_says(ended=ended())
            await e.until("16:00:05")
            assert e.far.live == []

    play(story())


@pytest.mark.parametrize("power", [False, True], ids=["program", "power"])
def test_it_is_over_after_a_restart_too_without_the_province(tmp_path: Path, power: bool) -> None:
    e = evening(tmp_path)

    async def story() -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("14:30")
            e.province_says(ended=ended())
            await e.until("14:31")
        if power:
            for file in (tmp_path / "run").iterdir():
                file.unlink()
        async with e.powered():
            await e.until("14:50")
            assert (e.far.live, len(e.far.dialed)) == ([], 1)

    play(story())


def test_a_box_that_starts_hears_it_before_or_after_it_has_joined(tmp_path: Path) -> None:
    e = evening(tmp_path, "14:20")

    async def story() -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("14:22")
            assert len(e.far.live) == 1
            e.province_says(ended=ended())  # the line to the province came back later
            await e.until("14:23")
            assert e.far.live == []

    play(story())


@pytest.mark.parametrize("hour", ["14:30", "15:20"], ids=["running", "overrun"])
def test_it_goes_on_after_all(tmp_path: Path, hour: str) -> None:
    e = evening(tmp_path)

    async def story() -> None:
        e.meeting("a", "14:00", "15:00", doors=None)
        async with e.powered():
            await e.until(hour)
            e.province_says(ended=ended())
            await e.until(f"{hour}:40")
            assert e.far.live == []
            e.province_says()
            await e.until(f"{hour}:59")
            assert len(e.far.live) == 1
            await e.until("15:40")
            assert len(e.far.live) == 1

    play(story())
    again = ["leaving", "idle", "joining"]
    if hour == "14:30":
        assert e.phases == [*EARLY, "in meeting", *again, "in meeting", "overtime"]
    else:
        assert e.phases == [*EARLY, "in meeting", "overtime", *again, "overtime"]


def test_taken_back_before_the_doors_it_is_awaited_again(tmp_path: Path) -> None:
    e = evening(tmp_path)
    shown: list[Screen | None] = []

    async def story() -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("13:50")
            e.province_says(ended=ended())
            await e.until("13:50:05")
            shown.append(e.tv.screen)
            e.province_says()
            await e.until("13:50:10")
            shown.append(e.tv.screen)

    play(story())
    assert shown == [Screen.ENDED_BY_CHAIR, Screen.UPCOMING]


def test_one_that_was_moved_after_its_end_takes_place(tmp_path: Path) -> None:
    e = evening(tmp_path)

    async def story() -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered():
            await e.until("14:10")
            e.province_says(ended=ended())
            await e.until("14:12")
            e.meeting("a", "16:00", "17:00")
            await e.until("16:01")
            assert len(e.far.live) == 1

    play(story())


def test_a_hand_cannot_join_what_the_chair_has_ended(tmp_path: Path) -> None:
    e = evening(tmp_path)

    async def story() -> None:
        e.meeting("a", "14:00", "15:00")
        async with e.powered() as conductor:
            await e.until("14:10")
            conductor.hang_up()
            await e.until("14:11")
            e.province_says(ended=ended())
            await e.until("14:12")
            conductor.join()
            await e.until("14:20")
            assert (e.far.live, e.tv.screen) == ([], Screen.IDLE)

    play(story())
