"""An error that nobody expected, in each part of the endpoint: it costs that part, and is told.

The faults come in by constructor arguments: a dialer, a call, a renderer, a feed, pins that raise.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from appliance.base.errors import PartError
from appliance.base.systemd import SystemdNotifier
from appliance.core.problems import Area, ProblemKey
from appliance.core.scenes import Scene
from appliance.media.tv.compositor import I420
from appliance.wire.meeting import Meeting
from services.endpoint.agenda.feed import Feed, FeedState
from tests.fast_loop import play
from tests.stories.evening import Evening, StoryTv
from tests.stories.far_end import FarEnd, StoryCall
from tests.stories.rehearsals.near_end import StoryDevices

JOINED = ["idle", "upcoming", "joining", "in meeting"]


class Faults:
    """Raises as often as it is told to; then everything is as it should be."""

    def __init__(self, times: int) -> None:
        self.left = times

    def strike(self, what: str = "nobody expected this") -> None:
        if self.left > 0:
            self.left -= 1
            raise RuntimeError(what)


class FaultyCall(StoryCall):
    """A call of which one method raises."""

    def __init__(self, far: FarEnd, address: str, method: str, faults: Faults) -> None:
        super().__init__(far, address)
        self._method, self._faults = method, faults

    def _strike(self, method: str) -> None:
        if method == self._method:
            self._faults.strike()

    async def changed(self) -> None:
        if self._method == "changed" and self._faults.left:
            await asyncio.sleep(3.0)
        self._strike("changed")
        await super().changed()

    async def set_hand(self, up: bool) -> None:
        self._strike("set_hand")
        await super().set_hand(up)

    async def hang_up(self) -> None:
        self._strike("hang_up")
        await super().hang_up()

    def statistics(self) -> Any:
        self._strike("statistics")
        return super().statistics()


class FaultyDevices(StoryDevices):
    """Their driver raises."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    def want(self, wanted: bool, *, live: bool) -> None:
        if wanted:
            self._faults.strike()
        super().want(wanted, live=live)


class FaultyTv(StoryTv):
    """It raises where a far picture is laid under the signs, or a scene is drawn."""

    def __init__(self, faults: Faults, *, method: str) -> None:
        super().__init__()
        self._faults, self._method = faults, method

    def compose(self, frame: object) -> I420:
        if self._method == "compose":
            self._faults.strike()
        return super().compose(frame)

    def draw_scene(self, scene: Scene) -> I420:
        if self._method == "draw_scene" and scene.meeting is not None:
            self._faults.strike()
        return super().draw_scene(scene)


def call_that(method: str, times: int = 1) -> Callable[[Evening], None]:
    def prepare(evening: Evening) -> None:
        faults = Faults(times)

        async def dial(meeting: Meeting) -> StoryCall:
            call = FaultyCall(evening.far, meeting.address, method, faults)
            evening.far.dialed.append((asyncio.get_running_loop().time(), meeting.address))
            evening.far.calls.append(call)
            return call

        evening.dial = dial

    return prepare


def dialer_that_raises(evening: Evening) -> None:
    faults, dial = Faults(3), evening.far.dial

    async def faulty(meeting: Meeting) -> StoryCall:
        faults.strike("VP9 is no codec of ours")
        return await dial(meeting)

    evening.dial = faulty


def tv_that(method: str, times: int) -> Callable[[Evening], None]:
    def prepare(evening: Evening) -> None:
        evening.tv = FaultyTv(Faults(times), method=method)
        evening.renderer = evening.tv

    return prepare


def track_that_raises(evening: Evening) -> None:
    faults, dial = Faults(3), evening.far.dial

    async def faulty(meeting: Meeting) -> StoryCall:
        call = await dial(meeting)
        assert call.video is not None
        recv = call.video.recv

        class Track(type(call.video)):  # type: ignore[misc]
            """The real track's frames, after some that cannot be had."""

            async def recv(self) -> Any:
                faults.strike()
                return await recv()

        call.video = Track(evening.far)
        return call

    evening.dial = faulty


def feed_that_raises(evening: Evening) -> None:
    faults = Faults(3)

    class Faulty(Feed):
        async def refresh(self, now: float) -> FeedState:
            faults.strike()
            return await super().refresh(now)

    evening.feed_kind = Faulty


def province_that_raises(evening: Evening) -> None:
    faults = Faults(3)
    begun: Iterator[int] = iter(range(1))

    def now() -> float:
        if next(begun, None) is None:  # the first question is the constructor's
            faults.strike()
        return evening.clock.now()

    evening.province_now, evening.province_interval_s = now, 60.0


def pins_that_raise(evening: Evening) -> None:
    faults = Faults(3)

    class Pin(MockPWMPin):  # type: ignore[misc]
        def _set_state(self, value: float) -> None:
            if value:
                faults.strike("the button box was pulled out")
            super()._set_state(value)

    evening.pins = MockFactory(pin_class=Pin)


