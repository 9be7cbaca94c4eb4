"""Looks at what hands change: button, TVs, microphones, the call; and notes it as `Seen`."""

import time
from collections.abc import Callable
from dataclasses import replace

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.base.paths import Paths
from appliance.core.decision import CallState
from appliance.core.problems import KINDS, ProblemKey
from hardware.vitals.temperature import soc_celsius
from hardware.vitals.throttling import slowed_by
from hardware.vitals.tv import tvs
from hardware.vitals.voltage import under_voltage
from services.bringup.pins import Button
from services.bringup.seen import Seen, with_call, with_gesture, with_sound, with_tvs
from services.bringup.usb_sound import usb_microphones

FRESH_S = 20.0
"""The endpoint writes its facts every five seconds."""
TOO_SLOW = KINDS[ProblemKey.BOARD_TOO_SLOW].code
LOOK_INTERVAL_S = 1.0
"""Between two looks at all but the button: a plug that goes for less is not what hands do."""


class Watcher:
    """Holds what the last look saw."""

    def __init__(self, paths: Paths, wall: Callable[[], float] = time.time) -> None:
        self._paths = paths
        self._wall = wall
        self._button = Button(paths.root)
        self._plugged: frozenset[str] | None = None
        self._microphones: frozenset[bool] = frozenset()
        self._looked_at: float | None = None
        self.in_call = False
        """Whether the call was up at the last look."""

    def look(self, seen: Seen, now: float) -> Seen:
        """What is seen by `now`, in seconds of a clock that never jumps; many times a second."""
        for gesture in self._button.look(now):
            seen = with_gesture(seen, gesture)
        elapsed = 0.0 if self._looked_at is None else now - self._looked_at
        if self._looked_at is not None and elapsed < LOOK_INTERVAL_S:
            return seen
        self._looked_at = now
        root = self._paths.root
        seen = self._call(seen, elapsed)
        sockets = tvs(root)
        plugged = frozenset(f"HDMI-A-{tv.socket}" for tv in sockets if tv.connected)
        shown = frozenset(f"HDMI-A-{tv.socket}" for tv in sockets if tv.shows)
        seen = with_tvs(seen, self._plugged, plugged, shown, in_call=self.in_call)
        self._plugged = plugged
        microphones = usb_microphones(root)
        seen = with_sound(seen, self._microphones, microphones)
        self._microphones = frozenset(microphones.values())
        if under_voltage(root):
            seen = replace(seen, under_voltage=True)
        return seen

    def _call(self, seen: Seen, elapsed: float) -> Seen:
        facts = ENDPOINT_FILE.read(self._paths.run, self._wall(), FRESH_S)
        up = facts is not None and facts.call == CallState.UP
        was_up, self.in_call = self.in_call, up
        root = self._paths.root
        too_slow = facts is not None and TOO_SLOW in facts.problems
        return with_call(
            replace(seen, no_calls=seen.no_calls or too_slow),
            elapsed,
            was_up=was_up,
            up=up,
            ended="" if facts is None else facts.ended,
            celsius=soc_celsius(root) if up else None,
            slowed_by=slowed_by(root) if up else None,
        )
