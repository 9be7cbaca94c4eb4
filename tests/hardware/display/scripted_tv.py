"""A TV at the end of a control wire, with the kernel between: it keeps the kernel's own rules.

What `CecDevice` is to the product, without a device: an address is claimed when the TV's EDID is
there, nothing but Image View On from 0xf goes out without it (``cec-ioc-receive.rst``), and what
became of a message is read like a message. The TV has one of six characters.
"""

import asyncio
import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from hardware.display.cec_device import Finished
from hardware.display.cec_uapi import BROADCAST, NO_PHYSICAL_ADDRESS, TV, UNREGISTERED
from hardware.display.messages import Message, Opcode, Power
from hardware.display.tv_state import Outcome, Request

OURS, OUR_PATH, OTHER_PATH = 4, 0x1000, 0x2000
WIRE_S = 0.1
"""A message of two bytes takes 50 ms, and is answered as soon."""
CLAIM_S = 0.15


@dataclass
class Character:
    """How a TV behaves; seconds."""

    hides_edid: bool = False
    """While it sleeps its hot-plug line is low."""
    takes: bool = True
    """Whether it acknowledges anything."""
    says_power: bool = True
    wakes_s: float = 2.0
    """From Image View On until it says that it is on."""
    wakes: bool = True
    edid_s: float = 1.5
    """From Image View On until its EDID is there, where it hides it."""
    own_input: int = 0
    """So many times it goes to an input of its own after it was told ours."""
    deaf_for: int = 0
    """So many Image View On it passes over."""
    vendor: int | None = None


class ScriptedTv:
    """The TV, the wire and the kernel's end of it; `log` is what this box sent, as words."""

    def __init__(self, character: Character, *, on: bool = False) -> None:
        self.character = character
        self.on = on
        self.shown = 0 if not on else OTHER_PATH
        """The physical address that it shows."""
        self.woken_at: float | None = None
        self.plugged = True
        self.log: list[str] = []
        self.times: list[tuple[float, str]] = []
        self.broken: OSError | None = None
        self.closed = 0
        self._claimed_at: float | None = None
        self._named = ""
        self._number = 0
        self._ready: list[Callable[[], Message | Finished | None]] = []
        self._signal = os.eventfd(0, os.EFD_NONBLOCK)

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    # what the kernel is asked

    def claim(self, name: str) -> None:
        self._check()
        self._named, self._claimed_at = name, None

    def connector(self) -> tuple[int, int] | None:
        return None

    def physical_address(self) -> int:
        self._check()
        self._live()
        asleep = not self.on and self.character.hides_edid
        ready = self.woken_at is not None and self.now - self.woken_at >= self.character.edid_s
        there = self.plugged and (not asleep or ready)
        if not there:
            self._claimed_at = None
            return NO_PHYSICAL_ADDRESS
        if self._claimed_at is None:
            self._claimed_at = self.now + CLAIM_S
        return OUR_PATH

    def logical_address(self) -> int | None:
        there = self.physical_address() != NO_PHYSICAL_ADDRESS and self._named
        return OURS if there and self._claimed_at and self.now >= self._claimed_at else None

    def send(self, request: Request) -> int:
        self._check()
        message = request.message
        first = OURS if self.logical_address() is not None else UNREGISTERED
        if message.initiator != first:
            raise OSError(errno.ENONET, "Machine is not on the network")
        if first == UNREGISTERED and message.opcode != Opcode.IMAGE_VIEW_ON:
            raise OSError(errno.ENONET, "Machine is not on the network")
        self.log.append(_words(message))
        self.times.append((self.now, _words(message)))
        self._number += 1
        number, reply = self._number, request.reply
        self._later(lambda: self._end(number, message, reply))
        return number

    def fileno(self) -> int:
        return self._signal

    def read(self) -> list[Message | Finished]:
        self._check()
        self._live()
        ready, self._ready = self._ready, []
        with suppress(BlockingIOError):
            os.eventfd_read(self._signal)
        return [one for made in ready if (one := made()) is not None]

    def close(self) -> None:
        self.closed += 1

    # what a hand does

    def press_power(self) -> None:
        """The remote control; the TV tells everybody that it goes to sleep."""
        self.on, self.woken_at = not self.on, None
        if not self.on and self.plugged:
            self.say(Message(TV, BROADCAST, Opcode.STANDBY))

    def choose(self, path: int) -> None:
        """Another input by the remote control."""
        self.shown = path
        self.say(Message(TV, BROADCAST, Opcode.SET_STREAM_PATH, path.to_bytes(2, "big")))

    def say(self, message: Message) -> None:
        """Something that nobody asked for."""
        self._later(lambda: message)

    # the TV

    def _later(self, made: Callable[[], Message | Finished | None]) -> None:
        def come() -> None:
            self._ready.append(made)
            os.eventfd_write(self._signal, 1)

        asyncio.get_running_loop().call_later(WIRE_S, come)

    def _check(self) -> None:
        if self.broken is not None:
            raise self.broken

    def _live(self) -> None:
        woken, wakes = self.woken_at, self.character.wakes_s
        if woken is not None and not self.on and self.now - woken >= wakes and self.character.wakes:
            self.on = True

    def _end(self, number: int, message: Message, reply: Opcode | None) -> Finished:
        broadcast = message.destination == BROADCAST
        if not broadcast and not (self.character.takes and self.plugged):
            return Finished(number, Outcome.NOT_TAKEN)
        answer = self._hear(message)
        if reply is None:
            if answer is not None:
                self.say(answer)
            return Finished(number, Outcome.TAKEN)
        if answer is None:
            return Finished(number, Outcome.NO_REPLY)
        return Finished(number, Outcome.REPLIED, answer)

    def _hear(self, message: Message) -> Message | None:
        character = self.character
        match message.opcode:
            case Opcode.IMAGE_VIEW_ON if character.deaf_for:
                character.deaf_for -= 1
            case Opcode.IMAGE_VIEW_ON if self.woken_at is None and not self.on:
                self.woken_at = self.now
            case Opcode.STANDBY:
                self.on, self.woken_at = False, None
            case Opcode.ACTIVE_SOURCE if self.on:
                self.shown = message.path or 0
                if character.own_input:
                    character.own_input -= 1
                    self.choose(OTHER_PATH)
            case Opcode.REQUEST_ACTIVE_SOURCE if self.on and self.shown != OUR_PATH:
                # A device at the input that is shown answers, or the TV for its own tuner.
                return Message(8, BROADCAST, Opcode.ACTIVE_SOURCE, self.shown.to_bytes(2, "big"))
            case Opcode.GIVE_DEVICE_VENDOR_ID if character.vendor is not None:
                told = character.vendor.to_bytes(3, "big")
                return Message(TV, BROADCAST, Opcode.DEVICE_VENDOR_ID, told)
            case Opcode.GIVE_DEVICE_POWER_STATUS if character.says_power:
                return Message(TV, OURS, Opcode.REPORT_POWER_STATUS, bytes((self._power(),)))
        return None

    def _power(self) -> Power:
        if self.on:
            return Power.ON
        waking = self.woken_at is not None and self.character.wakes
        return Power.TO_ON if waking else Power.STANDBY


def _words(message: Message) -> str:
    name = Opcode(message.opcode).name.lower().replace("_", " ")
    return f"{message.initiator:x}→{message.destination:x} {name}"
