"""A far end on a real TCP port: an INVITE session with media that takes or refuses a call."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sipmessage import Message, Request, Response

from appliance.dialers.api import LocalTracks
from appliance.dialers.sip.media_session import MediaSession
from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.dialers.sip.signalling.events import Incoming
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.message import Local, parse, response, serialise
from appliance.dialers.sip.transport.framing import Framer
from tests.dialers.sip.signalling.sessions import FAR
from tests.dialers.sites import near
from tests.peers.sip.agent import Agent


@dataclass
class FarEnd:
    """``code`` 200 takes calls, 0 says nothing, any other refuses, with ``headers``.

    ``rewrite`` changes whatever it sends, ``spoil`` the bytes of it. `drop` closes the connections;
    its calls go on where they ``survive`` that, by the connection on which the site speaks next.
    """

    code: int = 200
    encryption: Encryption = Encryption.OPTIONAL
    headers: dict[str, str] = field(default_factory=dict)
    spoil: Callable[[bytes], bytes] = bytes
    survive: bool = False
    rewrite: Callable[[Message], None] = lambda message: None
    port: int = 0
    agents: list[Agent] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    connections: int = 0
    _by_call: dict[str, Agent] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.append(task)
        self._writers.append(writer)
        self.connections += 1

        def send(message: Message) -> None:
            self.rewrite(message)
            writer.write(self.spoil(serialise(message)))

        framer = Framer()
        try:
            while data := await reader.read(65536):
                for raw in framer.feed(data):
                    await self._hear(parse(raw), send)
        except ConnectionError:
            pass
        finally:
            if not self.survive:
                for agent in self.agents:
                    await agent.leave()
            writer.close()

    async def _hear(self, message: Request | Response, send: Callable[[Message], None]) -> None:
        if isinstance(message, Request):
            self.asked.append(message)
            if message.method == "REGISTER":
                self.registered.append(message.headers["Expires"])
                send(response(message, 200, "registrar"))
                return
        if not self.code:
            return
        agent = self._by_call.get(message.call_id)
        if agent is None:
            agent = self._by_call[message.call_id] = await self._agent(send)
        agent.send = send
        agent.hear(message)

    async def _agent(self, send: Callable[[Message], None]) -> Agent:
        tracks: LocalTracks = near(2)
        media = MediaSession(
            tracks, encryption=self.encryption, name="MCU", on_keyframe_wanted=lambda: None
        )
        media.heard_key = self.keys.append
        await media.open("127.0.0.1")
        session = InviteSession(Local("TCP", "127.0.0.1", self.port), FAR, accepts_calls=True)
        agent = Agent(session, media, send, self.answering)
        self.agents.append(agent)
        return agent

    def methods(self) -> list[str]:
        """What the site asked, in order."""
        return [one.method for one in self.asked]

    def drop(self) -> None:
        """Close all connections."""
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.close()

    def answering(self, agent: Agent, incoming: Incoming) -> None:
        """Take the call or refuse it."""
        now = time.monotonic()
        if self.code == 200:
            agent.session.answer(agent.media.answer(incoming.sdp), now)
        else:
            agent.session.refuse(self.code, now, self.headers)

    async def stop(self) -> None:
        """Drop whoever is still there."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for agent in self.agents:
            agent.rest()
            await agent.media.close()


@asynccontextmanager
async def far_end(
    code: int = 200,
    encryption: Encryption = Encryption.OPTIONAL,
    *,
    headers: dict[str, str] | None = None,
    spoil: Callable[[bytes], bytes] = bytes,
    survive: bool = False,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[FarEnd]:
    """A far end for the time of a test."""
    one = FarEnd(code, encryption, headers or {}, spoil, survive)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0, ssl=tls)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        await one.stop()
