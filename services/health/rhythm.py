"""How often the site reports its health."""

from collections.abc import Mapping
from typing import Any

CALM_S = 60.0
"""Three missed ones are three minutes; presence tells of a pulled cable long before."""
QUICK_S = 10.0
"""In the quarter hour before a meeting and during it, when somebody can still help."""

CALM_PHASES = frozenset({"idle"})


def period_s(endpoint: Mapping[str, Any] | None) -> float:
    """Seconds between two reports; the endpoint's phase UPCOMING begins a quarter hour before.

    A silent endpoint is reported calmly: its alarm went out at once.
    """
    if endpoint is None or endpoint.get("phase") in CALM_PHASES:
        return CALM_S
    return QUICK_S
