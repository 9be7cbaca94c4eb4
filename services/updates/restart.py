"""May the box restart into what was installed? Pure, but for the wait for a silent endpoint."""

import time
from collections.abc import Callable
from pathlib import Path

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.core.decision import NEAR_S, Phase
from appliance.wire.facts import EndpointFacts

FRESH_S = 20.0
"""The endpoint writes its facts at least every 5 s."""
SILENT_S = 60.0
"""An endpoint that was started anew speaks again within this."""
SILENT = "the endpoint does not say what it is doing"


def obstacle(facts: EndpointFacts | None, *, settings: bool, support: bool) -> str:
    """Why not now; "" where it may.

    `facts` are the endpoint's, None while it is silent; without `settings` there is no endpoint.
    Its phase says whether a meeting is near (`phases.NEAR_S`, a quarter of an hour).
    """
    if support:
        return "support is at work at the box"
    if not settings:
        return ""
    if facts is None:
        return SILENT
    phase = facts.phase
    if phase == Phase.IDLE:
        return ""
    if phase == Phase.UPCOMING:
        return f"a meeting begins within {NEAR_S / 60:.0f} minutes"
    return f"the site is {phase}"


def ask(
    run: Path,
    settings: bool,
    support: bool,
    *,
    now: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """`obstacle` now. A silent endpoint is waited for; one that stays silent is in no meeting."""
    until = monotonic() + SILENT_S
    while True:
        facts = ENDPOINT_FILE.read(run, now(), FRESH_S)
        found = obstacle(facts, settings=settings, support=support)
        if found != SILENT:
            return found
        if monotonic() >= until:
            return ""
        pause(2.0)
