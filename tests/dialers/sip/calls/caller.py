"""Calls below the dialer, by transport layer, INVITE session and media session."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sipmessage import URI, Address, Request, Response

from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from appliance.dialers.sip.transport.resolve import Target
from appliance.dialers.sip.transport.transport_layer import TransportLayer
from tests.dialers.sip.media_pair import End, end, until
from tests.peers.sip.agent import Agent


@dataclass
class Caller:
    """One who calls: ``end`` is what it sees and hears."""

    end: End
    agent: Agent

    @property
    def code(self) -> int:
        """With which status the call was refused; 0 for none."""
        failed = self.agent.failed
        return failed.response.code if failed is not None and failed.response is not None else 0

    @property
    def decided(self) -> bool:
        return self.agent.up or self.agent.failed is not None or self.agent.ended is not None


@dataclass(frozen=True, slots=True)
class CallTarget:
    """Where to call: transport, host and port, and the authorities to trust."""

    transport: str
    port: int
    host: str = "127.0.0.1"
    trust: ssl.SSLContext | None = None


@asynccontextmanager
async def call(
    target: CallTarget,
    number: int | str,
    *,
    user: str,
    password: str = "",
    encryption: Encryption = Encryption.OFF,
    hertz: float = 440.0,
    first: int = 0,
    timer: SessionTimer | None = None,
    wait: bool = True,
) -> AsyncIterator[Caller]:
    """Dial; up or refused when the body begins, or at once without ``wait``."""
    one = end(encryption, first=first, hertz=hertz)
    agents: list[Agent] = []

    def hear(message: Request | Response) -> None:
        for agent in agents:
            agent.hear(message)

    def lost(why: str) -> None:
        for agent in agents:
            agent.lost(why)

    transport_layer = TransportLayer(target.trust, hear, lost)
    try:
        local = await transport_layer.open(
            [Target(target.transport, target.host, target.port, target.host)]
        )
    except OSError:
        await one.close()
        await transport_layer.close()
        raise
    await one.session.open(local.host)
    uri = URI.parse(
        f"sip:{number}@{target.host}:{target.port};transport={target.transport.lower()}"
    )
    session = InviteSession(
        local,
        Address(URI.parse(f"sip:{user}@{local.host}")),
        authenticator=Authenticator(user, password),
        timer=timer,
    )
    agent = Agent(session, one.session, transport_layer.send)
    agents.append(agent)
    caller = Caller(one, agent)
    try:
        session.call(uri, one.session.offer(), time.monotonic())
        agent.turn()
        one.watch()
        if wait:
            await until(lambda: caller.decided, "an answer")
        yield caller
    finally:
        await agent.leave()
        await one.close()
        await transport_layer.close()
        await asyncio.sleep(0)
