"""A room that says what a real Janus said of a real Chromium in VP9, in one fast loop with a site.

Its words and packets are recorded (recorded/chromium-vp9.json, which says of what). ICE, DTLS and
SRTP are real on both paths, by the embedded room's own media; only the network is the story's. A
commune's box may be in the room as well, which sends H.264.
"""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websockets
from aiortc.rtp import AnyRtcpPacket
from aiortc.sdp import candidate_to_sdp
from websockets.asyncio.server import ServerConnection, serve

from appliance.base.tasks import cancel_and_wait
from appliance.media.rtp.h264_payload import packetise
from appliance.media.webrtc.descriptions import Description
from services.room.media.descriptions import parse_description
from services.room.media.publisher import PublishedMedia
from services.room.media.rewrite import HEADER, parse
from services.room.media.transport import Transport
from tests.stories.cards import GREYS, card

RECORDED = json.loads((Path(__file__).parent / "recorded/chromium-vp9.json").read_text())
CHAIR, BOX, SITE = RECORDED["publisher"]["id"], 22, 77
CHAIR_NAME, BOX_NAME, BOX_GREY = "Chủ tọa", "Xã Ia Ko", max(GREYS.values())
OPUS, VP9, H264 = "opus", "vp9", "h264"
H264_TYPE, OPUS_TYPE, BOX_SSRC = 107, 111, 2222
SOUND_S = 0.4
"""Between two packets of a speaker who is silent, by Opus's DTX: a minute has 150, not 3000."""
PICTURE_S = 1.0
BITRATE = 1_500_000
OF_A_PATH = ("a=ice-", "a=setup:", "a=fingerprint:", "a=candidate:", "a=end-of-candidates")

Json = dict[str, Any]


def _sections() -> list[list[str]]:
    """The recorded offer without its path: the session's lines, sound, picture."""
    found: list[list[str]] = [[]]
    for line in RECORDED["offer"]:
        if line.startswith("m="):
            found.append([])
        if not line.startswith(OF_A_PATH):
            found[-1].append(line)
    return found


def _h264() -> list[str]:
    """The line of a box: Chromium's with another codec."""
    lines = ["m=video 9 UDP/TLS/RTP/SAVPF 107", "c=IN IP4 192.0.2.2", "a=sendonly", "a=mid:1"]
    lines += ["a=rtcp-mux", "a=rtpmap:107 H264/90000", "a=rtcp-fb:107 nack pli"]
    lines += ["a=fmtp:107 packetization-mode=1;profile-level-id=42e01f"]
    return [*lines, "a=msid:janus janus2", f"a=ssrc:{BOX_SSRC} cname:janus"]


def _sound() -> Iterator[bytes]:
    """The recorded packets again and again, in a stream of their own numbers."""
    ssrc = int.from_bytes(bytes.fromhex(RECORDED[OPUS][0])[8:12])
    for number, packet in enumerate(itertools.cycle(RECORDED[OPUS])):
        read = parse(bytes.fromhex(packet))
        assert read is not None
        ticks = round(number * SOUND_S * 48000)
        yield HEADER.pack(0x80, OPUS_TYPE, number & 0xFFFF, ticks, ssrc) + read.payload


def _vp9() -> Iterator[bytes]:
    """As they were recorded, once."""
    yield from map(bytes.fromhex, RECORDED[VP9])


def _card() -> Iterator[bytes]:
    """One grey picture after another."""
    sequence = itertools.count()
    for number in itertools.count():
        payloads = packetise(card(BOX_GREY), 1)
        for payload in payloads:
            kind = H264_TYPE | (0x80 if payload is payloads[-1] else 0)
            ticks = round(number * PICTURE_S * 90000)
            yield HEADER.pack(0x80, kind, next(sequence) & 0xFFFF, ticks, BOX_SSRC) + payload


@dataclass(frozen=True)
class _Medium:
    """What somebody in the room sends."""

    feed: int
    mid: str
    kind: str
    codec: str
    lines: list[str]
    packets: Callable[[], Iterator[bytes]]
    interval_s: float


