"""Dials ``sip:room@host[:port][;transport=udp|tcp|tls]`` and ``sips:…``."""

import asyncio
import logging
import ssl
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from appliance.base.config import SipChoices
from appliance.dialers.api import DIAL_DEADLINE_S, Call, DialError, EndReason, LocalTracks
from appliance.dialers.connect_errors import unreachable
from appliance.dialers.sip.call import SipCall
from appliance.dialers.sip.call_errors import RedirectedError
from appliance.dialers.sip.conference import called_address, entry_steps
from appliance.dialers.sip.dtmf_script import DtmfScriptError
from appliance.dialers.sip.sdp.description import SdpError
from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.dialers.sip.transport.resolve import MAX_TARGETS, Dns, Lookup, Target
from appliance.dialers.sip.transport.routing import Route, find_route, secured
from appliance.media.rtp.udp_ports import PortsError
from appliance.wire.address import Address, AddressError
from appliance.wire.calendar.conference import allowed
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.room_keys import RoomKeys

log = logging.getLogger("diemcau.sip")

TRANSPORTS = frozenset({"", "UDP", "TCP", "TLS"})
AVOID_S = 600.0
"""So long a dial begins with another target than one that said nothing, or 503."""
MAX_AVOIDED = 64
CANCEL_MARGIN_S = 2.0  # our deadline is earlier than the caller's, so that a CANCEL goes out


class SipDialer:
    """Makes SIP calls. ``trust`` has the certificate authorities; None takes the system's.

    ``hosts`` are those that a server may send this site on to; none named: any.
    """

    schemes = frozenset({"sip", "sips"})

    def __init__(
        self,
        trust: ssl.SSLContext | None = None,
        deadline_s: float = DIAL_DEADLINE_S,
        choices: SipChoices | None = None,
        lookup: Lookup | None = None,
        hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._trust = trust
        self._deadline_s = deadline_s
        self._choices = choices or SipChoices()
        self._lookup = lookup or Dns()
        self._hosts = hosts
        self._last: tuple[str, SipCall] | None = None
        self._required_by: set[str] = set()  # hosts that are offered RTP/SAVP alone
        self._failed: OrderedDict[Target, float] = OrderedDict()  # and when

    async def dial(
        self,
        address: str,
        near: LocalTracks,
        *,
        name: str,
        keys: RoomKeys | None = None,
        codes: ConferenceCodes | None = None,
    ) -> Call:
        """Call ``address`` as ``name``; raises DialError."""
        call: SipCall | None = None
        host = ""
        within_s = max(self._deadline_s - CANCEL_MARGIN_S, self._deadline_s / 2)
        ends = asyncio.get_running_loop().time() + within_s
        try:
            async with asyncio.timeout_at(ends):
                route = await self._find_route(address, codes)
                host = route.target.host
                script = entry_steps(codes, self._choices)
                choices = self._choices_for(host)
                named = codes.number if codes is not None and choices.conference else ""
                call = SipCall(near, name, choices, script, self._trust, conference=named)
                self._last = host, call
                await self._join(call, route, ends)
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

    async def _join(self, call: SipCall, route: Route, ends: float) -> None:
        """Call by the route, and once by another one where the server redirects."""
        try:
            await self._join_once(call, route, ends)
        except RedirectedError as first:
            onward = self._onward(first, route)
            log.info("sip ← redirected to %s", onward.host)
            try:
                await self._join_once(call, await self._route_to(onward), ends)
            except RedirectedError:
                detail = f"{onward.host} sends this site on to yet another address"
                raise DialError(EndReason.REFUSED, detail) from None

    async def _join_once(self, call: SipCall, route: Route, ends: float) -> None:
        now = asyncio.get_running_loop().time()
        recently = {one for one, at in self._failed.items() if now - at < AVOID_S}
        targets = sorted(route.targets, key=recently.__contains__)  # else in their order
        failed_before = len(call.failed_targets)
        try:
            await call.join(replace(route, targets=targets), ends - now)
        finally:
            now = asyncio.get_running_loop().time()
            for target in call.failed_targets[failed_before:]:
                self._failed[target] = now
                self._failed.move_to_end(target)
            while len(self._failed) > MAX_AVOIDED:
                self._failed.popitem(last=False)

    def _onward(self, redirected: RedirectedError, route: Route) -> Address:
        """The address that a server names instead, if this site may call it; raises DialError."""
        refused = ""
        for uri in redirected.contacts[:MAX_TARGETS]:
            try:
                onward = Address.parse(str(uri))
            except AddressError:
                continue
            if not allowed(onward, self._hosts):
                refused = refused or onward.host
            elif secured(route.target) and not secured(uri):
                # Who was to be called by TLS is not called without.
                return replace(onward, scheme="sips")
            else:
                return onward
        detail = "the server names another address to call, and none that can be called"
        if refused:
            detail = f"the server sends this site on to {refused}, which is no allowed host"
        raise DialError(EndReason.REFUSED, detail)

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

    async def _find_route(self, address: str, codes: ConferenceCodes | None) -> Route:
        parsed = called_address(Address.parse(address), codes, self._choices)
        transport = parsed.parameter("transport").upper()
        if transport not in TRANSPORTS:
            raise AddressError(f"transport {transport[:20]!r} is none of udp, tcp and tls")
        return await self._route_to(parsed)

    async def _route_to(self, address: Address) -> Route:
        password = ""
        if self._choices.password_file:
            try:
                text = await asyncio.to_thread(Path(self._choices.password_file).read_text)
            except OSError as error:
                detail = f"the password file cannot be read: {error.strerror}"
                raise DialError(EndReason.UNAUTHORISED, detail) from None
            password = text.strip()
        try:
            return await find_route(address, self._choices, password, self._lookup)
        except ValueError as error:
            raise AddressError(str(error)) from None
