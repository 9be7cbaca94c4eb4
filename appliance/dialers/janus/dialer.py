"""Dials ``janus+ws(s)://host[:port]/path?room=1234[&pin=…]``."""

import asyncio
import ssl

from websockets.exceptions import WebSocketException

from appliance.dialers.api import DIAL_DEADLINE_S, Call, DialError, EndReason, LocalTracks
from appliance.dialers.janus.call import JanusCall
from appliance.dialers.janus.call_errors import refused, unreachable
from appliance.dialers.janus.socket import LostError, RefusedError
from appliance.dialers.path import NoPathError
from appliance.media.webrtc.descriptions import NegotiationError
from appliance.wire.address import Address, AddressError
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.room_keys import RoomKeys


class JanusDialer:
    """``trust`` says which certificates are believed; None takes the system's authorities."""

    schemes = frozenset({"janus+ws", "janus+wss"})

    def __init__(
        self, trust: ssl.SSLContext | None = None, deadline_s: float = DIAL_DEADLINE_S
    ) -> None:
        self._trust = trust
        self._deadline_s = deadline_s

    async def dial(
        self,
        address: str,
        near: LocalTracks,
        *,
        name: str,
        keys: RoomKeys | None = None,
        codes: ConferenceCodes | None = None,
    ) -> Call:
        """Enter the room as ``name``; raises DialError."""
        try:
            parsed = Address.parse(address)
        except AddressError as error:
            near.stop()
            raise DialError(EndReason.BAD_ADDRESS, str(error)) from None
        trust = self._trust or await asyncio.to_thread(ssl.create_default_context)
        host = parsed.host if parsed.port is None else f"{parsed.host}:{parsed.port}"
        call = JanusCall(parsed, near, name, trust, keys)
        try:
            async with asyncio.timeout(self._deadline_s):
                await call.join()
        except BaseException as error:
            ended, detail = call.ended, call.detail
            await call.hang_up()
            if isinstance(error, RefusedError):
                raise refused(error.answer, parsed.room) from None
            if isinstance(error, NoPathError | NegotiationError):
                raise DialError(EndReason.NO_MEDIA, str(error)) from None
            if isinstance(error, LostError):
                reason = ended or EndReason.LOST
                raise DialError(reason, detail or str(error)) from None
            if isinstance(error, OSError | TimeoutError | WebSocketException):
                raise unreachable(error, host) from None
            raise
        return call
