"""Session timers: end a call whose far end no longer refreshes it (RFC 4028)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from sipmessage import Message, Request, Response

from appliance.dialers.sip.signalling.message import number, tokens

INTERVAL_S = 1800
"""The interval that is asked for (section 4 recommends it)."""
MIN_INTERVAL_S = 90
"""The shortest interval that is taken (section 4 allows none shorter)."""
RETRY_MIN_S = 5.0
"""A refresh that was refused is tried again after a quarter of what is left, and not sooner."""
_REFRESHER = re.compile(r';\s*refresher\s*=\s*"?(ua[cs])\b')
MAX_INTERVAL_S = 86400
"""The longest interval that a far end may ask for by a 422."""


class Due(StrEnum):
    """What is to be done now."""

    REFRESH = "refresh"
    EXPIRED = "expired"


@dataclass
class SessionTimer:
    """The timer of one session, in seconds: ``wanted`` is what we ask for, ``least`` what we take.

    ``interval`` is 0 while the two ends have agreed on none.
    """

    wanted: int = INTERVAL_S
    least: int = MIN_INTERVAL_S
    interval: int = 0
    ours: bool = False  # whether we are the one who refreshes
    refreshes: int = 0
    _refresh_at: float | None = None
    _expire_at: float | None = None

    def ask(self, request: Request, *, first: bool) -> None:
        """Put the interval on an INVITE or UPDATE of ours; who refreshes is kept once agreed."""
        interval = max(self.wanted if first or not self.interval else self.interval, self.least)
        role = "" if first or not self.interval else f";refresher={'uac' if self.ours else 'uas'}"
        request.headers.set("Session-Expires", f"{interval}{role}")
        request.headers.set("Min-SE", str(self.least))

    def too_small(self, response: Response) -> bool:
        """Take a 422 to our request; False where it names no longer interval."""
        least = number(response, "Min-SE")
        if least is None or not self.least < least <= MAX_INTERVAL_S:
            return False
        self.least, self.wanted = least, max(self.wanted, least)
        self.interval = max(self.interval, least) if self.interval else 0
        return True

    def agreed(self, response: Response, now: float) -> None:
        """Take the interval of the 2xx to our INVITE or UPDATE (section 7.2)."""
        interval = number(response, "Session-Expires")
        self._set(interval or 0, ours=_refresher(response) != "uas", now=now)

    def refuses(self, request: Request) -> bool:
        """Whether the far end asks for less than we take: 422 (section 9)."""
        interval = number(request, "Session-Expires")
        return interval is not None and interval < self.least and _supports_timer(request)

    def answer(self, request: Request, response: Response, now: float) -> None:
        """Agree to the interval of an INVITE or UPDATE, and put it on our 2xx (section 9)."""
        interval = number(request, "Session-Expires")
        if interval is None:
            self._set(0, ours=False, now=now)
            return
        interval = max(interval, self.least, number(request, "Min-SE") or 0)
        role = _refresher(request) or ("uac" if _supports_timer(request) else "uas")
        if not _supports_timer(request):
            role = "uas"
        response.headers.set("Session-Expires", f"{interval};refresher={role}")
        if role == "uac":
            response.headers.set("Require", "timer")
        self._set(interval, ours=role == "uas", now=now)

    def next_timer(self) -> float | None:
        """When `due` gives something; None while nothing is."""
        times = [at for at in (self._refresh_at, self._expire_at) if at is not None]
        return min(times, default=None)

    def due(self, now: float) -> Due | None:
        """What is to be done now; each is given once."""
        if self._expire_at is not None and now >= self._expire_at:
            self.stop()
            return Due.EXPIRED
        if self._refresh_at is not None and now >= self._refresh_at:
            self._refresh_at = None
            return Due.REFRESH
        return None

    def refused(self, now: float) -> None:
        """Try again before the session ends, since a refresh of ours was refused."""
        if self._expire_at is not None and self.ours:
            again = now + max((self._expire_at - now) / 4, RETRY_MIN_S)
            self._refresh_at = again if again < self._expire_at else None

    def stop(self) -> None:
        """Stop, since the session is over."""
        self._refresh_at = self._expire_at = None

    def _set(self, interval: int, *, ours: bool, now: float) -> None:
        if self.interval and interval:
            self.refreshes += 1
        self.interval, self.ours = interval, ours
        self.stop()
        if interval:
            # Section 10: refresh at half time, end a little before the interval is over.
            self._refresh_at = now + interval / 2 if ours else None
            self._expire_at = now + interval - (0 if ours else min(32.0, interval / 3))


def _refresher(message: Message) -> str:
    """ "uac", "uas", or "" where the header says neither: then nobody would refresh."""
    value = (message.headers.get("Session-Expires") or "").lower()
    found = _REFRESHER.search(value)
    return found[1] if found else ""


def _supports_timer(request: Request) -> bool:
    return "timer" in tokens(request, "Supported") | tokens(request, "Require")
