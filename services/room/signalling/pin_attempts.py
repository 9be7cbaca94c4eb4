"""Counts wrong PINs, by address and by room, and makes who tries them wait.

A PIN has four to six digits: without a bound it is found in minutes. Of one address the fifth wrong
one in a row costs two seconds, each further one twice as long. Many addresses that try together
slow down whoever has not given the right one here before. A wait is refused in words, never slept
through, so nothing piles up; a session that has given its PIN is not asked again.
"""

import ipaddress
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from services.room.errors import TOO_MANY, VideoRoomError

log = logging.getLogger("diemcau.room")

FREE_ATTEMPTS = 5  # of one address: a clerk mistypes
FIRST_WAIT_S, MAX_WAIT_S = 2.0, 60.0
FORGET_S = 1800.0  # after the last wrong one of an address
WINDOW_S = 600.0  # in which the wrong ones of a whole room are counted
FREE_OF_ROOM = 30  # in the window, from all addresses together
MAX_ROOM_WAIT_S = {"pin": 5.0, "chair": 60.0}
"""Who comes for the first time waits as well: a site must get in in spite of an attack."""
MAX_COUNTED = 4096  # addresses, and as many that gave the right one
KNOWN_S = 12 * 3600.0


@dataclass
class Caller:
    """Who asks: the address, and what this session has given the right PIN for."""

    address: str = ""
    proved: set[tuple[int, str]] = field(default_factory=set)
    origin: str = field(init=False)

    def __post_init__(self) -> None:
        self.origin = origin(self.address)


@dataclass(slots=True)
class _Wrong:
    count: int = 0
    last_at: float = 0.0
    until: float = 0.0


@dataclass(slots=True)
class _Room:
    wrong: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_COUNTED))
    until: float = 0.0
    beyond: int = 0  # wrong ones since there were too many; over when none was for a window
    told_at: float = float("-inf")

    def count(self, now: float) -> int:
        while self.wrong and now - self.wrong[0] > WINDOW_S:
            self.wrong.popleft()
        return len(self.wrong)


Key = tuple[str, int, str]


class PinAttempts:
    """All attempts; `kind` is "pin" (the room's) or "chair". Times are monotonic seconds."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[Key, _Wrong] = OrderedDict()
        self._known: OrderedDict[Key, float] = OrderedDict()
        self._rooms: dict[tuple[int, str], _Room] = {}

    def check(self, room: int, kind: str, caller: Caller, now: float) -> None:
        """Raise `VideoRoomError` where this caller has to wait before the next attempt."""
        if (room, kind) in caller.proved:
            return
        key = (caller.origin, room, kind)
        wrong = self._wrong.get(key)
        until = wrong.until if wrong is not None else 0.0
        if now - self._known.get(key, -KNOWN_S) >= KNOWN_S:
            until = max(until, self._room(room, kind).until)
        if until > now:
            raise VideoRoomError(
                TOO_MANY, f"Too many wrong PINs: the next one is heard in {until - now:.0f} s"
            )

    def right(self, room: int, kind: str, caller: Caller, now: float) -> None:
        """Note a right one: this address may mistype anew."""
        caller.proved.add((room, kind))
        key = (caller.origin, room, kind)
        self._wrong.pop(key, None)
        self._known[key] = now
        self._known.move_to_end(key)
        while len(self._known) > MAX_COUNTED:
            self._known.popitem(last=False)

    def wrong(self, room: int, kind: str, caller: Caller, now: float) -> None:
        """Note a wrong one, and say so in the log: at the fifth, the tenth, the twentieth, …"""
        key = (caller.origin, room, kind)
        one = self._wrong.pop(key, None)
        if one is None or now - one.last_at > FORGET_S:
            one = _Wrong()
        self._wrong[key] = one  # the newest stand last
        while len(self._wrong) > MAX_COUNTED:
            self._wrong.popitem(last=False)
        one.count, one.last_at = one.count + 1, now
        if one.count >= FREE_ATTEMPTS:
            doublings = min(one.count - FREE_ATTEMPTS, 16)
            one.until = now + min(MAX_WAIT_S, FIRST_WAIT_S * 2**doublings)
            if _is_told(one.count, FREE_ATTEMPTS):
                log.warning(
                    "room %d: %d wrong PINs (%s) from %s, the next one is heard in %.0f s",
                    room, one.count, kind, key[0], one.until - now,
                )  # fmt: skip
        self._slow_down(room, kind, now)

    def recent(self, room: int, now: float) -> int:
        """How many wrong ones there were in the window, of both kinds."""
        return sum(one.count(now) for (number, _), one in self._rooms.items() if number == room)

    def _slow_down(self, room: int, kind: str, now: float) -> None:
        """Note a wrong one in the count of the whole room."""
        whole = self._room(room, kind)
        if not whole.count(now):
            whole.beyond = 0
        whole.wrong.append(now)
        if whole.count(now) < FREE_OF_ROOM and not whole.beyond:
            return
        whole.until = now + min(MAX_ROOM_WAIT_S[kind], 2.0 ** min(whole.beyond // 5, 16))
        whole.beyond += 1
        if now - whole.told_at > WINDOW_S:
            whole.told_at = now
            log.warning("room %d: wrong PINs (%s) from many addresses", room, kind)

    def _room(self, room: int, kind: str) -> _Room:
        return self._rooms.setdefault((room, kind), _Room())


def origin(address: str) -> str:
    """An IPv4 address, or the network of 64 bits of an IPv6 one: what one house is given."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 64), strict=False))


def _is_told(count: int, first: int) -> bool:
    """At `first`, and at each doubling of it."""
    share, rest = divmod(count, first)
    return rest == 0 and share & (share - 1) == 0
