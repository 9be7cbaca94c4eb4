"""The far ends of a room's media: real ICE and DTLS on this machine, with a memory of what came."""

import asyncio
from collections.abc import Callable

from aiortc.rtp import AnyRtcpPacket

from services.room.media.descriptions import accept_lines, make_answer, offer, parse_description
from services.room.media.publisher import PublishedMedia
from services.room.media.rewrite import HEADER, Incoming, parse
from services.room.media.sink import ABS_SEND_TIME_ID, VIDEO_TYPE, Sink
from services.room.media.subscriber import SubscribedMedia
from services.room.media.transport import Transport

CODECS = {"audio": "opus", "video": "h264"}
PICTURE = 77
"""The SSRC of a publisher's picture."""


class FarEnd:
    """One path to the room; `rtp` holds packets as they came, `rtcp` what they reported."""

    def __init__(self, *, offers: bool) -> None:
        self.rtp: list[bytes] = []
        self.rtcp: list[AnyRtcpPacket] = []
        self._news = asyncio.Condition()
        self.transport = Transport(self._on_rtp, self._on_rtcp, controlling=offers)
        self.tasks: list[asyncio.Task[None]] = []

    async def publish(self, bitrate: int) -> PublishedMedia:
        """Send a picture to the room from now on."""
        media = PublishedMedia(5, bitrate)
        await self.transport.gather()
        sink = Sink("0", "video", self.transport, feed=1, ssrc=PICTURE)
        text, path = await media.take_offer(
            offer([sink.line()], self.transport, 1, ABS_SEND_TIME_ID), CODECS
        )
        self.tasks.append(asyncio.create_task(media.run(path, lambda: None)))
        await self._connect(text)
        await media.transport.connected.wait()
        return media

    async def subscribe(self, media: PublishedMedia) -> SubscribedMedia:
        """Receive all that it sends from now on."""
        mine = SubscribedMedia()
        for source in media.sources.values():
            mine.add(source)
        text = await mine.make_offer()
        offered, _ = parse_description(text)
        await self.transport.gather()
        answer = make_answer(offered, accept_lines(offered, CODECS), self.transport, 1, 0)
        _, path = parse_description(answer)
        self.tasks.append(asyncio.create_task(mine.run(path, lambda: None)))
        await self._connect(text, active=True)
        await mine.transport.connected.wait()
        return mine

    async def send(self, sequence: int, payload: bytes, timestamp: int = 0) -> None:
        """Send one packet of the picture."""
        head = HEADER.pack(0x80, VIDEO_TYPE, sequence, timestamp, PICTURE)
        await self.transport.send(head + payload)

    async def until(self, come: Callable[[], bool]) -> None:
        """Wait for what makes `come` true."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(come)

    async def picture(self, count: int) -> list[Incoming]:
        """The first `count` packets that came."""
        await self.until(lambda: len(self.rtp) >= count)
        return [packet for data in self.rtp[:count] if (packet := parse(data)) is not None]

    async def close(self) -> None:
        """Hang up; the room's side ends by itself."""
        await self.transport.close()
        async with asyncio.timeout(10):
            await asyncio.gather(*self.tasks)

    async def _connect(self, text: str, *, active: bool = False) -> None:
        _, path = parse_description(text)
        if active:
            path.dtls.role = "server"
        async with asyncio.timeout(10):
            assert await self.transport.connect(path)

    async def _on_rtp(self, data: bytes) -> None:
        async with self._news:
            self.rtp.append(data)
            self._news.notify_all()

    async def _on_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        async with self._news:
            self.rtcp.extend(packets)
            self._news.notify_all()
