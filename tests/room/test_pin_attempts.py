"""PINs are not guessed: attempts are counted by address and by room, in whatever request."""

import logging
from typing import Any

import pytest

from services.room.errors import VideoRoomError
from services.room.settings import RoomSettings
from services.room.signalling.pin_attempts import (
    FORGET_S,
    FREE_ATTEMPTS,
    FREE_OF_ROOM,
    MAX_COUNTED,
    MAX_ROOM_WAIT_S,
    MAX_WAIT_S,
    WINDOW_S,
    Caller,
    PinAttempts,
    origin,
)
from services.room.signalling.videoroom import VideoRoom
from tests.room.people import CHAIR_PIN, ROOM, Person

pytestmark = pytest.mark.case("U5")
PIN = "2468"
CHAIR = '{"name":"tỉnh","chair":true,"floor":null}'
REQUESTS: dict[str, dict[str, Any]] = {
    "kick": {"request": "kick", "id": 1},
    "destroy": {"request": "destroy"},
    "chair": {"request": "join", "pin": PIN, "display": CHAIR},
    "join": {"request": "join"},
    "subscribe": {"request": "join", "ptype": "subscriber", "streams": []},
}
SECRET_OF = {"kick": "secret", "destroy": "secret", "chair": "chair_pin"}


class Clock:
    """Stands until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Guessed:
    """A room that somebody tries PINs at, by the second."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.room = VideoRoom([RoomSettings(ROOM, "họp", PIN, CHAIR_PIN)], self.clock)
        self._handles = 0

    async def attempt(self, how: str, given: object, address: str = "192.0.2.1") -> int:
        """The code of the answer, 0 for none: in a new session each time."""
        self._handles += 1
        person = Person(self.room, self._handles, address)
        body = {**REQUESTS[how], "room": ROOM, SECRET_OF.get(how, "pin"): given}
        try:
            if how in ("kick", "destroy"):
                await self.room.handle_synchronous(body, person.handle.caller)
            else:
                await self.room.handle_asynchronous(person.handle, body, None)
        except VideoRoomError as error:
            return error.code
        await person.handle.close()
        return 0


RIGHT = {"kick": (CHAIR_PIN, 428), "destroy": (CHAIR_PIN, 0), "chair": (CHAIR_PIN, 0),
         "join": (PIN, 0), "subscribe": (PIN, 429)}  # fmt: skip
"""The right PIN, and what is answered to it: nobody to kick, nothing to subscribe to."""


@pytest.mark.parametrize("how", REQUESTS)
async def test_each_wrong_one_after_the_fifth_waits_longer(how: str) -> None:
    there = Guessed()
    for _ in range(FREE_ATTEMPTS):
        assert await there.attempt(how, "0") == 433
    right, answer = RIGHT[how]
    assert await there.attempt(how, right) == 490, "not even the right one is heard now"
    wait = 2.0
    while wait <= MAX_WAIT_S:
        there.clock.now += wait
        assert await there.attempt(how, "0") == 433
        there.clock.now += min(2 * wait, MAX_WAIT_S) - 0.1
        assert await there.attempt(how, "0") == 490
        there.clock.now += 0.1 - min(2 * wait, MAX_WAIT_S)
        wait *= 2
    assert await there.attempt(how, right, "198.51.100.1") == answer, "others are heard"


async def test_in_a_day_one_address_tries_few_of_a_million() -> None:
    there = Guessed()
    end, heard = there.clock.now + 86400.0, 0
    while there.clock.now < end:
        heard += await there.attempt("kick", "000000") == 433
        there.clock.now += 10.0
    assert heard < 2000


async def test_one_kind_of_pin_does_not_shut_the_other() -> None:
    """A wrong chair's PIN must not keep the sites behind the same address out."""
    there = Guessed()
    for _ in range(FREE_ATTEMPTS + 1):
        await there.attempt("kick", "0")
    assert await there.attempt("destroy", CHAIR_PIN) == 490, "the chair's, by any request"
    assert await there.attempt("chair", CHAIR_PIN) == 490
    assert await there.attempt("join", PIN) == 0


