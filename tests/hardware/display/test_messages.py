"""Messages as bytes, and what this box answers to those that come unasked."""

import pytest

from hardware.display.cec_uapi import BROADCAST
from hardware.display.follower import answer
from hardware.display.messages import (
    Message,
    Opcode,
    Power,
    active_source,
    dotted,
    power_of,
    unpack,
)
from hardware.display.quirks import LG, ORDINARY, quirks_of

OURS, PATH = 4, 0x1000


def test_a_message_is_the_bytes_of_the_standard() -> None:
    assert active_source(OURS, 0x2100).pack() == bytes((0x4F, 0x82, 0x21, 0x00))
    assert unpack(bytes((0x04, 0x90, 0x01))) == Message(0, 4, Opcode.REPORT_POWER_STATUS, b"\1")
    assert str(active_source(OURS, 0x1000)) == "4→f active source 10:00"
    assert str(Message(0, 4, 0x9F)) == "0→4 opcode 0x9f"
    assert dotted(0x1230) == "1.2.3.0"


@pytest.mark.parametrize("content", [b"", b"\x40", bytes(17)])
def test_a_poll_and_what_is_no_message_are_none(content: bytes) -> None:
    assert unpack(content) is None


@pytest.mark.parametrize(
    ("opcode", "operands", "path"),
    [
        (Opcode.ACTIVE_SOURCE, b"\x10\x00", 0x1000),
        (Opcode.SET_STREAM_PATH, b"\x21\x00", 0x2100),
        (Opcode.ROUTING_CHANGE, b"\x20\x00\x10\x00", 0x1000),
        (Opcode.ROUTING_CHANGE, b"\x20\x00\x10", None),
        (Opcode.ACTIVE_SOURCE, b"", None),
    ],
)
def test_where_a_message_leads_to_is_its_last_address(
    opcode: Opcode, operands: bytes, path: int | None
) -> None:
    assert Message(0, BROADCAST, opcode, operands).path == path


def test_a_power_that_nobody_defined_is_none() -> None:
    assert power_of(Message(0, OURS, Opcode.REPORT_POWER_STATUS, b"\1")) is Power.STANDBY
    for operands in (b"", b"\x09"):
        assert power_of(Message(0, OURS, Opcode.REPORT_POWER_STATUS, operands)) is None


@pytest.mark.parametrize(
    ("message", "active", "wanted"),
    [
        (Message(0, OURS, Opcode.GIVE_DEVICE_POWER_STATUS), False,
         Message(OURS, 0, Opcode.REPORT_POWER_STATUS, b"\0")),
        (Message(0, 15, Opcode.REQUEST_ACTIVE_SOURCE), True, active_source(OURS, PATH)),
        (Message(0, 15, Opcode.REQUEST_ACTIVE_SOURCE), False, None),
        (Message(0, 15, Opcode.SET_STREAM_PATH, b"\x10\x00"), False, active_source(OURS, PATH)),
        (Message(0, 15, Opcode.SET_STREAM_PATH, b"\x20\x00"), True, None),
        (Message(0, OURS, 0x1A, b"\1"), True,  # Give Deck Status
         Message(OURS, 0, Opcode.FEATURE_ABORT, b"\x1a\0")),
        (Message(0, OURS, 0x9F), True, None),  # the kernel says the version
        (Message(0, OURS, Opcode.FEATURE_ABORT, b"\x8f\0"), True, None),
        (Message(0, 15, 0xC0), True, None),
        (Message(0, OURS, Opcode.STANDBY), True, None),
    ],
)  # fmt: skip
def test_what_is_answered_to_what_comes_unasked(
    message: Message, active: bool, wanted: Message | None
) -> None:
    assert answer(message, OURS, PATH, active=active) == wanted


def test_a_maker_that_is_not_known_has_no_quirks() -> None:
    assert quirks_of(None) is ORDINARY
    assert quirks_of(0xABCDEF) is ORDINARY
    assert quirks_of(LG).reassert_s > ORDINARY.reassert_s
