"""Six TVs, each with its character: what is sent to it, and what is known of it in the end."""

import asyncio
from pathlib import Path

import pytest

from hardware.display.tv_control import TvControl
from hardware.display.tv_state import DisplayProblem, TvState, Want, Wish
from tests.fast_loop import play
from tests.hardware.display.scripted_tv import OUR_PATH, Character, ScriptedTv

NO_EDID = "f→0 image view on"
VIEW_ON = "4→0 image view on"
SHOW = "4→f active source"
ASK = "4→0 give device power status"
VENDOR = "4→0 give device vendor id"
SOURCE = "4→f request active source"
EARLY = Wish(Want.WAKE, "giao-ban early")

TABLE: dict[str, tuple[Character, float, list[str], TvState, DisplayProblem | None, bool]] = {
    # character, seconds, what is sent in the order of its beginning, and then: state, problem,
    # whether it shows this box
    "good": (
        Character(),
        40.0,
        [VENDOR, ASK, VIEW_ON, SHOW, ASK, ASK, ASK, SHOW, SOURCE],
        TvState.ON,
        None,
        True,
    ),
    "asleep without EDID": (
        Character(hides_edid=True, wakes_s=4.0),
        40.0,
        [NO_EDID, NO_EDID, SHOW, VENDOR, ASK, ASK, ASK, SHOW, SOURCE],
        TvState.ON,
        None,
        True,
    ),
    "silent": (
        Character(takes=False),
        50.0,
        [VENDOR, ASK, VIEW_ON, VIEW_ON, VIEW_ON, SHOW, ASK],
        TvState.NO_PEER,
        DisplayProblem.UNCONFIRMED,
        False,
    ),
    "wrong input after waking": (
        Character(own_input=2),
        60.0,
        [VENDOR, ASK, VIEW_ON, SHOW, ASK, ASK, ASK, *2 * [SHOW, SOURCE], SHOW, SOURCE, ASK],
        TvState.ON,
        None,
        True,
    ),
    "slow": (
        Character(hides_edid=True, edid_s=14.0, wakes_s=25.0),
        60.0,
        [NO_EDID, NO_EDID, NO_EDID, SHOW, VENDOR, ASK, ASK],
        TvState.ON,
        None,
        True,
    ),
    "never confirming": (
        Character(wakes=False),
        50.0,
        [VENDOR, ASK, VIEW_ON, SHOW, *6 * [ASK], VIEW_ON, *5 * [ASK], VIEW_ON],
        TvState.STANDBY,
        DisplayProblem.UNCONFIRMED,
        False,
    ),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A box with one adapter."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/cec0").touch()
    return tmp_path


async def lived(root: Path, tv: ScriptedTv, seconds: float, wish: Wish = EARLY) -> TvControl:
    """The control after so long under that wish."""
    control = TvControl(root, asyncio.Event(), lambda _: tv)
    control.want(wish)
    running = asyncio.create_task(control.run())
    await asyncio.sleep(seconds)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return control


@pytest.mark.parametrize("name", TABLE)
def test_what_is_sent_to_each_and_what_is_known_in_the_end(name: str, root: Path) -> None:
    character, seconds, first, state, problem, shows = TABLE[name]

    async def story() -> tuple[ScriptedTv, TvControl]:
        tv = ScriptedTv(character)
        return tv, await lived(root, tv, seconds)

    tv, control = play(story())
    assert tv.log[: len(first)] == first
    assert (control.state, control.problem) == (state, problem), tv.log
    assert (tv.on and tv.shown == OUR_PATH) is shows, tv.log


TWO_MINUTES = 120.0
REST = Wish(Want.REST)


async def begun(root: Path, *tvs: ScriptedTv) -> tuple[TvControl, asyncio.Task[None]]:
    """The control of TVs that are at ``cec0``, ``cec1`` ..., running and told nothing yet."""
    for number in range(len(tvs)):
        (root / f"dev/cec{number}").touch()
    by_name = {f"cec{number}": tv for number, tv in enumerate(tvs)}
    control = TvControl(root, asyncio.Event(), lambda path: by_name[path.name])
    running = asyncio.create_task(control.run())
    await asyncio.sleep(2.0)
    return control, running


def test_a_tv_that_this_box_woke_is_put_to_sleep_and_no_other(root: Path) -> None:
    async def story() -> list[bool]:
        found = []
        for tv, hand in (
            (ScriptedTv(Character()), None),
            (ScriptedTv(Character(), on=True), None),
            (ScriptedTv(Character()), "another input"),
            (ScriptedTv(Character()), "another input, unsaid"),
            (ScriptedTv(Character()), "off and on"),
        ):
            control, running = await begun(root, tv)
            control.want(EARLY)
            await asyncio.sleep(TWO_MINUTES)
            if hand == "another input":
                tv.choose(0x3000)
            elif hand == "another input, unsaid":
                tv.shown = 0x3000
            elif hand == "off and on":
                tv.press_power()
                await asyncio.sleep(1.0)
                tv.press_power()
            await asyncio.sleep(1.0)
            control.want(REST)
            await asyncio.sleep(30.0)
            found.append(tv.on)
            running.cancel()
        return found

    assert play(story()) == [False, True, True, True, True]


