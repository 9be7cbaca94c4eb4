"""No press lost, none doubled: gestures against presses that were ideal before the noise came."""

from hypothesis import given
from hypothesis import strategies as st

from hardware.gestures import Gesture, Gestures
from tests.hardware.trains import Edge, Train, trains

SHORT, LONG, HELD, RELEASED, STUCK, FREED = Gesture


def fed(edges: list[Edge] | tuple[Edge, ...], end: float, pressed: bool = False) -> list[Gesture]:
    button = Gestures(0.0, pressed)
    done = [gesture for at, level in edges for gesture in button.edge(at, level)]
    return done + button.pass_time(end)


def fed_by_timer(train: Train) -> list[Gesture]:
    """As the panel feeds it: it wakes whenever something is due, and at every edge."""
    button, done = Gestures(0.0, False), []
    for at, level in (*train.edges, (train.end, False)):
        while (due := button.due) is not None and due <= at:
            done += button.pass_time(due)
        done += button.edge(at, level)
    return done


def test_a_short_press_counts_at_its_release() -> None:
    button = Gestures(0.0, False)
    assert button.edge(1.0, True) == []
    assert button.pass_time(1.03) == []
    assert button.edge(1.4, False) == []
    assert button.pass_time(1.429) == []
    assert button.pass_time(1.431) == [SHORT]


def test_a_long_press_counts_while_it_is_held_and_never_twice() -> None:
    button = Gestures(0.0, False)
    button.edge(1.0, True)
    assert button.pass_time(2.49) == []
    assert button.pass_time(2.51) == [LONG]
    assert button.edge(3.0, False) + button.pass_time(4.0) == [RELEASED]


def test_a_press_that_is_held_says_so_once_and_then_that_it_was_released() -> None:
    button = Gestures(0.0, False)
    button.edge(1.0, True)
    assert button.pass_time(5.99) == [LONG]
    assert button.pass_time(6.01) == [HELD]
    assert button.pass_time(30.9) == []
    assert button.edge(30.95, False) + button.pass_time(99.0) == [RELEASED]


def test_released_just_before_the_hold_time_is_short_even_if_seen_after_it() -> None:
    assert fed([(1.0, True), (2.49, False)], 5.0) == [SHORT]
    assert fed([(1.0, True), (2.51, False)], 5.0) == [LONG, RELEASED]


def test_a_glitch_across_the_hold_time_only_delays_it() -> None:
    button = Gestures(0.0, False)
    assert button.edge(1.0, True) + button.edge(2.49, False) == []
    assert button.edge(2.51, True) == [LONG]
    assert button.edge(4.0, False) + button.pass_time(5.0) == [RELEASED]


def test_a_glitch_of_20_ms_is_no_press() -> None:
    assert fed([(1.0, True), (1.02, False)], 5.0) == []


def test_a_stuck_button_is_ignored_until_it_is_released() -> None:
    button = Gestures(0.0, False)
    button.edge(1.0, True)
    assert button.pass_time(30.9) == [LONG, HELD]
    assert not button.stuck
    assert button.pass_time(31.1) == [STUCK]
    assert button.stuck
    assert button.due is None
    assert button.edge(99.0, False) + button.pass_time(99.1) == [FREED]
    assert not button.stuck
    assert button.edge(100.0, True) + button.edge(100.2, False) == []
    assert button.pass_time(101.0) == [SHORT]


def test_pressed_at_the_start_is_no_press() -> None:
    released = [(3.0, False)]
    assert fed(released, 5.0, pressed=True) == []
    assert fed([*released, (4.0, True), (4.2, False)], 5.0, pressed=True) == [SHORT]
    assert fed([(45.0, False)], 50.0, pressed=True) == [STUCK, FREED]


def test_an_edge_from_the_past_counts_as_now_and_doubles_nothing() -> None:
    button = Gestures(0.0, False)
    button.edge(1.0, True)
    assert button.pass_time(2.6) == [LONG]
    assert button.edge(2.4, False) + button.pass_time(9.0) == [RELEASED]


@given(trains())
def test_no_press_is_lost_and_none_is_doubled(train: Train) -> None:
    assert fed(train.edges, train.end) == train.meant


@given(trains())
def test_when_the_timer_runs_changes_nothing(train: Train) -> None:
    assert fed_by_timer(train) == train.meant


@given(trains(), st.lists(st.floats(0.0, 100.0), max_size=30))
def test_looking_more_often_changes_nothing(train: Train, looks: list[float]) -> None:
    button, done = Gestures(0.0, False), []
    waiting = sorted(at for at in looks if at < train.end)
    for at, level in train.edges:
        while waiting and waiting[0] <= at:
            done += button.pass_time(waiting.pop(0))
        done += button.edge(at, level)
    assert done + button.pass_time(train.end) == train.meant


@given(st.lists(st.tuples(st.floats(0.0, 0.5), st.booleans()), max_size=200), st.booleans())
def test_any_train_at_all_keeps_the_rules(steps: list[Edge], pressed: bool) -> None:
    """Even where nobody can say what was meant: never SHORT and LONG of one press."""
    button, at, done = Gestures(0.0, pressed), 0.0, []
    falls = int(pressed)
    for gap, level in steps:
        at += gap
        falls += level and not button.pressed
        done += button.edge(at, level)
        if (due := button.due) is not None:
            assert due > at
    done += button.edge(at + 1, False) + button.pass_time(at + 100)
    assert button.due is None
    assert done.count(SHORT) + done.count(LONG) <= falls
    assert done.count(STUCK) == done.count(FREED)
    assert done.count(HELD) <= done.count(LONG)
    assert done.count(LONG) <= done.count(RELEASED) + done.count(STUCK)
