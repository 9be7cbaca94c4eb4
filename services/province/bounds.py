"""What one stranger may have of the program: so much a second, so many at once. Pure.

Kept in memory, a copy of the program each: these bounds protect the copy itself. What copies must
agree on, as wrong passwords, is in the database.
"""

import ipaddress
from collections import Counter
from dataclasses import dataclass

MAX_KEYS = 10_000
"""Strangers whose use is remembered; those who used least are forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, and so many at once after a rest."""

    per_s: float
    burst: float


class Buckets:
    """A token bucket for each key (RFC 2697's): it fills with time, and use takes from it."""

    def __init__(self, rate: Rate, *, max_keys: int = MAX_KEYS) -> None:
        self._rate = rate
        self._max_keys = max_keys
        self._kept: dict[str, tuple[float, float]] = {}  # key: tokens, when

    def take(self, key: str, now: float, amount: float = 1.0) -> bool:
        """Whether `key` may use `amount` at `now` (s, of any clock); what it may not is not taken.

        A clock that went back fills nothing.
        """
        tokens = self._tokens(key, now)
        allowed = tokens >= amount
        self._kept.pop(key, None)
        self._kept[key] = (tokens - amount if allowed else tokens, now)
        if len(self._kept) > self._max_keys:
            self._forget(now)
        return allowed

    def _tokens(self, key: str, now: float) -> float:
        tokens, at = self._kept.get(key, (self._rate.burst, now))
        return min(self._rate.burst, tokens + max(0.0, now - at) * self._rate.per_s)

    def _forget(self, now: float) -> None:
        full = [key for key in self._kept if self._tokens(key, now) >= self._rate.burst]
        for key in full or list(self._kept)[: self._max_keys // 10]:
            del self._kept[key]


class Shares:
    """How many of something are there at once: in all, and of each key by its own bound."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[str] = Counter()
        self.total = 0

    def hold(self, **keys: tuple[str, int]) -> bool:
        """Take one for all these keys, each with its bound; False, and nothing taken, where one of
        them has no more."""
        names = {f"{kind}:{key}": bound for kind, (key, bound) in keys.items()}
        if self.total >= self._most or any(self._held[n] >= most for n, most in names.items()):
            return False
        self.total += 1
        self._held.update(names.keys())
        return True

    def release(self, **keys: tuple[str, int]) -> None:
        """Give back what `hold` took."""
        self.total -= 1
        for name in (f"{kind}:{key}" for kind, (key, _) in keys.items()):
            self._held[name] -= 1
            if self._held[name] <= 0:
                del self._held[name]


def origin(address: str) -> str:
    """Whom an address stands for: of IPv6 its /64, for one host has as many addresses as it wants.

    What is no address stands for itself.
    """
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv6Address):
        if read.ipv4_mapped is not None:
            return str(read.ipv4_mapped)
        return str(ipaddress.ip_network((int(read), 64), strict=False))
    return str(read)
