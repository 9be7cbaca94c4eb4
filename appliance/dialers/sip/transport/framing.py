"""Cuts a TCP stream into whole messages (RFC 3261 section 18.3)."""

import re

from appliance.dialers.sip.signalling.message import MessageError
from appliance.dialers.sip.signalling.message_head import MAX_HEAD

MAX_BODY = 256 * 1024
"""An RMX's description has 2 to 8 kB; one of this size is no description."""
_LENGTH = re.compile(
    rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(?:\r\n[ \t]+)?([0-9]{1,10})[ \t]*\r?$"
)
_END = b"\r\n\r\n"


class Framer:
    """Takes segments of a stream, gives whole messages. CRLFs between them are keep-alives."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._seen = 0  # up to here no end of the headers was found
        self._whole: int | None = None  # the size of the message that has begun

    def feed(self, data: bytes) -> list[bytes]:
        """Take a segment; gives the messages that are whole now.

        Raises MessageError where the stream cannot be cut any more: close it.
        """
        self._kept += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> bytes | None:
        kept = self._kept
        if self._whole is None:
            self._begin()
        if self._whole is None or len(kept) < self._whole:
            return None
        message = bytes(kept[: self._whole])
        del kept[: self._whole]
        self._whole, self._seen = None, 0
        return message

    def _begin(self) -> None:
        kept = self._kept
        if not self._seen:
            del kept[: len(kept) - len(kept.lstrip(b"\r\n"))]
        end = kept.find(_END, max(0, self._seen - len(_END)))
        self._seen = len(kept)
        if end < 0:
            if len(kept) > MAX_HEAD:
                raise MessageError(f"headers without an end after {len(kept)} bytes")
            return
        if end > MAX_HEAD:
            raise MessageError(f"headers of {end} bytes")
        lengths = set(_LENGTH.findall(kept[: end + 2]))
        if len(lengths) > 1:
            raise MessageError("two different lengths in one message")
        length = int(lengths.pop()) if lengths else 0
        if length > MAX_BODY:
            raise MessageError(f"a body of {length} bytes")
        self._whole = end + len(_END) + length
