"""Asks the box's endpoint whether a meeting leaves room for an update.

The rule is `core.maintenance_window`; here is what it needs to know, and the wait for an endpoint
that has just been started anew.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.base.paths import Paths
from appliance.core.maintenance_window import SILENT, Activity, Work, why_wait
from services.support import shell
from services.updates import box
from services.updates.slot_confirmed import in_rescue

FRESH_S = 20.0
"""The endpoint writes its facts at least every 5 s."""
SILENT_S = 60.0
"""An endpoint that was started anew speaks again within this."""
POLL_INTERVAL_S = 2.0


@dataclass(frozen=True, slots=True)
class Window:
    """The maintenance window of one box; `attended` where somebody stands at it and wants this."""

    paths: Paths
    attended: bool
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def why_wait(self, work: Work) -> str:
        """Why `work` has to wait; "" where it may begin.

        A silent endpoint is waited for, up to `SILENT_S`; one that stays silent is in no meeting.
        """
        until = self.monotonic() + SILENT_S
        while (reason := self._reason(work)) == SILENT:
            if self.monotonic() >= until:
                return ""
            self.pause(POLL_INTERVAL_S)
        return reason

    def why_stop(self, work: Work) -> str:
        """Why `work` that has begun has to stop, asked again and again; "" where it may go on.

        An endpoint that falls silent meanwhile is no reason: it is started anew within seconds, and
        then says what it does.
        """
        reason = self._reason(work)
        return "" if reason == SILENT else reason

    def _reason(self, work: Work) -> str:
        facts = ENDPOINT_FILE.read(self.paths.run, self.now(), FRESH_S)
        activity = Activity(
            settings=box.settings(self.paths.data) is not None,
            phase=facts.phase if facts else None,
            meetings=facts.meetings if facts else (),
            clock_trusted=facts is not None and facts.clock_trusted,
            # systemd is asked only where the answer counts.
            support=work is Work.RESTART and shell.active(),
            rescue=in_rescue(self.paths.root),
            attended=self.attended,
        )
        return why_wait(work, activity, self.now())
