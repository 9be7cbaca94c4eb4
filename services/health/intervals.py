"""How often the site reports its health, and how soon it comes back to a broker that it lost."""

from appliance.core.decision import Phase

CALM_S = 60.0
"""Three missed ones are three minutes; presence tells of a pulled cable long before."""
QUICK_S = 10.0
"""In the quarter hour before a meeting and during it, when somebody can still help."""

SHORTEST_WAIT_S, FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 4.0, 30.0
"""All sites of a broker that fell lose their lines in the same second, and what a broker can do is
some hundred TLS handshakes a second; one that is given up half-way was done for nothing."""


def period_s(phase: str | None) -> float:
    """Seconds between two reports in this phase of the endpoint, None while it is silent.

    UPCOMING begins a quarter hour before a meeting. A silent endpoint is reported calmly: its alarm
    went out at once.
    """
    if phase is None or phase == Phase.IDLE:
        return CALM_S
    return QUICK_S


def reconnect_s(tries: int, chance: float) -> float:
    """Seconds before the next try, after so many in vain; `chance`, of [0, 1), spreads a herd.

    Anything up to a bound that doubles: with less of it two thousand sites come back as one.
    """
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries, 10))
    return SHORTEST_WAIT_S + chance * (longest - SHORTEST_WAIT_S)