def systemd_that_raises(evening: Evening) -> None:
    faults = Faults(3)

    class Notifier(SystemdNotifier):
        def status(self, text: str) -> None:
            faults.strike()
            super().status(text)

    evening.systemd_kind = Notifier


def devices_that_raise(evening: Evening) -> None:
    evening.devices = FaultyDevices(Faults(3))


def clock_that_raises(evening: Evening) -> None:
    faults, clock = Faults(3), evening.clock

    class Clock(type(clock)):  # type: ignore[misc]
        def now(self) -> float:
            if asyncio.get_running_loop().time() >= 120.0:
                faults.strike()
            return float(super().now())

    evening.clock = Clock(evening.begin)


PARTS: dict[str, tuple[Callable[[Evening], None], str]] = {
    "a dialer": (dialer_that_raises, "call"),
    "a call": (call_that("changed"), "call"),
    "its end": (call_that("hang_up"), "call"),
    "its figures": (call_that("statistics", 3), "problems"),
    "a far picture's track": (track_that_raises, "far picture"),
    "a far picture on the TV": (tv_that("compose", 5), "far picture"),
    "drawing": (tv_that("draw_scene", 5), "drawing"),
    "the agenda": (feed_that_raises, "agenda"),
    "the province's word": (province_that_raises, "province"),
    "the lamp": (pins_that_raise, "panel"),
    "systemd": (systemd_that_raises, "reports"),
    "camera and microphone": (devices_that_raise, "devices"),
    "the turn": (clock_that_raises, "turns"),
}


@pytest.mark.case("K1", "K5", "P1")
@pytest.mark.parametrize(("prepare", "part"), PARTS.values(), ids=PARTS.keys())
def test_a_part_that_fails_costs_itself_and_the_meeting_goes_on(
    tmp_path: Path, prepare: Callable[[Evening], None], part: str
) -> None:
    evening = Evening(tmp_path, "13:59")
    prepare(evening)
    told: dict[str, str] = {}

    async def live_until(hour: str) -> None:
        while asyncio.get_running_loop().time() < evening.hour(hour):
            await asyncio.sleep(5.0)
            told.update(evening.tv.codes)

    async def story() -> None:
        evening.meeting("a", "14:00", "14:05")
        evening.meeting("b", "14:07", "14:09")
        async with evening.powered():
            for in_meeting, gone in (("14:04", "14:06"), ("14:08", "14:10")):
                await live_until(in_meeting)
                assert len(evening.far.live) == 1
                assert evening.devices.open
                if evening.pins is None:
                    await evening.press()
                    assert evening.floor.hand_confirmed
                await live_until(gone)
                assert evening.far.live == []
                assert not evening.devices.open

    play(story())
    assert part in told["P7"]
    assert evening.phases[-2:] == ["leaving", "idle"]


def test_a_hand_that_the_far_end_s_answer_breaks_is_told_as_not_confirmed(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "13:50")
    call_that("set_hand", 1)(evening)

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("14:10")
            await evening.press()
            await asyncio.sleep(10.0)
            assert evening.floor.failed
            assert evening.tv.codes["P7"] == "floor"
            assert len(evening.far.live) == 1
            await evening.press()
            await asyncio.sleep(1.0)
            assert evening.floor.hand_confirmed

    play(story())


def test_a_step_of_the_self_test_that_raises_is_a_bad_line_and_no_more(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "10:00")

    async def raises() -> ProblemKey | None:
        raise RuntimeError("nobody expected this")

    async def good() -> ProblemKey | None:
        return None

    evening.self_test_steps = {Area.NETWORK: raises, Area.CLOCK: good}

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("10:01")
            await evening.press(4.0)
            assert evening.tv.scene is not None
            assert [check.state.value for check in evening.tv.scene.checks] == ["bad", "good"]
            assert evening.tv.codes["P7"] == "self-test"

    play(story())


def test_a_call_that_nobody_can_end_ends_the_program(tmp_path: Path) -> None:
    """A camera that is on and that nobody knows of is worse than a start in between."""
    evening = Evening(tmp_path, "13:50")
    call_that("hang_up", 1000)(evening)

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("15:01")

    with pytest.raises(ExceptionGroup) as caught:
        play(story())
    assert caught.group_contains(PartError, match="could not be ended in 3 tries")


def test_a_turn_that_always_fails_ends_the_program_after_hanging_up(tmp_path: Path) -> None:
    """Without turns nobody leaves a meeting: that is for systemd, and there is no ghost call."""
    evening = Evening(tmp_path, "13:50")

    class Clock(type(evening.clock)):  # type: ignore[misc]
        broken = False

        def now(self) -> float:
            if self.broken:
                raise RuntimeError("no time at all")
            return float(super().now())

    clock = evening.clock = Clock(evening.begin)

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("14:10")
            assert len(evening.far.live) == 1
            clock.broken = True
            await asyncio.sleep(60.0)
            assert evening.far.live == []

    with pytest.raises(ExceptionGroup) as caught:
        play(story())
    assert caught.group_contains(PartError, match="turns failed 5 times")
