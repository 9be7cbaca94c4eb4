"""One CEC adapter of the kernel, ``/dev/cec0``: opened, claimed, written to and read.

Nothing here waits: the device is opened with O_NONBLOCK, so a message is handed over at once and
what became of it is read like a message (kernel: ``cec-ioc-receive.rst``). Every method but
`close` raises `OSError` with the kernel's reason.
"""

import fcntl
import os
from ctypes import c_uint16, c_uint32
from dataclasses import dataclass
from pathlib import Path

from hardware.display import cec_uapi as uapi
from hardware.display.messages import Message, unpack
from hardware.display.tv_state import Outcome, Request

REPLY_MS = 1000
"""CEC 9.2."""
MAX_READ = 64
"""Messages of one reading: the kernel keeps at most 18 * 3 for one reader."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of the message that had this number."""

    number: int
    outcome: Outcome
    reply: Message | None = None


class CecDevice:
    """An adapter that is open; `Received` is either a message or the end of one of ours."""

    def __init__(self, path: Path) -> None:
        """Open it to send and to answer. Raises `OSError`."""
        self.path = path
        self._handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            caps = uapi.Caps()
            fcntl.ioctl(self._handle, uapi.G_CAPS, caps)
            self.driver = bytes(caps.driver).decode(errors="replace")
            mode = c_uint32(uapi.INITIATOR_AND_FOLLOWER)
            fcntl.ioctl(self._handle, uapi.S_MODE, mode)
        except OSError:
            self.close()
            raise

    def fileno(self) -> int:
        """For a selector: readable once `read` has something."""
        return self._handle

    def close(self) -> None:
        """Let go of it; what was claimed stays claimed, as the kernel has it."""
        os.close(self._handle)

    def claim(self, name: str) -> None:
        """Be a playback device of that name (14 bytes), now or as soon as there is an address.

        What somebody claimed before is given up first: a second claim is EBUSY.
        """
        fcntl.ioctl(self._handle, uapi.S_LOG_ADDRS, uapi.LogAddrs())
        wanted = uapi.LogAddrs(
            cec_version=uapi.VERSION_1_4,
            num_log_addrs=1,
            vendor_id=uapi.NO_VENDOR,
            osd_name=name.encode("ascii", errors="replace")[:14],
        )
        wanted.primary_device_type[0] = uapi.PLAYBACK_DEVICE
        wanted.log_addr_type[0] = uapi.PLAYBACK_ADDRESS
        wanted.all_device_types[0] = uapi.ALL_PLAYBACK
        fcntl.ioctl(self._handle, uapi.S_LOG_ADDRS, wanted)

    def physical_address(self) -> int:
        """Where the TV says that this box is plugged in; `NO_PHYSICAL_ADDRESS` without an EDID."""
        place = c_uint16()
        fcntl.ioctl(self._handle, uapi.G_PHYS_ADDR, place)
        return place.value

    def logical_address(self) -> int | None:
        """Ours; None while it is not claimed."""
        held = uapi.LogAddrs()
        fcntl.ioctl(self._handle, uapi.G_LOG_ADDRS, held)
        if not held.log_addr_mask or held.log_addr[0] in (
            uapi.NO_LOGICAL_ADDRESS,
            uapi.UNREGISTERED,
        ):
            return None
        return int(held.log_addr[0])

    def connector(self) -> tuple[int, int] | None:
        """The numbers of the display driver's card and connector; None where it does not say."""
        info = uapi.ConnectorInfo()
        try:
            fcntl.ioctl(self._handle, uapi.G_CONNECTOR_INFO, info)
        except OSError:  # a kernel or a driver that does not know
            return None
        if info.type != uapi.DRM_CONNECTOR:
            return None
        return int(info.of.drm.card_no), int(info.of.drm.connector_id)

    def send(self, request: Request) -> int:
        """Hand a message over; the number by which `read` tells what became of it."""
        content = request.message.pack()
        words = uapi.Msg(len=len(content))
        words.msg[: len(content)] = content
        if request.reply is not None:
            words.reply, words.timeout = request.reply, REPLY_MS
        fcntl.ioctl(self._handle, uapi.TRANSMIT, words)
        return int(words.sequence)

    def read(self) -> list[Message | Finished]:
        """All that has come since, in order; at most `MAX_READ`."""
        found: list[Message | Finished] = []
        for _ in range(MAX_READ):
            words = uapi.Msg()
            try:
                fcntl.ioctl(self._handle, uapi.RECEIVE, words)
            except BlockingIOError:
                break
            if words.tx_status or (words.sequence and words.rx_status):
                found.append(_finished(words))
            elif (message := _message(words)) is not None:
                found.append(message)
        return found


def _message(words: uapi.Msg) -> Message | None:
    return unpack(bytes(words.msg[: min(words.len, uapi.MAX_MESSAGE_BYTES)]))


def _finished(words: uapi.Msg) -> Finished:
    number = int(words.sequence)
    if not words.tx_status & uapi.TX_OK:
        # A driver counts a TV that is not there and a wire that is held low among the same tries.
        not_taken = words.tx_status & uapi.TX_NOT_ACKNOWLEDGED
        return Finished(number, Outcome.NOT_TAKEN if not_taken else Outcome.FAILED)
    if not words.rx_status:
        return Finished(number, Outcome.TAKEN)
    if words.rx_status & uapi.RX_OK and not words.rx_status & uapi.RX_FEATURE_ABORT:
        return Finished(number, Outcome.REPLIED, _message(words))
    return Finished(number, Outcome.NO_REPLY)
