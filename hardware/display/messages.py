"""CEC messages as bytes (HDMI 1.4, supplement 1: CEC, tables 8 to 29; kernel: ``linux/cec.h``)."""

from dataclasses import dataclass
from enum import IntEnum

from hardware.display.cec_uapi import BROADCAST, MAX_MESSAGE_BYTES, TV


class Opcode(IntEnum):
    """Those that this box sends or understands."""

    FEATURE_ABORT = 0x00
    IMAGE_VIEW_ON = 0x04
    STANDBY = 0x36
    ROUTING_CHANGE = 0x80
    ACTIVE_SOURCE = 0x82
    REQUEST_ACTIVE_SOURCE = 0x85
    SET_STREAM_PATH = 0x86
    DEVICE_VENDOR_ID = 0x87
    GIVE_DEVICE_VENDOR_ID = 0x8C
    GIVE_DEVICE_POWER_STATUS = 0x8F
    REPORT_POWER_STATUS = 0x90


class Power(IntEnum):
    """The operand of REPORT_POWER_STATUS."""

    ON = 0
    STANDBY = 1
    TO_ON = 2
    TO_STANDBY = 3


UNRECOGNISED = 0
"""The reason of a FEATURE_ABORT."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; a poll has no opcode and is none for us."""

    initiator: int
    destination: int
    opcode: int
    operands: bytes = b""

    def pack(self) -> bytes:
        """As it goes over the wire."""
        return bytes((self.initiator << 4 | self.destination, self.opcode)) + self.operands

    @property
    def path(self) -> int | None:
        """The physical address that it ends with, of those that have one; None where it is short.

        ROUTING_CHANGE names two: where the TV came from, and where it went.
        """
        at = 2 if self.opcode == Opcode.ROUTING_CHANGE else 0
        place = self.operands[at : at + 2]
        return int.from_bytes(place, "big") if len(place) == 2 else None

    def __str__(self) -> str:
        """``4→0 image view on``; for the journal."""
        try:
            name = Opcode(self.opcode).name.lower().replace("_", " ")
        except ValueError:
            name = f"opcode {self.opcode:#04x}"
        told = f" {self.operands.hex(':')}" if self.operands else ""
        return f"{self.initiator:x}→{self.destination:x} {name}{told}"


def unpack(content: bytes) -> Message | None:
    """The message of `content`; None for a poll, and for what has no length of a message."""
    if not 2 <= len(content) <= MAX_MESSAGE_BYTES:
        return None
    return Message(content[0] >> 4, content[0] & 15, content[1], bytes(content[2:]))


def to_tv(ours: int, opcode: Opcode, operands: bytes = b"") -> Message:
    """A message to the TV alone."""
    return Message(ours, TV, opcode, operands)


def active_source(ours: int, physical_address: int) -> Message:
    """To all: this device's picture is the one to be shown."""
    return Message(ours, BROADCAST, Opcode.ACTIVE_SOURCE, physical_address.to_bytes(2, "big"))


def power_of(message: Message) -> Power | None:
    """What REPORT_POWER_STATUS says; None for another message, or a value that nobody defined."""
    if message.opcode != Opcode.REPORT_POWER_STATUS or not message.operands:
        return None
    try:
        return Power(message.operands[0])
    except ValueError:
        return None


def vendor_of(message: Message) -> int | None:
    """The maker's IEEE identifier of DEVICE_VENDOR_ID; None for another message, or a short one."""
    if message.opcode != Opcode.DEVICE_VENDOR_ID or len(message.operands) < 3:
        return None
    return int.from_bytes(message.operands[:3], "big")


def dotted(physical_address: int) -> str:
    """``1.0.0.0`` (HDMI 1.4, section 8.7)."""
    return ".".join(f"{physical_address >> shift & 15:x}" for shift in (12, 8, 4, 0))