def test_a_hand_that_switches_it_off_in_the_meeting_is_left_in_peace_and_told(root: Path) -> None:
    async def story() -> tuple[bool, DisplayProblem | None, bool, DisplayProblem | None]:
        tv = ScriptedTv(Character())
        control, running = await begun(root, tv)
        control.want(EARLY)
        await asyncio.sleep(TWO_MINUTES)
        tv.press_power()
        await asyncio.sleep(10 * TWO_MINUTES)
        off, told = tv.on, control.problem
        control.want(Wish(Want.WAKE, "giao-ban doors"))  # the next occasion is another
        await asyncio.sleep(TWO_MINUTES)
        running.cancel()
        return off, told, tv.on, control.problem

    assert play(story()) == (False, DisplayProblem.UNCONFIRMED, True, None)


def test_one_that_is_switched_on_by_hand_or_plugged_in_late_is_told_what_to_show(
    root: Path,
) -> None:
    async def story() -> tuple[TvState, int, TvState, DisplayProblem | None, int]:
        tv = ScriptedTv(Character(hides_edid=True, takes=False))
        control, running = await begun(root, tv)
        control.want(EARLY)
        await asyncio.sleep(20 * TWO_MINUTES)  # all ten attempts were in vain
        before, sent = control.state, len(tv.log)
        await asyncio.sleep(20 * TWO_MINUTES)
        assert len(tv.log) == sent, "it went on after the last attempt"
        tv.character.takes = True
        tv.press_power()
        await asyncio.sleep(TWO_MINUTES)
        running.cancel()
        return before, sent, control.state, control.problem, tv.shown

    state, sent, after, problem, shown = play(story())
    assert (state, sent) == (TvState.NO_LINK, 30)
    assert (after, problem, shown) == (TvState.ON, None, OUR_PATH)


def test_another_input_chosen_by_hand_is_told_and_not_fought_for(root: Path) -> None:
    async def story() -> tuple[DisplayProblem | None, int, DisplayProblem | None]:
        tv = ScriptedTv(Character())
        control, running = await begun(root, tv)
        control.want(EARLY)
        await asyncio.sleep(TWO_MINUTES)
        tv.choose(0x3000)
        await asyncio.sleep(5 * TWO_MINUTES)
        told, shown = control.problem, tv.shown
        tv.choose(OUR_PATH)
        await asyncio.sleep(5.0)
        running.cancel()
        return told, shown, control.problem

    assert play(story()) == (DisplayProblem.OTHER_INPUT, 0x3000, None)


def test_a_tv_that_always_goes_its_own_way_is_told_of_after_a_bounded_number(root: Path) -> None:
    async def story() -> tuple[int, DisplayProblem | None]:
        tv = ScriptedTv(Character(own_input=10**6))
        control = await lived(root, tv, 10 * TWO_MINUTES)
        return tv.log.count(SHOW), control.problem

    shows, problem = play(story())
    assert shows == 1 + 1 + 3
    assert problem is DisplayProblem.OTHER_INPUT


def test_of_two_sockets_the_one_with_an_address_is_spoken_to(root: Path) -> None:
    """While neither has one, both are: the TV may be at any."""

    async def story() -> tuple[list[str], list[str], TvState]:
        empty = ScriptedTv(Character(hides_edid=True, takes=False))
        tv = ScriptedTv(Character(hides_edid=True))
        control, running = await begun(root, empty, tv)
        control.want(EARLY)
        await asyncio.sleep(10 * TWO_MINUTES)
        running.cancel()
        return empty.log, tv.log, control.state

    empty, tv, state = play(story())
    assert empty and set(empty) == {NO_EDID} and len(empty) <= 3
    assert tv[:3] == [NO_EDID, NO_EDID, SHOW]
    assert state is TvState.ON


@pytest.mark.parametrize(
    "error", [OSError(5, "Input/output error"), TimeoutError(), OSError(19, "No such device")]
)
def test_a_driver_that_fails_is_an_error_and_is_opened_anew(root: Path, error: OSError) -> None:
    async def story() -> tuple[TvState, int, TvState]:
        tv = ScriptedTv(Character())
        control, running = await begun(root, tv)
        tv.broken = error
        await asyncio.sleep(5.0)
        broken, closed = control.state, tv.closed
        tv.broken = None
        control.want(EARLY)
        await asyncio.sleep(TWO_MINUTES)
        running.cancel()
        return broken, closed, control.state

    assert play(story()) == (TvState.ERROR, 1, TvState.ON)


def test_a_box_without_an_adapter_says_so_and_complains_of_nothing(tmp_path: Path) -> None:
    async def story() -> TvControl:
        return await lived(tmp_path, ScriptedTv(Character()), TWO_MINUTES)

    control = play(story())
    assert (control.state, control.problem) == (TvState.NO_ADAPTER, None)


def test_a_tv_is_asked_seldom_while_nobody_wants_it(root: Path) -> None:
    """What stands in the province is true, and no TV is kept awake by questions."""

    async def story() -> tuple[list[str], TvState]:
        tv = ScriptedTv(Character(), on=True)
        control, running = await begun(root, tv)
        await asyncio.sleep(3600.0)
        running.cancel()
        return tv.log, control.state

    sent, state = play(story())
    assert set(sent) == {VENDOR, ASK}
    assert 10 <= len(sent) <= 14
    assert state is TvState.ON