MEDIA = (
    _Medium(CHAIR, "0", "audio", OPUS, _sections()[1], _sound, SOUND_S),
    _Medium(CHAIR, "1", "video", VP9, _sections()[2], _vp9, PICTURE_S),
    _Medium(BOX, "1", "video", H264, _h264(), _card, PICTURE_S),
)


@dataclass
class _Line:
    """One line of a subscription's description."""

    medium: _Medium
    active: bool = True
    task: asyncio.Task[None] | None = None


class _Subscription:
    """Sends to the site what it subscribed to, whatever it answered."""

    def __init__(self, tell_refused: Callable[[str], None], *, names_codecs: bool) -> None:
        self._transport = Transport(self._take_rtp, self._take_rtcp, controlling=True)
        self._tell_refused, self._names_codecs = tell_refused, names_codecs
        self._lines: list[_Line] = []

    async def change(self, add: list[Json], drop: list[Json]) -> tuple[Json, str]:
        """The event's media, and the offer."""
        for one in drop:
            self._lines[int(one["sub_mid"])].active = False
        wanted = [(one["feed"], one["mid"]) for one in add]
        self._lines += [_Line(each) for each in MEDIA if (each.feed, each.mid) in wanted]
        await self._transport.gather()
        return {"streams": [self._stream(number) for number in range(len(self._lines))]}, (
            self._offer()
        )

    async def start(self, answer: str) -> None:
        """Take the site's answer, connect with the first, and send."""
        for medium, line in zip(Description.parse(answer).media, self._lines, strict=True):
            if medium.rejected and line.active:
                self._tell_refused(line.medium.codec)
        _, path = parse_description(answer)
        if not self._transport.started:
            assert await self._transport.connect(path)
        for line in self._lines:
            line.task = line.task or asyncio.create_task(self._send(line))

    async def close(self) -> None:
        """Stop sending."""
        await cancel_and_wait(*(line.task for line in self._lines if line.task is not None))
        await self._transport.close()

    async def _send(self, line: _Line) -> None:
        for packet in line.medium.packets():
            if not line.active or self._transport.closed.is_set():
                return
            await self._transport.send(packet)
            if line.medium.codec != H264 or packet[1] & 0x80:  # a picture's packets go together
                await asyncio.sleep(line.medium.interval_s)

    def _stream(self, number: int) -> Json:
        medium = self._lines[number].medium
        found = {
            "type": medium.kind, "mindex": number, "mid": str(number), "ready": False,
            "active": self._lines[number].active, "send": True, "feed_id": medium.feed,
            "feed_mid": medium.mid,
        }  # fmt: skip
        return found | ({"codec": medium.codec} if self._names_codecs else {})

    def _offer(self) -> str:
        mids = " ".join(str(number) for number in range(len(self._lines)))
        text = [f"a=group:BUNDLE {mids}" if line.startswith("a=group:") else line
                for line in _sections()[0]]  # fmt: skip
        ice, dtls = self._transport.ice_parameters(), self._transport.dtls_parameters()
        path = [f"a=ice-ufrag:{ice.usernameFragment}", f"a=ice-pwd:{ice.password}"]
        path += [f"a=fingerprint:{one.algorithm} {one.value}" for one in dtls.fingerprints]
        path += ["a=candidate:" + candidate_to_sdp(one) for one in self._transport.candidates()]
        path += ["a=setup:actpass", "a=end-of-candidates"]
        for number, line in enumerate(self._lines):
            named = (
                f"a=mid:{number}" if one.startswith("a=mid:") else one for one in line.medium.lines
            )
            direction = "a=sendonly" if line.active else "a=inactive"
            text += [direction if one == "a=sendonly" else one for one in named] + path
        return "\r\n".join([*text, ""])

    async def _take_rtp(self, data: bytes) -> None:
        """A site sends none here."""

    async def _take_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        """Reports; nothing is sent again."""


