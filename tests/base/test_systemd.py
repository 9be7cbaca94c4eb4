"""The notifier speaks to a real notify socket."""

import socket

from appliance.base.systemd import SystemdNotifier


def said(notify: socket.socket) -> list[str]:
    lines = []
    while True:
        try:
            lines.append(notify.recv(4096).decode())
        except BlockingIOError:
            return lines


def test_ready_is_said_once_and_a_status_when_it_changes(notify: socket.socket) -> None:
    notifier = SystemdNotifier()
    notifier.ready()
    notifier.ready()
    notifier.status("đang vào\ncuộc họp")
    notifier.status("đang vào cuộc họp")
    assert said(notify) == ["READY=1", "STATUS=đang vào cuộc họp"]


def test_the_watchdog_is_fed_only_while_the_work_moves(notify: socket.socket) -> None:
    moving = {"frames": True}
    notifier = SystemdNotifier()
    notifier.watch("frames", lambda _now: moving["frames"])
    assert notifier.feed_watchdog() == ()
    moving["frames"] = False
    assert notifier.feed_watchdog() == ("frames",)
    assert said(notify) == ["WATCHDOG=1"]


def test_each_condition_is_asked_with_the_time_and_all_that_stand_still_are_named(
    notify: socket.socket,
) -> None:
    asked: list[float] = []

    def moves(now: float) -> bool:
        asked.append(now)
        return now < 20.0

    clock = iter((10.0, 20.0, 30.0))
    notifier = SystemdNotifier(lambda: next(clock))
    notifier.watch("frames", moves)
    notifier.watch("sound", lambda now: now < 30.0)
    assert notifier.feed_watchdog() == ()
    assert notifier.feed_watchdog() == ("frames",)
    assert notifier.feed_watchdog() == ("frames", "sound")
    assert asked == [10.0, 20.0, 30.0]
    assert said(notify) == ["WATCHDOG=1"], "nothing while any of them stands still"


def test_a_second_condition_of_one_name_takes_the_place_of_the_first(
    notify: socket.socket,
) -> None:
    notifier = SystemdNotifier()
    notifier.watch("frames", lambda _now: False)
    notifier.watch("frames", lambda _now: True)
    assert notifier.feed_watchdog() == ()
    assert said(notify) == ["WATCHDOG=1"]


def test_a_status_is_one_line_and_said_again_when_it_comes_back(notify: socket.socket) -> None:
    notifier = SystemdNotifier()
    for text in (" a\tb\nREADY=1 ", "idle", "a b READY=1", ""):
        notifier.status(text)
    notifier.status("")
    notifier.stopping()
    assert said(notify) == [
        "STATUS=a b READY=1", "STATUS=idle", "STATUS=a b READY=1", "STATUS=", "STOPPING=1",
    ]  # fmt: skip


def test_outside_systemd_nothing_is_sent_and_nothing_fails() -> None:
    notifier = SystemdNotifier()
    notifier.ready()
    notifier.status("x")
    notifier.stopping()
    assert notifier.feed_watchdog() == ()
