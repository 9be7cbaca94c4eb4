"""When to dial again: at once after a call that worked, then ever slower, never all sites in step.

A province's sites lose their server in the same second and begin their meetings in the same minute.
So every wait carries a jitter, drawn from the site's own name: it differs between sites and is the
same for the same site and try, so that a log can be checked against it.

Retrying is no problem and never ends by itself; the meeting's end ends it.
"""

from dataclasses import dataclass
from hashlib import blake2b

from appliance.core.end_reasons import EndReason

QUICK_RETRY_S = 0.5
"""The spread of the first try after a call that worked: people are looking at a frozen picture."""

DOORS_SHARE = 0.5
"""Of the time from the doors to the begin, in which the sites come in."""

POWER_SPREAD_S = 30.0
"""A district's power comes back in one second, and its boxes start alike: over so long they call.
Ten communes are one in three seconds, and 135 are four or five a second."""
POWER_CAME_S = 120.0
"""A program that starts while its board has been up for less was started by the power. Later it was
started anew alone, after a fault or by a hand, and comes back at once: nobody else does so then."""
MIN_DUE_S = 2.0
"""A meeting whose doors open now needs no other spread than that of the doors."""

MIN_MEDIA_S = 10.0
"""A call whose media flowed this long worked; a shorter one counts as one more failed try, so that
a far end that lets sites in and throws them out again is not dialed twice a second."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """The wait before the first repeated try, which doubles, and the longest, in seconds."""

    first_s: float
    max_s: float


NOT_OPEN = frozenset({EndReason.REFUSED, EndReason.FORBIDDEN, EndReason.BUSY, EndReason.FAR_END})
"""Before a meeting's begin these are no problem: its room is opened when it begins, or shortly
before, and an MCU closes one again in which a site waited alone (RMX: Auto Terminate, 1 minute)."""

MIN_OPENING_S, MAX_OPENING_S = 20.0, 30.0
"""Between two tries of a room that is not open yet: gentle to an MCU that a whole province asks,
and soon enough to be in before the opening."""

ORDINARY = Backoff(1.0, 30.0)
CONFIGURED = Backoff(10.0, 120.0)  # only a changed agenda, certificate or clock will help
ACCOUNT = Backoff(60.0, 300.0)  # servers lock an account after a handful of wrong passwords

BACKOFFS: dict[EndReason, Backoff] = {
    EndReason.BUSY: Backoff(5.0, 30.0),  # a full room empties slowly
    EndReason.REFUSED: Backoff(2.0, 30.0),  # the room is often opened some minutes late
    EndReason.UNREACHABLE: ORDINARY,
    EndReason.UNAUTHORISED: ACCOUNT,
    EndReason.FORBIDDEN: CONFIGURED,
    EndReason.UNTRUSTED: CONFIGURED,
    EndReason.NO_MEDIA: Backoff(2.0, 30.0),
    EndReason.FAR_END: ORDINARY,
    EndReason.LOST: ORDINARY,
    EndReason.BAD_ADDRESS: CONFIGURED,
    EndReason.OURS: ORDINARY,
}


def tries_after(tries: int, media_s: float) -> int:
    """How many tries have failed in a row, after one more whose media flowed for `media_s`."""
    return 0 if media_s >= MIN_MEDIA_S else tries + 1


def retry_delay(tries: int, reason: EndReason, seed: str) -> float:
    """Seconds to wait before dialing again.

    `tries` is how many failed in a row (`tries_after`); 0 after a call that worked. `seed` is the
    site's name. The wait lies between half and all of the backoff's step, which doubles every time.
    """
    jitter = _unit(seed, tries)
    if tries <= 0:
        return QUICK_RETRY_S * jitter
    backoff = BACKOFFS[reason]
    doublings = min(tries - 1, 16)  # far beyond every cap, and no number grows without a bound
    step = min(backoff.max_s, backoff.first_s * 2.0**doublings)
    return step * (0.5 + 0.5 * jitter)


def opening_delay(tries: int, seed: str) -> float:
    """Seconds to wait before a room that is not open yet is tried again."""
    return MIN_OPENING_S + (MAX_OPENING_S - MIN_OPENING_S) * _unit(seed, tries)


def first_delay(seed: str, spread_s: float = 0.0) -> float:
    """Seconds to wait at a meeting's begin, so that a large room is filled over `spread_s`."""
    return spread_s * _unit(seed, -1)


def own_doors(doors_s: float, seed: str) -> float:
    """How long before the begin the doors of this site open, of doors that open `doors_s` before.

    Nobody is late who comes in the second half, so the first is for coming one after another: 135
    sites in five minutes are one in two seconds, where they would be 135 in one.
    """
    return doors_s * (1.0 - DOORS_SHARE * _unit(seed, -1))


def power_delay(seed: str, uptime_s: float, due_for_s: float) -> float:
    """Seconds to wait before the first call of a program, by what started it.

    `uptime_s` is for how long the board had been up when the program started, `due_for_s` for how
    long the meeting has been due when it is wanted first. 0 but where the power came back in it.
    A box cannot know whether the whole district was dark or its plug alone was pulled.
    """
    if uptime_s >= POWER_CAME_S or due_for_s < MIN_DUE_S:
        return 0.0
    return POWER_SPREAD_S * _unit(seed, -2)  # -1 would let the doors' early ones come first again


def _unit(seed: str, tries: int) -> float:
    """A number in [0, 1) that depends on nothing but its arguments, on every machine."""
    digest = blake2b(f"{seed}\0{tries}".encode(), digest_size=8).digest()
    return int.from_bytes(digest[:6], "big") / 2.0**48
