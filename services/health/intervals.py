"""How often the site reports its health, and how soon it comes back to a broker that it lost."""

from collections.abc import Mapping
from typing import Any

CALM_S = 60.0
"""Three missed ones are three minutes; presence tells of a pulled cable long before."""
QUICK_S = 10.0
"""In the quarter hour before a meeting and during it, when somebody can still help."""

SHORTEST_WAIT_S, FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 4.0, 30.0
"""All sites of a broker that fell lose their lines in the same second, and what a broker can do is
some hundred TLS handshakes a second; one that is given up half-way was done for nothing."""

CALM_PHASES = frozenset({"idle"})


def period_s(endpoint: Mapping[str, Any] | None) -> float:
    """Seconds between two reports; the endpoint's phase UPCOMING begins a quarter hour before.

    A silent endpoint is reported calmly: its alarm went out at once.
    """
    if endpoint is None or endpoint.get("phase") in CALM_PHASES:
        return CALM_S
    return QUICK_S


def reconnect_s(tries: int, chance: float) -> float:
    """Seconds before the next try, after so many in vain; `chance`, of [0, 1), spreads a herd.

    Anything up to a bound that doubles: with less of it two thousand sites come back as one.
    """
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries, 10))
    return SHORTEST_WAIT_S + chance * (longest - SHORTEST_WAIT_S)
