"""What this box answers to messages that come unasked.

The kernel answers for its version, name, maker and physical address itself
(``Documentation/userspace-api/media/cec/cec-ioc-receive.rst``, *core message processing*).
"""

from hardware.display.cec_uapi import BROADCAST
from hardware.display.messages import (
    UNRECOGNISED,
    Message,
    Opcode,
    Power,
    active_source,
)

BY_THE_KERNEL = frozenset({0x9F, 0x83, 0x46, 0x8C, 0xA5, 0xFF})
"""Get CEC Version, Give Physical Address, Give OSD Name, Give Device Vendor ID, Give Features,
Abort."""
ANSWERS = frozenset({0x00, 0x32, 0x47, 0x7E, 0x84, 0x87, 0x8E, 0x90, 0x9E, 0xA6, 0x45})
"""What ends an exchange: nobody answers an answer, nor a key that was let go."""


def answer(message: Message, ours: int, physical_address: int, *, active: bool) -> Message | None:
    """What goes back; `active`: this box's picture is the one that is shown."""
    match message.opcode:
        case Opcode.REQUEST_ACTIVE_SOURCE:
            return active_source(ours, physical_address) if active else None
        case Opcode.SET_STREAM_PATH if message.path == physical_address:
            return active_source(ours, physical_address)
    if message.destination == BROADCAST or message.opcode in BY_THE_KERNEL | ANSWERS:
        return None
    if message.opcode == Opcode.GIVE_DEVICE_POWER_STATUS:
        return Message(ours, message.initiator, Opcode.REPORT_POWER_STATUS, bytes((Power.ON,)))
    if message.opcode == Opcode.STANDBY:
        return None
    return Message(
        ours, message.initiator, Opcode.FEATURE_ABORT, bytes((message.opcode, UNRECOGNISED))
    )
