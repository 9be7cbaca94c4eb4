"""How long VLC's child may be silent: at its start, in running, on a machine without time."""

from appliance.media.tv.patience import (
    FREEZE_TIMEOUT_S,
    MAX_FACTOR,
    MAX_START_TIMEOUT_S,
    START_TIMEOUT_S,
    STATUS_TIMEOUT_S,
    STEADY_S,
    Patience,
)


def begun(patience: Patience, now: float) -> None:
    patience.begin()
    patience.shows(now)


def test_a_child_has_longer_until_its_first_picture() -> None:
    patience = Patience()
    patience.begin()
    assert patience.status_s == patience.freeze_s == START_TIMEOUT_S
    patience.shows(100.0)
    assert (patience.status_s, patience.freeze_s) == (STATUS_TIMEOUT_S, FREEZE_TIMEOUT_S)
    patience.begin()
    assert patience.status_s == START_TIMEOUT_S


def test_each_child_that_was_ended_gives_the_next_twice_the_time_up_to_a_bound() -> None:
    patience = Patience()
    given = []
    for number in range(6):
        begun(patience, number * 10.0)
        given.append(patience.status_s)
        patience.lost()
    assert given == [3.0, 6.0, 12.0, 24.0, 24.0, 24.0]
    assert given[-1] == MAX_FACTOR * STATUS_TIMEOUT_S < START_TIMEOUT_S


def test_so_do_children_that_never_showed_a_picture() -> None:
    """On a fifth of a core each was ended at 30 s, and what its start had cost was lost."""
    patience = Patience()
    given = []
    for _ in range(5):
        patience.begin()
        given.append(patience.status_s)
        patience.lost()
    assert given == [30.0, 60.0, 120.0, 120.0, 120.0]
    assert given[-1] == MAX_START_TIMEOUT_S


def test_one_that_stays_sets_it_back() -> None:
    patience = Patience()
    patience.lost()
    begun(patience, 0.0)
    patience.shows(STEADY_S - 1.0)
    assert patience.freeze_s == 2 * FREEZE_TIMEOUT_S
    patience.shows(STEADY_S + 1.0)
    assert patience.freeze_s == FREEZE_TIMEOUT_S
