"""Finds the route of a call: targets to connect to, proxies, registrar, and our identity."""

from dataclasses import dataclass, replace

from sipmessage import URI, Parameters
from sipmessage import Address as SipAddress

from appliance.base.config import SipChoices
from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.message import Local
from appliance.dialers.sip.signalling.received.header_values import read_uri
from appliance.dialers.sip.transport.resolve import Lookup, Target, find_targets
from appliance.wire.address import Address


@dataclass(frozen=True)
class Route:
    """How one address is called.

    ``target`` is the address itself, ``targets`` where to connect, best first; ``routes`` are the
    proxies. ``registrar`` is None where nothing is to be registered; ``domain`` is "" without one.
    """

    target: URI
    targets: list[Target]
    routes: list[SipAddress]
    registrar: URI | None
    authenticator: Authenticator
    user: str
    domain: str
    """The server's, for our own address, in which `user` stands."""

    def near(self, local: Local, name: str) -> SipAddress:
        """Our address: at the registrar's domain, or at our own host."""
        return SipAddress(URI("sip", self.domain or local.host, self.user or "site"), name)


async def find_route(address: Address, choices: SipChoices, password: str, lookup: Lookup) -> Route:
    """The route to an address: by the proxy, or the registrar where we register, or directly.

    Raises ValueError (AddressError among them) for an address of no use.
    """
    registrar = Address.parse(choices.registrar) if choices.registrar else None
    proxy = Address.parse(choices.outbound_proxy) if choices.outbound_proxy else None
    if proxy is None and choices.register:
        proxy = registrar
    hop = proxy or address
    secure = hop.scheme == "sips"
    transport = hop.parameter("transport").upper()
    found = await find_targets(hop.host, hop.port, transport, secure=secure, lookup=lookup)
    routes = []
    if proxy is not None:
        there = _uri(proxy)
        parameters = there.parameters.replace(lr=None)
        routes = [SipAddress(replace(there, parameters=parameters))]
    register_at = _uri(registrar) if registrar is not None and choices.register else None
    return Route(
        target=_uri(address),
        targets=found,
        routes=routes,
        registrar=register_at,
        authenticator=Authenticator(choices.user, password),
        user=choices.extension or choices.user,
        domain=registrar.host if registrar is not None else "",
    )


def secured(uri: URI) -> bool:
    """Whether an address is to be called by TLS."""
    return uri.scheme == "sips" or (uri.parameters.get("transport") or "").lower() == "tls"


def _uri(address: Address) -> URI:
    """The address as it is sent. ``sips`` goes as sip over TLS: MCUs know no more than that."""
    uri = read_uri(str(address))
    if uri.scheme != "sips":
        return uri
    parameters = Parameters(**{**dict(uri.parameters), "transport": "tls"})
    return replace(uri, scheme="sip", parameters=parameters)
