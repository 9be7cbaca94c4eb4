"""Whether the TV answers over HDMI's control wire (kernel: CEC UAPI, include/uapi/linux/cec.h)."""

import struct
from pathlib import Path

from hardware.vitals.tv import cec_devices
from services.bringup.probes.ioctls import READ, WRITE, Ioctl, answers_of, request

CAPABILITIES = request(READ | WRITE, "a", 0, 76)
PHYSICAL_ADDRESS = request(READ, "a", 1, 2)
GET_LOGICAL = request(READ, "a", 3, 92)
SET_LOGICAL = request(READ | WRITE, "a", 4, 92)
TRANSMIT = request(READ | WRITE, "a", 5, 56)
NO_ADDRESS = 0xFFFF
NO_VENDOR = 0xFFFFFFFF
VERSION_1_4 = 5
PLAYBACK_DEVICE, PLAYBACK_TYPE, ALL_PLAYBACK = 4, 3, 0x10
"""``CEC_OP_PRIM_DEVTYPE_PLAYBACK``, ``CEC_LOG_ADDR_TYPE_PLAYBACK``, ``CEC_OP_ALL_DEVTYPE_…``."""
GIVE_POWER_STATUS, REPORT_POWER_STATUS = 0x8F, 0x90
POWER = ("on", "standby", "going on", "going to standby")
REPLY_MS = 1000
"""HDMI 1.4, CEC 9.2: a device answers within a second."""
DONE = 1
"""``CEC_TX_STATUS_OK`` and ``CEC_RX_STATUS_OK``."""


def adapters(root: Path, devices: Path) -> str:
    """A line for each adapter; in words where there is none."""
    paths = [devices / name for name in cec_devices(root)]
    return "\n".join(answers_of(paths, lambda ask, _: power_status(ask))) or "no adapter"


def power_status(ask: Ioctl) -> str:
    """What the TV at this adapter answers. Raises `OSError`."""
    capabilities = bytearray(76)
    ask(CAPABILITIES, capabilities)
    driver = bytes(capabilities[:32]).split(b"\0")[0].decode(errors="replace")
    address = bytearray(2)
    ask(PHYSICAL_ADDRESS, address)
    (place,) = struct.unpack("<H", address)
    if place == NO_ADDRESS:
        return f"{driver}: no TV, or one without an address"
    told = ".".join(f"{place >> shift & 15:x}" for shift in (12, 8, 4, 0))
    ours = _claimed(ask)
    message = bytearray(56)
    struct.pack_into("<II", message, 16, 2, REPLY_MS)
    message[32:34] = bytes((ours << 4, GIVE_POWER_STATUS))
    message[48] = REPORT_POWER_STATUS
    ask(TRANSMIT, message)
    if not message[50] & DONE:
        return f"{driver} at {told}: the TV is silent (sent {message[50]:#x})"
    if not message[49] & DONE or message[34] >= len(POWER):
        return f"{driver} at {told}: the TV takes messages, and is silent (got {message[49]:#x})"
    return f"{driver} at {told}: the TV answers, it is {POWER[message[34]]}"


def _claimed(ask: Ioctl) -> int:
    """Our logical address: that which is held already, else a playback device's."""
    held = bytearray(92)
    ask(GET_LOGICAL, held)
    if not held[7]:
        wanted = bytearray(92)
        struct.pack_into("<BBII", wanted, 6, VERSION_1_4, 1, NO_VENDOR, 0)
        wanted[16:25] = b"Diem Cau\0"
        wanted[31], wanted[35], wanted[39] = PLAYBACK_DEVICE, PLAYBACK_TYPE, ALL_PLAYBACK
        ask(SET_LOGICAL, wanted)
        held = wanted
    return held[0] & 15
