"""The kernel's CEC interface: its structures and requests (``include/uapi/linux/cec.h``).

Documentation: ``Documentation/userspace-api/media/cec``. A test holds each size and place to the
header that the machine's compiler reads.
"""

from ctypes import Structure, Union, c_char, c_uint8, c_uint16, c_uint32, c_uint64, sizeof
from typing import ClassVar

MAX_MESSAGE_BYTES = 16
MAX_LOGICAL_ADDRESSES = 4

NO_PHYSICAL_ADDRESS = 0xFFFF
NO_LOGICAL_ADDRESS = 0xFF
NO_VENDOR = 0xFFFFFFFF
TV, UNREGISTERED, BROADCAST = 0, 15, 15
PLAYBACK_DEVICE = 4
"""``CEC_OP_PRIM_DEVTYPE_PLAYBACK``."""
PLAYBACK_ADDRESS = 3
"""``CEC_LOG_ADDR_TYPE_PLAYBACK``: as an audio system (4) many a TV would mute its loudspeakers."""
ALL_PLAYBACK = 0x10
"""``CEC_OP_ALL_DEVTYPE_PLAYBACK``."""
VERSION_1_4 = 5
"""``CEC_OP_CEC_VERSION_1_4``."""
INITIATOR_AND_FOLLOWER = 0x1 | 0x1 << 4
TX_OK, TX_NOT_ACKNOWLEDGED = 1 << 0, 1 << 2
RX_OK, RX_FEATURE_ABORT = 1 << 0, 1 << 2
DRM_CONNECTOR = 1
"""``CEC_CONNECTOR_TYPE_DRM``."""


class Caps(Structure):
    """``struct cec_caps``."""

    _fields_: ClassVar = [
        ("driver", c_char * 32),
        ("name", c_char * 32),
        ("available_log_addrs", c_uint32),
        ("capabilities", c_uint32),
        ("version", c_uint32),
    ]


class LogAddrs(Structure):
    """``struct cec_log_addrs``."""

    _fields_: ClassVar = [
        ("log_addr", c_uint8 * MAX_LOGICAL_ADDRESSES),
        ("log_addr_mask", c_uint16),
        ("cec_version", c_uint8),
        ("num_log_addrs", c_uint8),
        ("vendor_id", c_uint32),
        ("flags", c_uint32),
        ("osd_name", c_char * 15),
        ("primary_device_type", c_uint8 * MAX_LOGICAL_ADDRESSES),
        ("log_addr_type", c_uint8 * MAX_LOGICAL_ADDRESSES),
        ("all_device_types", c_uint8 * MAX_LOGICAL_ADDRESSES),
        ("features", (c_uint8 * 12) * MAX_LOGICAL_ADDRESSES),
    ]


class Msg(Structure):
    """``struct cec_msg``: one message, and what became of it."""

    _fields_: ClassVar = [
        ("tx_ts", c_uint64),
        ("rx_ts", c_uint64),
        ("len", c_uint32),
        ("timeout", c_uint32),
        ("sequence", c_uint32),
        ("flags", c_uint32),
        ("msg", c_uint8 * MAX_MESSAGE_BYTES),
        ("reply", c_uint8),
        ("rx_status", c_uint8),
        ("tx_status", c_uint8),
        ("tx_arb_lost_cnt", c_uint8),
        ("tx_nack_cnt", c_uint8),
        ("tx_low_drive_cnt", c_uint8),
        ("tx_error_cnt", c_uint8),
    ]


class DrmConnectorInfo(Structure):
    """``struct cec_drm_connector_info``."""

    _fields_: ClassVar = [("card_no", c_uint32), ("connector_id", c_uint32)]


class _Connector(Union):
    _fields_: ClassVar = [("drm", DrmConnectorInfo), ("raw", c_uint32 * 16)]


class ConnectorInfo(Structure):
    """``struct cec_connector_info``."""

    _fields_: ClassVar = [("type", c_uint32), ("of", _Connector)]


def _request(direction: int, number: int, size: int) -> int:
    """``_IOC(direction, 'a', number, size)`` (``include/uapi/asm-generic/ioctl.h``)."""
    return direction << 30 | size << 16 | ord("a") << 8 | number


_WRITE, _READ = 1, 2

G_CAPS = _request(_READ | _WRITE, 0, sizeof(Caps))
G_PHYS_ADDR = _request(_READ, 1, sizeof(c_uint16))
G_LOG_ADDRS = _request(_READ, 3, sizeof(LogAddrs))
S_LOG_ADDRS = _request(_READ | _WRITE, 4, sizeof(LogAddrs))
TRANSMIT = _request(_READ | _WRITE, 5, sizeof(Msg))
RECEIVE = _request(_READ | _WRITE, 6, sizeof(Msg))
S_MODE = _request(_WRITE, 9, sizeof(c_uint32))
G_CONNECTOR_INFO = _request(_READ, 10, sizeof(ConnectorInfo))
