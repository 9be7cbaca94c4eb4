"""Resolves a SIP address to targets: transport, host and port, best first (RFC 3263)."""

import asyncio
import ipaddress
import random
from dataclasses import dataclass
from typing import Any, Protocol

import dns.asyncresolver
import dns.exception
import dns.rdatatype

LOOKUP_TIMEOUT_S = 3.0
"""For all queries about one name; in a network without DNS none is ever answered."""
MAX_TARGETS = 8
_SERVICES = {"SIPS+D2T": "TLS", "SIP+D2T": "TCP", "SIP+D2U": "UDP"}
_PREFIXES = {"TLS": "_sips._tcp.", "TCP": "_sip._tcp.", "UDP": "_sip._udp."}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect. ``name`` is what its certificate must be for (RFC 5922)."""

    transport: str
    host: str
    port: int
    name: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port} ({self.transport})"


@dataclass(frozen=True, slots=True)
class Srv:
    """An SRV record."""

    priority: int
    weight: int
    host: str
    port: int


class Lookup(Protocol):
    """DNS queries; gives an empty list for no answer and for no such name."""

    async def srv(self, name: str) -> list[Srv]:
        """The SRV records of a name."""

    async def naptr(self, name: str) -> list[tuple[str, str]]:
        """Service and next name of NAPTR records with flag ``s``, the most wanted first."""


class Dns:
    """The system's name servers, or those of ``resolver``."""

    def __init__(self, resolver: dns.asyncresolver.Resolver | None = None) -> None:
        self._resolver = resolver

    async def srv(self, name: str) -> list[Srv]:
        """See `Lookup`."""
        return [
            Srv(one.priority, one.weight, one.target.to_text(omit_final_dot=True), one.port)
            for one in await self._ask(name, "SRV")
            if one.target.to_text() != "."
        ]

    async def naptr(self, name: str) -> list[tuple[str, str]]:
        """See `Lookup`."""
        found = sorted(await self._ask(name, "NAPTR"), key=lambda r: (r.order, r.preference))
        return [
            (one.service.decode().upper(), one.replacement.to_text(omit_final_dot=True))
            for one in found
            if one.flags.lower() == b"s"
        ]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            if self._resolver is None:  # it reads the system's file
                self._resolver = await asyncio.to_thread(dns.asyncresolver.Resolver)
            answer = await self._resolver.resolve(
                name, kind, search=False, lifetime=LOOKUP_TIMEOUT_S
            )
        except (dns.exception.DNSException, OSError, ValueError):
            return []
        return list(answer)


async def find_targets(
    host: str, port: int | None, transport: str, *, secure: bool, lookup: Lookup
) -> list[Target]:
    """Where to connect to reach ``host``, best first; ``transport`` is "" where none is given.

    Without a transport the call goes by TCP, since our offer does not fit a datagram, and by UDP
    where TCP is not spoken (RFC 3261 section 18.1.1).
    """
    wanted = [transport] if transport else ["TLS"] if secure else ["TCP", "UDP"]
    if transport == "TCP" and secure:
        wanted = ["TLS"]
    if port is not None or _numeric(host):
        return [
            Target(one, host.strip("[]"), port or _port(one), host.strip("[]")) for one in wanted
        ]
    try:
        async with asyncio.timeout(LOOKUP_TIMEOUT_S):
            found = await _records(host, wanted, given=bool(transport), lookup=lookup)
    except TimeoutError:
        found = []
    return found[:MAX_TARGETS] or [Target(one, host, _port(one), host) for one in wanted]


async def _records(host: str, wanted: list[str], *, given: bool, lookup: Lookup) -> list[Target]:
    names = [(one, _PREFIXES[one] + host) for one in wanted]
    if not given:
        pointers = [
            (_SERVICES[service], name)
            for service, name in await lookup.naptr(host)
            if _SERVICES.get(service) in wanted
        ]
        names = pointers or names
    answers = await asyncio.gather(*(lookup.srv(name) for _, name in names))
    return [
        Target(one, record.host, record.port, host)
        for (one, _), records in zip(names, answers, strict=True)
        for record in _in_order(records)
    ]


def _in_order(records: list[Srv]) -> list[Srv]:
    """By priority; within one priority at random, by the weights (RFC 2782)."""
    spread = random.SystemRandom()
    return sorted(
        records, key=lambda r: (r.priority, -(spread.random() ** (1 / (r.weight or 0.1))))
    )


def _port(transport: str) -> int:
    return 5061 if transport == "TLS" else 5060


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
