"""Which dialer understands which address."""

import ssl
from collections.abc import Mapping

from appliance.base.config import SipChoices
from appliance.dialers.api import (
    DIAL_DEADLINE_S,
    Call,
    Dialer,
    DialError,
    EndReason,
    LocalTracks,
)
from appliance.dialers.janus.dialer import JanusDialer
from appliance.dialers.loopback import LoopbackDialer
from appliance.dialers.on_demand import OnDemandDialer
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.room_keys import RoomKeys

SIP_SCHEMES = frozenset({"sip", "sips"})


def dialers(
    trust: ssl.SSLContext | None = None,
    deadline_s: float = DIAL_DEADLINE_S,
    sip: SipChoices | None = None,
    hosts: frozenset[str] = frozenset(),
) -> Mapping[str, Dialer]:
    """Every dialer that there is, by scheme. ``trust`` holds a private authority where one is.

    ``hosts`` are the only ones that a server may send a call on to; none named: any.

    SIP, a sixth of all that the endpoint loads, is loaded here for a site that has a name at a SIP
    server, and else by the first address for it.
    """

    def load_sip() -> Dialer:
        from appliance.dialers.sip.dialer import SipDialer  # noqa: PLC0415 - see above

        return SipDialer(trust, deadline_s, sip, hosts=hosts)

    known: list[Dialer] = [
        LoopbackDialer(),
        JanusDialer(trust, deadline_s),
        load_sip() if sip is not None and sip.user else OnDemandDialer(SIP_SCHEMES, load_sip),
    ]
    return {scheme: dialer for dialer in known for scheme in dialer.schemes}


class Dialers:
    """All dialers as one: takes any address.

    To be made in a thread: it may load SIP. ``ca`` is a file with a private authority (PEM); ""
    believes the system's. Raises OSError or ssl.SSLError when the file cannot be read. ``sip`` is
    the site file's section, ``hosts`` as in `dialers`.
    """

    def __init__(
        self,
        ca: str = "",
        deadline_s: float = DIAL_DEADLINE_S,
        sip: SipChoices | None = None,
        hosts: frozenset[str] = frozenset(),
    ) -> None:
        trust = ssl.create_default_context(cafile=ca) if ca else None
        self._by_scheme = dialers(trust, deadline_s, sip, hosts)
        self.schemes = frozenset(self._by_scheme)

    async def dial(
        self,
        address: str,
        near: LocalTracks,
        *,
        name: str,
        keys: RoomKeys | None = None,
        codes: ConferenceCodes | None = None,
    ) -> Call:
        """Call ``address`` by whichever dialer understands it; raises DialError."""
        scheme = address.strip().partition(":")[0].lower()
        dialer = self._by_scheme.get(scheme)
        if dialer is None:
            known = ", ".join(sorted(f"{one}:" for one in self._by_scheme))
            near.stop()
            raise DialError(
                EndReason.BAD_ADDRESS, f"no dialer for {scheme[:40]!r}; there are {known}"
            )
        return await dialer.dial(address, near, name=name, keys=keys, codes=codes)
