"""By which way an address is called: places to connect to, routes, and who we are there."""

from dataclasses import dataclass, replace

from sipmessage import URI, Parameters
from sipmessage import Address as SipAddress

from appliance.base.config import SipChoices
from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.message import Local
from appliance.dialers.sip.transport.resolve import Lookup, Target, targets
from appliance.wire.address import Address


@dataclass(frozen=True)
class Route:
    """``registrar`` is None where nothing is to be registered; ``shown`` is for people."""

    target: URI
    targets: list[Target]
    routes: list[SipAddress]
    registrar: URI | None
    authenticator: Authenticator
    user: str
    domain: str

    def near(self, local: Local, name: str) -> SipAddress:
        """Our address: at the registrar's domain, or where we are."""
        return SipAddress(URI("sip", self.domain or local.host, self.user or "site"), name)


async def way(address: Address, choices: SipChoices, password: str, lookup: Lookup) -> Route:
    """Find the way; a proxy, or the registrar where we register, comes before the address."""
    registrar = Address.parse(choices.registrar) if choices.registrar else None
    proxy = Address.parse(choices.outbound_proxy) if choices.outbound_proxy else None
    if proxy is None and choices.register:
        proxy = registrar
    hop = proxy or address
    secure = hop.scheme == "sips"
    transport = hop.parameter("transport").upper()
    found = await targets(hop.host, hop.port, transport, secure=secure, lookup=lookup)
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
        user=choices.user,
        domain=registrar.host if registrar is not None else "",
    )


def _uri(address: Address) -> URI:
    """The address for the wire. ``sips`` goes as sip over TLS: conference systems know no more."""
    uri = URI.parse(str(address))
    if uri.scheme != "sips":
        return uri
    parameters = Parameters(**{**dict(uri.parameters), "transport": "tls"})
    return replace(uri, scheme="sip", parameters=parameters)
