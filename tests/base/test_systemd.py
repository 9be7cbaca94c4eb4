"""The notifier speaks to a real notify socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.base.systemd import SystemdNotifier


@pytest.fixture
def notify(tmp_path: Path) -> Iterator[socket.socket]:
    """What systemd holds: a datagram socket whose name is in the environment."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.setblocking(False)
        os.environ["NOTIFY_SOCKET"] = str(path)
        yield listener
        del os.environ["NOTIFY_SOCKET"]


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
