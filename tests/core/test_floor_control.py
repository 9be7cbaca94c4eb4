"""Hand and microphone: the table row by row, and its rules over random evenings."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core import floor_control as rules
from appliance.core.decision import IN_CALL, Phase
from appliance.core.floor_control import Effect, Floor, Lamp, Press, Pressed, press

SHORT, LONG = Press
OFF = Floor()
RAISED = Floor(hand=True)
SEEN = Floor(hand=True, hand_confirmed=True)
GIVEN = Floor(given=True)
LIVE = Floor(given=True, mic=True)
FREE_LIVE = Floor(mic=True)
FAILED = Floor(failed=True)
RETURNED = Floor(returned=True)

ON_THE_WAY = (Phase.JOINING, Phase.REJOINING, Phase.LEAVING)


@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.UPCOMING, Phase.LEFT])
def test_outside_a_meeting_the_button_shows_and_tests(phase: Phase) -> None:
    assert press(OFF, SHORT, phase=phase, free=False) == Pressed(OFF, Effect.SHOW_STATUS)
    assert press(OFF, LONG, phase=phase, free=True) == Pressed(OFF, Effect.SELF_TEST)


def test_before_the_opening_the_floor_is_nobodys() -> None:
    """Sites speak freely from the begin on; whom the chair asks to be heard is heard before it."""

    def waiting(floor: Floor, kind: Press, *, free: bool) -> Pressed:
        return press(floor, kind, phase=Phase.WAITING, free=free)

    assert waiting(OFF, LONG, free=True) == Pressed(OFF, Effect.REFUSED)
    assert waiting(OFF, SHORT, free=True) == Pressed(RAISED)
    assert waiting(GIVEN, SHORT, free=False) == Pressed(LIVE)
    muted = rules.mute(OFF, phase=Phase.WAITING, free=True)
    assert muted == Pressed(OFF, Effect.REFUSED)
    assert press(OFF, LONG, phase=Phase.OVERTIME, free=True) == Pressed(FREE_LIVE)


@pytest.mark.parametrize("phase", ON_THE_WAY)
def test_on_the_way_the_camera_is_the_calls(phase: Phase) -> None:
    assert press(RAISED, SHORT, phase=phase, free=True) == Pressed(RAISED, Effect.SHOW_STATUS)
    assert press(RAISED, LONG, phase=phase, free=True) == Pressed(RAISED)


@pytest.mark.parametrize(
    ("before", "kind", "free", "after", "effect"),
    [
        (OFF, SHORT, False, RAISED, None),
        (OFF, SHORT, True, RAISED, None),
        (RAISED, SHORT, False, OFF, None),
        (SEEN, SHORT, False, Floor(hand_confirmed=True), None),
        (FAILED, SHORT, False, RAISED, None),
        (RETURNED, SHORT, False, RAISED, None),
        (OFF, LONG, True, FREE_LIVE, None),
        (SEEN, LONG, True, Floor(hand_confirmed=True, mic=True), None),
        (FAILED, LONG, True, FREE_LIVE, None),
        (OFF, LONG, False, OFF, Effect.REFUSED),
        (SEEN, LONG, False, SEEN, Effect.REFUSED),
        (FREE_LIVE, SHORT, True, OFF, None),
        (FREE_LIVE, LONG, True, OFF, None),
        (FREE_LIVE, LONG, False, OFF, None),
        (GIVEN, SHORT, False, LIVE, None),
        (replace(SEEN, given=True), SHORT, False, replace(LIVE, hand_confirmed=True), None),
        (LIVE, SHORT, False, GIVEN, None),
        (LIVE, LONG, False, RETURNED, Effect.GIVE_BACK),
        (LIVE, LONG, True, RETURNED, Effect.GIVE_BACK),
        (GIVEN, LONG, False, RETURNED, Effect.GIVE_BACK),
    ],
)
def test_in_a_meeting(
    before: Floor, kind: Press, free: bool, after: Floor, effect: Effect | None
) -> None:
    assert press(before, kind, phase=Phase.IN_MEETING, free=free) == Pressed(after, effect)


@pytest.mark.parametrize(
    ("before", "phase", "free", "after", "effect"),
    [
        (OFF, Phase.IN_MEETING, False, OFF, Effect.REFUSED),
        (OFF, Phase.IN_MEETING, True, FREE_LIVE, None),
        (GIVEN, Phase.IN_MEETING, False, LIVE, None),
        (LIVE, Phase.IN_MEETING, False, GIVEN, None),
        (OFF, Phase.IDLE, True, OFF, Effect.SHOW_STATUS),
        (RAISED, Phase.REJOINING, True, RAISED, Effect.SHOW_STATUS),
    ],
)
def test_the_second_button(
    before: Floor, phase: Phase, free: bool, after: Floor, effect: Effect | None
) -> None:
    assert rules.mute(before, phase=phase, free=free) == Pressed(after, effect)


def test_what_the_far_end_says() -> None:
    assert rules.confirm(RAISED, True) == SEEN
    assert rules.confirm(SEEN, False) == RAISED
    assert rules.fail(RAISED) == FAILED
    assert rules.fail(LIVE) == LIVE
    assert rules.confirm(FAILED, True) == SEEN
    assert rules.give(SEEN) == replace(SEEN, given=True)
    assert rules.take_back(LIVE) == OFF
    assert rules.drop(replace(LIVE, hand=True, hand_confirmed=True)) == RAISED
    assert rules.leave() == OFF


def test_a_floor_that_was_given_back_is_not_taken_for_given_again() -> None:
    back = press(LIVE, LONG, phase=Phase.IN_MEETING, free=False).floor
    still = rules.hear(back, confirmed=False, given=True)
    assert not still.given
    gone = rules.hear(still, confirmed=False, given=False)
    assert gone == OFF
    assert rules.hear(gone, confirmed=False, given=True).given


def test_a_hand_after_giving_back_takes_the_floor_that_is_still_ours() -> None:
    back = press(LIVE, LONG, phase=Phase.IN_MEETING, free=False).floor
    again = press(back, SHORT, phase=Phase.IN_MEETING, free=False).floor
    assert rules.hear(again, confirmed=True, given=True) == replace(SEEN, given=True)


def test_where_sites_speak_freely_nobody_closes_the_microphone_by_not_giving_the_floor() -> None:
    assert rules.hear(FREE_LIVE, confirmed=False, given=False) == FREE_LIVE


@pytest.mark.parametrize(
    ("floor", "phase", "lamp"),
    [
        (OFF, Phase.IDLE, Lamp.OFF),
        (OFF, Phase.UPCOMING, Lamp.NEAR),
        (OFF, Phase.JOINING, Lamp.NEAR),
        (OFF, Phase.IN_MEETING, Lamp.RED),
        (OFF, Phase.REJOINING, Lamp.RED),
        (OFF, Phase.LEAVING, Lamp.OFF),
        (RAISED, Phase.IN_MEETING, Lamp.AMBER_BLINK),
        (RAISED, Phase.REJOINING, Lamp.AMBER_BLINK),
        (SEEN, Phase.IN_MEETING, Lamp.AMBER),
        (Floor(hand_confirmed=True), Phase.IN_MEETING, Lamp.AMBER),
        (FAILED, Phase.IN_MEETING, Lamp.FAILED),
        (GIVEN, Phase.IN_MEETING, Lamp.YOURS),
        (replace(SEEN, given=True), Phase.IN_MEETING, Lamp.YOURS),
        (replace(FAILED, given=True), Phase.IN_MEETING, Lamp.YOURS),
        (LIVE, Phase.IN_MEETING, Lamp.GREEN),
        (FREE_LIVE, Phase.IN_MEETING, Lamp.GREEN),
        (LIVE, Phase.LEAVING, Lamp.GREEN),
    ],
)
def test_the_lamp(floor: Floor, phase: Phase, lamp: Lamp) -> None:
    assert rules.lamp(floor, phase) is lamp


floors = st.builds(Floor, *[st.booleans()] * 6)
phases = st.sampled_from(Phase)
HANDS = frozenset({"press", "mute"})


@st.composite
def events(draw: st.DrawFn) -> tuple[str, object]:
    kind = draw(st.sampled_from(("press", "mute", "confirm", "fail", "give", "take", "hear", "go")))
    match kind:
        case "press":
            return kind, draw(st.sampled_from(Press))
        case "confirm":
            return kind, draw(st.booleans())
        case "hear":
            return kind, draw(st.tuples(st.booleans(), st.booleans()))
        case "go":
            return kind, draw(phases)
    return kind, None


def happens(floor: Floor, phase: Phase, free: bool, event: tuple[str, object]) -> Floor:
    match event:
        case "press", Press() as kind:
            floor = press(floor, kind, phase=phase, free=free).floor
        case "mute", _:
            floor = rules.mute(floor, phase=phase, free=free).floor
        case "confirm", bool() as up:
            floor = rules.confirm(floor, up)
        case "hear", (bool() as confirmed, bool() as given_):
            floor = rules.hear(floor, confirmed=confirmed, given=given_)
        case "fail", _:
            floor = rules.fail(floor)
        case "give", _:
            floor = rules.give(floor)
        case "take", _:
            floor = rules.take_back(floor)
    return floor


@given(st.booleans(), st.lists(events(), max_size=40))
def test_the_microphone_is_never_live_unless_a_hand_at_the_site_pressed(
    free: bool, evening: list[tuple[str, object]]
) -> None:
    floor, phase = OFF, Phase.IDLE
    for event in evening:
        before = floor
        if event[0] == "go":
            assert isinstance(event[1], Phase)
            phase = event[1]
            floor = rules.within(floor, phase)
        else:
            floor = happens(floor, phase, free, event)
        opened = floor.mic and not before.mic
        if opened:
            assert event[0] in HANDS
            assert phase is Phase.IN_MEETING
            assert free or before.given
        if floor.mic:
            assert phase is Phase.IN_MEETING
            assert rules.lamp(floor, phase) is Lamp.GREEN
            assert not floor.hand
        else:
            assert rules.lamp(floor, phase) is not Lamp.GREEN
        assert not (floor.given and floor.returned)


@given(floors, st.sampled_from(Press), phases, st.booleans())
def test_any_press_closes_a_live_microphone(
    floor: Floor, kind: Press, phase: Phase, free: bool
) -> None:
    live = replace(floor, mic=True)
    assert not press(live, kind, phase=Phase.IN_MEETING, free=free).floor.mic
    assert not rules.mute(live, phase=Phase.IN_MEETING, free=free).floor.mic


@given(floors, phases)
def test_leaving_a_meeting_switches_everything_off(floor: Floor, phase: Phase) -> None:
    there = rules.within(floor, phase)
    assert rules.within(there, phase) == there
    if phase is Phase.REJOINING:
        assert there == Floor(hand=floor.hand)
    elif phase not in IN_CALL:
        assert there == OFF


@given(floors)
def test_taking_the_floor_back_closes_the_microphone(floor: Floor) -> None:
    taken = rules.take_back(floor)
    assert not taken.mic
    assert not taken.given
    if floor.given:
        assert not rules.hear(floor, confirmed=floor.hand_confirmed, given=False).mic


@given(floors, st.booleans(), st.booleans())
def test_hearing_the_same_twice_changes_nothing(floor: Floor, up: bool, ours: bool) -> None:
    heard = rules.hear(floor, confirmed=up, given=ours)
    assert rules.hear(heard, confirmed=up, given=ours) == heard
    assert not (heard.mic and not floor.mic)


@given(floors, phases)
def test_amber_says_what_is_confirmed_never_what_was_pressed(floor: Floor, phase: Phase) -> None:
    if rules.lamp(floor, phase) is Lamp.AMBER:
        assert floor.hand_confirmed
    pressed = press(floor, SHORT, phase=phase, free=False).floor
    assert pressed.hand_confirmed == floor.hand_confirmed
