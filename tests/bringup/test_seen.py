"""What counts over restarts: starts, plugs, presses, orders, the call."""

from dataclasses import replace
from pathlib import Path

from services.bringup.memory import FILE, read, write
from services.bringup.seen import (
    Arrival,
    Ending,
    Seen,
    begun,
    with_call,
    with_gesture,
    with_sound,
    with_tvs,
)

ONE, TWO = frozenset({"HDMI-A-1"}), frozenset({"HDMI-A-2"})
NONE: frozenset[str] = frozenset()


def started(*boots: tuple[str, str | None], seen: Seen | None = None) -> Seen:
    """Starts with these slots, each before it pending what stands beside it."""
    seen = seen or Seen()
    for number, (slot, pending) in enumerate(boots, seen.starts):
        seen = begun(replace(seen, pending=pending or ""), f"boot {number}", slot, None)
    return seen


def test_a_start_nobody_asked_for_is_a_pulled_plug_but_the_first() -> None:
    assert started(("A", None)).pulls == 0
    seen = started(("A", None), ("A", None), ("A", Ending.RESTART), ("A", None))
    assert (seen.starts, seen.pulls, seen.restarts) == (4, 2, 1)


def test_the_program_alone_started_again_is_no_start() -> None:
    seen = started(("A", None))
    assert begun(seen, seen.boot_id, "A", None) == seen


def test_the_start_after_a_panic_has_its_words_and_one_without_them_says_so() -> None:
    asked = replace(started(("A", None)), pending=Ending.PANIC.value)
    assert begun(asked, "b", "A", "Kernel panic - not syncing").panic.startswith("Kernel panic")
    assert "without last words" in begun(asked, "b", "A", None).panic
    hung = replace(asked, pending=Ending.HANG.value)
    assert begun(hung, "b", "A", None).hang == "started again"
    assert begun(hung, "b", "A", None).pulls == 0


def test_an_update_and_the_way_back_are_nobodys_plug() -> None:
    seen = started(("A", None), ("B", None), ("A", Ending.BACK))
    assert seen.slots == ("A", "B", "A")
    assert seen.pulls == 0


def test_a_tv_that_goes_and_comes_is_counted_and_in_the_call_apart() -> None:
    seen = with_tvs(Seen(), None, ONE, ONE, in_call=False)
    assert (seen.away, seen.late_tvs, seen.shown) == (0, 0, ONE)
    seen = with_tvs(seen, ONE, NONE, NONE, in_call=False)
    seen = with_tvs(seen, NONE, TWO, TWO, in_call=True)
    assert (seen.away, seen.back, seen.away_in_call, seen.back_in_call) == (1, 1, 0, 1)
    assert seen.shown == ONE | TWO
    assert seen.late_tvs == 0, "this start began with a TV"


def test_a_start_without_a_tv_and_one_that_comes_once() -> None:
    seen = with_tvs(Seen(), None, NONE, NONE, in_call=False)
    seen = with_tvs(seen, NONE, ONE, NONE, in_call=False)
    assert (seen.late_tvs, seen.shown) == (1, NONE)
    seen = with_tvs(seen, ONE, ONE, ONE, in_call=False)
    seen = with_tvs(with_tvs(seen, ONE, NONE, NONE, in_call=False), NONE, ONE, ONE, in_call=False)
    assert (seen.late_tvs, seen.shown) == (1, ONE)


def test_the_order_of_camera_and_speakerphone_is_seen_when_both_are_there() -> None:
    camera_alone, both = {"mic": True}, {"mic": False, "C920": True}
    seen = with_sound(Seen(), frozenset(), camera_alone)
    assert not seen.arrivals
    assert not seen.wrong_microphone
    seen = with_sound(seen, frozenset({True}), both)
    assert seen.arrivals == {Arrival.WEBCAM}
    seen = with_sound(seen, frozenset({False}), both)
    assert seen.arrivals == {Arrival.WEBCAM, Arrival.SPEAKERPHONE}
    assert not seen.wrong_microphone
    assert with_sound(seen, frozenset({True}), {"mic": True, "S510": False}).wrong_microphone


def test_a_call_is_timed_while_it_is_up_and_its_hottest_moment_stays() -> None:
    seen = Seen()
    for up, celsius, slow in ((True, 60.0, ()), (True, 74.0, ("throttled",)), (True, 70.0, None)):
        was_up = seen.calls > 0
        seen = with_call(seen, 5.0, was_up=was_up, up=up, ended="", celsius=celsius, slowed_by=slow)
    assert (seen.call_s, seen.calls, seen.hottest_c) == (10.0, 1, 74.0)
    assert seen.slowed_by == {"throttled"}
    after = with_call(seen, 5.0, was_up=True, up=False, ended="lost", celsius=None, slowed_by=None)
    assert (after.call_s, after.call_end) == (10.0, "lost")


def test_all_of_it_outlives_a_pulled_plug(tmp_path: Path) -> None:
    seen = replace(
        with_gesture(started(("A", None)), "long"),
        shown=ONE,
        arrivals=frozenset({Arrival.WEBCAM.value}),
        kept={"7": "ü | ♥"},
        call_s=12.5,
    )
    assert write(tmp_path, seen) == ""
    assert read(tmp_path) == seen


def test_what_cannot_be_read_begins_anew_and_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    assert read(tmp_path) == Seen()
    for broken in (b"", b"{", b'{"starts": "many"}', b"[]"):
        (tmp_path / FILE).write_bytes(broken)
        assert read(tmp_path) == Seen()
    (tmp_path / "file").write_bytes(b"")
    assert "file" in write(tmp_path / "file", Seen())
