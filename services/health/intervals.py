"""How often the site reports its health, and how soon it comes back to a broker that it lost."""

from appliance.core.decision import Phase

IDLE_INTERVAL_S = 60.0
"""Three missed ones are three minutes; presence tells of a pulled cable long before."""
MEETING_INTERVAL_S = 10.0
"""In the quarter hour before a meeting and during it, when somebody can still help."""

MIN_RECONNECT_S, FIRST_RECONNECT_S, MAX_RECONNECT_S = 0.5, 4.0, 30.0
"""All sites of a broker that fell lose their lines in the same second, and what a broker can do is
some hundred TLS handshakes a second; one that is given up half-way was done for nothing."""


def report_interval_s(phase: str | None) -> float:
    """Seconds between two reports in this phase of the endpoint, None while it is silent.

    UPCOMING begins a quarter hour before a meeting. A silent endpoint is reported calmly: its alarm
    went out at once.
    """
    if phase is None or phase == Phase.IDLE:
        return IDLE_INTERVAL_S
    return MEETING_INTERVAL_S


def reconnect_delay_s(tries: int, jitter: float) -> float:
    """Seconds before the next try, after so many in vain; `jitter`, of [0, 1), spreads the sites.

    Anything up to a bound that doubles: with less of it two thousand sites come back as one.
    """
    longest = min(MAX_RECONNECT_S, FIRST_RECONNECT_S * 2.0 ** min(tries, 10))
    return MIN_RECONNECT_S + jitter * (longest - MIN_RECONNECT_S)
