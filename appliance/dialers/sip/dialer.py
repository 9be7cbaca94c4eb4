"""Dials ``sip:room@host[:port][;transport=udp|tcp|tls]`` and ``sips:…``."""

import asyncio
import ssl
from pathlib import Path

from appliance.base.config import SipChoices
from appliance.base.limits import Limits
from appliance.dialers.dialer import Call, DialError, EndReason, Near
from appliance.dialers.sip.call import SipCall
from appliance.dialers.sip.entry import EntryError, steps
from appliance.dialers.sip.faults import unreachable
from appliance.dialers.sip.resolve import Dns, Lookup
from appliance.dialers.sip.sdp import SdpError
from appliance.dialers.sip.way import Way, way
from appliance.media.plain_rtp import PortsError
from appliance.wire.address import Address, AddressError

TRANSPORTS = frozenset({"", "UDP", "TCP", "TLS"})
MARGIN_S = 2.0  # our own deadline comes before that of whoever dials, so that a CANCEL goes out


class SipDialer:
    """``trust`` says which certificates are believed; None takes the system's authorities."""

    schemes = frozenset({"sip", "sips"})

    def __init__(
        self,
        trust: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        choices: SipChoices | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._trust = trust
        self._limits = limits or Limits()
        self._choices = choices or SipChoices()
        self._lookup = lookup or Dns()

    async def dial(self, address: str, near: Near, *, name: str) -> Call:
        """Call ``address`` as ``name``; raises DialError."""
        call: SipCall | None = None
        place = ""
        try:
            async with asyncio.timeout(max(self._limits.dial - MARGIN_S, self._limits.dial / 2)):
                found = await self._way(address)
                place = found.target.host
                script = steps(self._choices.entry_queue)
                call = SipCall(found, near, name, self._choices, script, self._trust)
                await call.join()
        except BaseException as error:
            if call is None:
                near.stop()
            else:
                await call.hang_up()
            if isinstance(error, AddressError | EntryError):
                raise DialError(EndReason.BAD_ADDRESS, str(error)) from None
            if isinstance(error, SdpError | PortsError):
                raise DialError(EndReason.NO_MEDIA, str(error)) from None
            if isinstance(error, TimeoutError):
                what = "does not answer"
                if call is not None and call.rang:
                    what = "rings, and nobody takes the call"
                detail = f"{place} {what} within {self._limits.dial:g} s"
                raise DialError(EndReason.UNREACHABLE, detail) from None
            if isinstance(error, OSError):
                raise unreachable(error, place) from None
            raise
        return call

    async def _way(self, address: str) -> Way:
        parsed = Address.parse(address)
        transport = parsed.parameter("transport").upper()
        if transport not in TRANSPORTS:
            raise AddressError(f"transport {transport[:20]!r} is none of udp, tcp and tls")
        password = ""
        if self._choices.password_file:
            try:
                text = await asyncio.to_thread(Path(self._choices.password_file).read_text)
            except OSError as error:
                detail = f"the password file cannot be read: {error.strerror}"
                raise DialError(EndReason.UNAUTHORISED, detail) from None
            password = text.strip()
        try:
            return await way(parsed, self._choices, password, self._lookup)
        except ValueError as error:
            raise AddressError(str(error)) from None
