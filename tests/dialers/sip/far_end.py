"""A far end on a real TCP port: an INVITE session with media that takes or refuses a call."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sipmessage import Message, Request

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
    """``code`` 200 takes calls, 0 says nothing, any other refuses."""

    code: int = 200
    encryption: Encryption = Encryption.OPTIONAL
    port: int = 0
    agents: list[Agent] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one call."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.append(task)
        tracks: LocalTracks = near(2)
        media = MediaSession(
            tracks, encryption=self.encryption, name="MCU", on_keyframe_wanted=lambda: None
        )
        media.heard_key = self.keys.append
        await media.open("127.0.0.1")

        def send(message: Message) -> None:
            writer.write(serialise(message))

        session = InviteSession(Local("TCP", "127.0.0.1", self.port), FAR, accepts_calls=True)
        agent = Agent(session, media, send, self.answering)
        self.agents.append(agent)
        framer = Framer()
        try:
            while data := await reader.read(65536):
                for raw in framer.feed(data):
                    message = parse(raw)
                    if isinstance(message, Request) and message.method == "REGISTER":
                        self.registered.append(message.headers["Expires"])
                        send(response(message, 200, "registrar"))
                    elif self.code:
                        agent.hear(message)
        finally:
            await agent.leave()
            writer.close()

    def answering(self, agent: Agent, incoming: Incoming) -> None:
        """Take the call or refuse it."""
        now = time.monotonic()
        if self.code == 200:
            agent.session.answer(agent.media.answer(incoming.sdp), now)
        else:
            agent.session.refuse(self.code, now)

    async def stop(self) -> None:
        """Drop whoever is still there."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def far_end(
    code: int = 200, encryption: Encryption = Encryption.OPTIONAL
) -> AsyncIterator[FarEnd]:
    """A far end for the time of a test."""
    one = FarEnd(code, encryption)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        await one.stop()