@dataclass
class RecordedRoom:
    """What it heard of the sites that came.

    ``names_codecs``: an older Janus says nowhere but in its offer what a participant sends.
    """

    names_codecs: bool = True
    has_box: bool = False
    refused: list[str] = field(default_factory=list)
    """The codecs of lines that a site rejected in an answer."""
    sites: list[PublishedMedia] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[None]:
        """Until the end of the block."""
        protocol = websockets.Subprotocol("janus-protocol")
        async with serve(
            self._serve, "127.0.0.1", port, subprotocols=[protocol], compression=None,
            ping_interval=None,
        ):  # fmt: skip
            yield

    async def _serve(self, socket: ServerConnection) -> None:
        session = _Session(self)
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in socket:
                for answer in await session.answer(json.loads(text)):
                    await socket.send(json.dumps(answer))
        await session.close()

    def publishers(self) -> list[Json]:
        """Who is in, as the server lists them."""
        chair = {**RECORDED["publisher"], "display": CHAIR_NAME}
        box = {"id": BOX, "display": BOX_NAME, "streams": [
            {"type": "video", "mindex": 0, "mid": "1", "codec": H264},
        ]}  # fmt: skip
        people = [chair, box] if self.has_box else [chair]
        if self.names_codecs:
            return people
        return [
            {"id": one["id"], "display": one["display"], "streams": [
                {key: value for key, value in stream.items() if key in ("type", "mindex", "mid")}
                for stream in one["streams"]
            ]}
            for one in people
        ]  # fmt: skip


class _Session:
    """One site's handles."""

    def __init__(self, room: RecordedRoom) -> None:
        self._room = room
        self._numbers = itertools.count(2)
        self._subscriptions: dict[int, _Subscription] = {}
        self._sending: asyncio.Task[None] | None = None

    async def answer(self, request: Json) -> list[Json]:
        """What Janus says to that."""
        transaction, handle = request.get("transaction", ""), request.get("handle_id", 0)
        success = {"janus": "success", "session_id": 1, "transaction": transaction}
        ack = {"janus": "ack", "session_id": 1, "transaction": transaction}
        body = request.get("body", {})
        match request["janus"]:
            case "create":
                return [{**success, "data": {"id": 1}}]
            case "attach":
                return [{**success, "data": {"id": next(self._numbers)}}]
            case "info":
                return [{**success, "janus": "server_info", "name": "Janus WebRTC Server"}]
            case "message" if body["request"] == "exists":
                data = {"videoroom": "success", "room": body["room"], "exists": True}
                return [{**success, "plugindata": {"data": data}}]
            case "message":
                data, jsep = await self._ask(handle, body, request.get("jsep", {}).get("sdp", ""))
                event = {"janus": "event", "sender": handle, "plugindata": {"data": data}}
                return [ack, {**success, **event, **({"jsep": jsep} if jsep else {})}]
        return [ack]

    async def close(self) -> None:
        """The site has gone."""
        for one in self._subscriptions.values():
            await one.close()
        if self._sending is not None:
            await cancel_and_wait(self._sending)
            await self._room.sites[-1].transport.close()

    async def _ask(self, handle: int, body: Json, sdp: str) -> tuple[Json, Json | None]:
        match body["request"]:
            case "joinandconfigure":
                site = PublishedMedia(SITE, BITRATE)
                text, path = await site.take_offer(sdp, {"audio": OPUS, "video": H264})
                self._room.sites.append(site)
                self._sending = asyncio.create_task(site.run(path, lambda: None))
                data = {"videoroom": "joined", "room": body["room"], "id": SITE, "private_id": 5}
                return {**data, "publishers": self._room.publishers()}, _jsep("answer", text)
            case "join" | "update":
                one = self._subscriptions.setdefault(
                    handle,
                    _Subscription(self._room.refused.append, names_codecs=self._room.names_codecs),
                )
                add = body.get("streams", []) + body.get("subscribe", [])
                data, text = await one.change(add, body.get("unsubscribe", []))
                kind = "attached" if body["request"] == "join" else "updated"
                return {"videoroom": kind, **data}, _jsep("offer", text)
            case "start":
                await self._subscriptions[handle].start(sdp)
        return {"videoroom": "event", "configured": "ok"}, None


def _jsep(kind: str, text: str) -> Json:
    return {"type": kind, "sdp": text}
