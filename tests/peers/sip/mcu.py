"""A scripted MCU on real sockets that behaves as the facts say of a Polycom RMX, faults included.

An entry queue asks for a conference ID and a PIN by DTMF; descriptions of 2 kB come in several TCP
segments with CRLFs between the messages; keyframes are asked for by INFO; SRTP carries an MKI;
content comes by re-INVITE; who is not encrypted is put out of an encrypted conference.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from sipmessage import Message, Request, Response

from appliance.dialers.sip.signalling.message import parse, response, serialise
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from appliance.dialers.sip.transport.framing import Framer
from tests.peers.sip.mcu_call import QUEUE, McuCall, Room
from tests.peers.sip.mcu_media import Faults
from tests.peers.sip.programme import NUMBERED, Show

HOST = "127.0.0.1"
SEGMENT = 700
PAUSE_S = 0.01  # so that two segments are read as two
PIN = "2468"
ENCRYPTED, OPEN, SMALL = "724999", "724000", "724001"
"""Conferences: with a PIN for those who are encrypted; without both; the same for one only."""


@dataclass
class Mcu:
    """``calls`` are all that ever came. `stop` is a power cut: no BYE, no goodbye."""

    rooms: dict[str, Room]
    show: Show = NUMBERED
    faults: Faults = field(default_factory=Faults)
    timer: SessionTimer = field(default_factory=SessionTimer)
    tls: ssl.SSLContext | None = None
    port: int = 0
    calls: list[McuCall] = field(default_factory=list)
    broken: list[Exception] = field(default_factory=list)  # what a site did against the rules
    _server: asyncio.Server | None = None
    _lines: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def address(self, number: str = QUEUE) -> str:
        """What a site dials."""
        transport = "tls" if self.tls else "tcp"
        return f"sip:{number}@{HOST}:{self.port};transport={transport}"

    @property
    def live(self) -> list[McuCall]:
        """The calls that are up."""
        return [call for call in self.calls if call.up]

    async def start(self) -> None:
        """Listen, where it listened before."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Lose power."""
        if self._server is not None:
            self._server.close()
        for call in self.calls:
            call.media.cut()
        for writer in self._lines.values():
            writer.transport.abort()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines[task] = writer
        task.add_done_callback(self._lines.pop)
        pieces: asyncio.Queue[bytes] = asyncio.Queue(1024)

        def send(message: Message) -> None:
            data = serialise(message)
            if self.faults.no_update:
                data = data.replace(b"UPDATE, ", b"")
            for at in range(0, len(data), SEGMENT):
                pieces.put_nowait(data[at : at + SEGMENT])
            pieces.put_nowait(b"\r\n\r\n")

        call = McuCall(self.rooms, self.show, self.faults, self.timer, send, self.port, self._full)
        talking = asyncio.create_task(_talk(pieces, writer))
        try:
            await call.media.open(HOST)
            framer = Framer()
            while data := await reader.read(65536):
                for raw in framer.feed(data):
                    self._hear(call, parse(raw), send)
        except (ConnectionError, ssl.SSLError):
            pass  # the site's own power cut
        except AssertionError as error:
            self.broken.append(error)
        finally:
            talking.cancel()
            writer.transport.abort()
            await call.gone()

    def _full(self, number: str) -> bool:
        inside = sum(call.where == number for call in self.live)
        return number in self.rooms and inside >= self.rooms[number].most

    def _hear(
        self, call: McuCall, message: Request | Response, send: Callable[[Message], None]
    ) -> None:
        if isinstance(message, Request) and message.method == "REGISTER":
            send(response(message, 200, "registrar"))
        elif self.faults.code:
            if call not in self.calls:
                self.calls.append(call)
            call.agent.hear(message)


async def _talk(pieces: "asyncio.Queue[bytes]", writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(await pieces.get())
        await asyncio.sleep(PAUSE_S)


def rooms() -> dict[str, Room]:
    """The conferences of an ordinary day."""
    return {ENCRYPTED: Room(PIN, encrypted=True), OPEN: Room(), SMALL: Room(most=1)}


@contextlib.asynccontextmanager
async def mcu(
    faults: Faults | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    show: Show = NUMBERED,
    timer: SessionTimer | None = None,
) -> AsyncIterator[Mcu]:
    """One for the time of a test."""
    one = Mcu(rooms(), show, faults or Faults(), timer or SessionTimer(), tls)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()
    assert not one.broken
