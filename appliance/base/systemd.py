"""Tells systemd that the program is ready, what it is doing, and that its work goes on."""

import time
from collections.abc import Callable

from systemd import daemon


class SystemdNotifier:
    """sd_notify(3). Outside systemd (no ``NOTIFY_SOCKET``) every call is without effect.

    The watchdog is fed by work done, not by a timer: `feed_watchdog` passes on only while each
    condition that `watch` was given still says that its work moves.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._conditions: dict[str, Callable[[float], bool]] = {}
        self._status = ""
        self._ready = False

    def watch(self, name: str, moves: Callable[[float], bool]) -> None:
        """From now on `feed_watchdog` asks ``moves(monotonic)``; a second of one name replaces."""
        self._conditions[name] = moves

    def ready(self) -> None:
        """READY=1, once."""
        if not self._ready:
            self._ready = True
            daemon.notify("READY=1")

    def status(self, text: str) -> None:
        """STATUS=…, one line for ``systemctl status``; sent only when it changes."""
        line = " ".join(text.split())
        if line != self._status:
            self._status = line
            daemon.notify(f"STATUS={line}")

    def feed_watchdog(self) -> tuple[str, ...]:
        """WATCHDOG=1 unless some work stands still; returns the names of what stands still."""
        now = self._monotonic()
        still = tuple(name for name, moves in self._conditions.items() if not moves(now))
        if not still:
            daemon.notify("WATCHDOG=1")
        return still

    def stopping(self) -> None:
        """STOPPING=1: what follows is a wanted end."""
        daemon.notify("STOPPING=1")
