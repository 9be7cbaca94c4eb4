"""Dials ``sip:room@host[:port][;transport=udp|tcp|tls]`` and ``sips:…``."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

from appliance.base.config import SipChoices
from appliance.dialers.api import DIAL_DEADLINE_S, Call, DialError, EndReason, LocalTracks
from appliance.dialers.sip.call import SipCall
from appliance.dialers.sip.call_errors import unreachable
from appliance.dialers.sip.dtmf_script import DtmfScriptError, steps
from appliance.dialers.sip.sdp.description import SdpError
from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.dialers.sip.transport.resolve import Dns, Lookup
from appliance.dialers.sip.transport.routing import Route, find_route
from appliance.media.rtp.udp_ports import PortsError
from appliance.wire.address import Address, AddressError

TRANSPORTS = frozenset({"", "UDP", "TCP", "TLS"})
CANCEL_MARGIN_S = 2.0  # our deadline is earlier than the caller's, so that a CANCEL goes out


class SipDialer:
    """Makes SIP calls. ``trust`` has the certificate authorities; None takes the system's."""

    schemes = frozenset({"sip", "sips"})

    def __init__(
        self,
        trust: ssl.SSLContext | None = None,
        deadline_s: float = DIAL_DEADLINE_S,
        choices: SipChoices | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._trust = trust
        self._deadline_s = deadline_s
        self._choices = choices or SipChoices()
        self._lookup = lookup or Dns()
        self._last: tuple[str, SipCall] | None = None
        self._required_by: set[str] = set()  # hosts that are offered RTP/SAVP alone

    async def dial(self, address: str, near: LocalTracks, *, name: str) -> Call:
        """Call ``address`` as ``name``; raises DialError."""
        call: SipCall | None = None
        host = ""
        try:
            async with asyncio.timeout(
                max(self._deadline_s - CANCEL_MARGIN_S, self._deadline_s / 2)
            ):
                route = await self._find_route(address)
                host = route.target.host
                script = steps(self._choices.entry_queue)
                choices = self._choices_for(host)
                call = SipCall(route, near, name, choices, script, self._trust)
                self._last = host, call
                await call.join()
        except BaseException as error:
            if call is None:
                near.stop()
            else:
                await call.hang_up()
            if isinstance(error, AddressError | DtmfScriptError):
                raise DialError(EndReason.BAD_ADDRESS, str(error)) from None
            if isinstance(error, SdpError | PortsError):
                raise DialError(EndReason.NO_MEDIA, str(error)) from None
            if isinstance(error, TimeoutError):
                problem = "does not answer"
                if call is not None and call.rang:
                    problem = "rings, and nobody takes the call"
                detail = f"{host} {problem} within {self._deadline_s:g} s"
                raise DialError(EndReason.UNREACHABLE, detail) from None
            if isinstance(error, OSError):
                raise unreachable(error, host) from None
            raise
        return call

    def _choices_for(self, host: str) -> SipChoices:
        """Our choices, with encryption required where the last call to ``host`` showed the need.

        Some servers read optional keys as none, and then refuse the call, or take it and remove
        whoever is not encrypted from the conference (Polycom's "Encrypt When Possible").
        """
        choices = self._choices
        if choices.encryption != Encryption.OPTIONAL:
            return choices
        if self._last is not None and self._last[0] == host:
            if self._last[1].removed_unencrypted:
                self._required_by.add(host)
            elif self._last[1].refused_media:
                self._required_by ^= {host}
        if host not in self._required_by:
            return choices
        return replace(choices, encryption=Encryption.REQUIRED.value)

    async def _find_route(self, address: str) -> Route:
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
            return await find_route(parsed, self._choices, password, self._lookup)
        except ValueError as error:
            raise AddressError(str(error)) from None