async def test_who_gave_the_pin_is_not_asked_again() -> None:
    there = Guessed()
    site = Person(there.room, 900, "192.0.2.1")
    await site.ask("join", pin=PIN, display="Xã")
    for _ in range(FREE_ATTEMPTS + 3):
        await there.attempt("join", "0")
    assert await there.attempt("join", PIN) == 490
    viewer = Person(there.room, 901, "192.0.2.1")
    viewer.handle.caller = site.handle.caller  # of one session
    with pytest.raises(VideoRoomError, match="At least one stream"):
        await viewer.ask("join", ptype="subscriber", pin=PIN)
    await site.ask("leave")


async def test_a_clerk_who_mistypes_and_then_types_right_begins_anew() -> None:
    there = Guessed()
    for _ in range(3):
        for _ in range(FREE_ATTEMPTS - 1):
            assert await there.attempt("join", "0") == 433
        assert await there.attempt("join", PIN) == 0
    for _ in range(FREE_ATTEMPTS):
        await there.attempt("join", "0")
    there.clock.now += FORGET_S + 1
    for _ in range(FREE_ATTEMPTS):
        assert await there.attempt("join", "0") == 433


@pytest.mark.parametrize("kind", ["join", "kick"])
async def test_many_addresses_together_slow_down_and_known_ones_get_in(kind: str) -> None:
    there = Guessed()
    assert await there.attempt("join", PIN, "198.51.100.1") == 0
    assert await there.attempt("kick", CHAIR_PIN, "198.51.100.1") == 428
    end, heard = there.clock.now + 3600.0, 0
    for number in range(7200):
        heard += await there.attempt(kind, "0", f"2001:db8:{number:x}::1") == 433
        there.clock.now += 0.5
        assert there.clock.now < end + 1
    known = await there.attempt("join", PIN, "198.51.100.1")
    assert (known, await there.attempt("kick", CHAIR_PIN, "198.51.100.1")) == (0, 428)
    assert heard < FREE_OF_ROOM + 3600 / MAX_ROOM_WAIT_S["pin" if kind == "join" else "chair"] + 30
    if kind == "join":
        # A site that comes for the first time gets in, if not at once.
        there.clock.now += MAX_ROOM_WAIT_S["pin"]
        assert await there.attempt("join", PIN, "203.0.113.5") == 0


async def test_nothing_given_or_nothing_to_guess_is_no_attempt() -> None:
    there = Guessed()
    for nothing in ("", None):
        for _ in range(2 * FREE_ATTEMPTS):
            assert await there.attempt("join", nothing) == 433
    assert await there.attempt("join", PIN) == 0
    there.room.meetings[ROOM].settings = RoomSettings(ROOM, "họp")
    for _ in range(2 * FREE_ATTEMPTS):
        assert await there.attempt("kick", "0") == 433


async def test_memory_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    attempts = PinAttempts()
    for number in range(MAX_COUNTED + 500):
        caller = Caller(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        attempts.wrong(ROOM, "pin", caller, float(number) / 100)
        attempts.right(ROOM, "chair", caller, float(number) / 100)
    assert len(attempts._wrong) == len(attempts._known) == MAX_COUNTED
    assert attempts.recent(ROOM, 46.0) == MAX_COUNTED
    assert attempts.recent(ROOM, 46.0 + WINDOW_S) == 0
    assert len(caplog.messages) < 12, "told, not shouted"


async def test_it_is_told_in_the_log_and_to_the_chair(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    there = Guessed()
    chair, site = Person(there.room, 900), Person(there.room, 901)
    await chair.ask("join", pin=PIN, chair_pin=CHAIR_PIN, display=CHAIR)
    await site.ask("join", pin=PIN, display="Xã")
    for _ in range(FREE_ATTEMPTS):
        await there.attempt("kick", "0")
    assert caplog.messages == [
        "room 1234: 5 wrong PINs (chair) from 192.0.2.1, the next one is heard in 2 s"
    ]
    chair.events()
    site.events()
    await there.room.sweep(there.clock.now)
    await there.room.sweep(there.clock.now)
    assert chair.events() == [{"wrong_pins": FREE_ATTEMPTS}]
    assert site.events() == []
    await there.room.sweep(there.clock.now + WINDOW_S + 1)
    assert chair.events() == [{"wrong_pins": 0}]
    for one in (chair, site):
        await one.ask("leave")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_how_an_address_is_counted(address: str, counted: str) -> None:
    assert origin(address) == counted
