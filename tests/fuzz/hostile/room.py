"""A server that speaks Janus's VideoRoom and spoils what it says: answers, events, descriptions."""

import asyncio
import contextlib
import json
from typing import Any

import websockets
from websockets.asyncio.server import ServerConnection, serve

from tests.fuzz.hostile.mutations import Mutations

CODECS = ("vp8", "vp9", "av1", "h264", "h265", "opus", "pcmu", "multiopus", "nothing")
EVENT_S = 2.0
"""Between two things that it says unasked."""
OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=VideoRoom 1
t=0 0
a=group:BUNDLE 0 1
a=ice-options:trickle
a=fingerprint:sha-256 {fingerprint}
a=extmap-allow-mixed
a=msid-semantic: WMS *
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 127.0.0.1
a=sendonly
a=mid:0
a=rtcp-mux
a=ice-ufrag:abcd
a=ice-pwd:abcdabcdabcdabcdabcdab
a=setup:actpass
a=rtpmap:111 opus/48000/2
a=ssrc:11 cname:janus
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 127.0.0.1
a=sendonly
a=mid:1
a=rtcp-mux
a=ice-ufrag:abcd
a=ice-pwd:abcdabcdabcdabcdabcdab
a=setup:actpass
a=rtpmap:96 {codec}/90000
a=fmtp:96 profile-level-id={profile};packetization-mode=1
a=rtcp-fb:96 nack pli
a=ssrc:12 cname:janus
a=end-of-candidates
""".replace("\n", "\r\n")
FINGERPRINT = ":".join(["AB"] * 32)


class HostileRoom:
    """One in each connection; ``mutations`` decides what is spoiled."""

    def __init__(self, mutations: Mutations) -> None:
        self._mutations = mutations
        self._random = mutations.random

    @contextlib.asynccontextmanager
    async def listening(self, port: int) -> Any:
        """Until the end of the block."""
        async with serve(
            self._serve, "127.0.0.1", port, subprotocols=[websockets.Subprotocol("janus-protocol")],
            compression=None, ping_interval=None,
        ):  # fmt: skip
            yield

    async def _serve(self, socket: ServerConnection) -> None:
        unasked = asyncio.create_task(self._say_unasked(socket))
        try:
            async for text in socket:
                for answer in self._answers(json.loads(text)):
                    await self._send(socket, answer)
                if self._random.random() < 0.01:
                    socket.transport.abort()
        except (websockets.ConnectionClosed, ValueError):
            return
        finally:
            unasked.cancel()

    async def _send(self, socket: ServerConnection, answer: dict[str, Any]) -> None:
        content = self._mutations.message(answer)
        if self._random.random() < 0.9:
            await socket.send(content.decode("utf-8", "replace"))
        else:
            await socket.send(content)

    async def _say_unasked(self, socket: ServerConnection) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await asyncio.sleep(EVENT_S * self._random.random())
                kind = self._random.choice(("webrtcup", "media", "slowlink", "hangup", "timeout"))
                if self._random.random() < 0.85:
                    data = {"videoroom": "event", "room": 1, **self._news()}
                    await self._send(socket, _event(self._random.choice((2, 3)), data))
                elif self._random.random() < 0.2:
                    await self._send(socket, {"janus": kind, "session_id": 1, "sender": 2})

    def _news(self) -> dict[str, Any]:
        number = self._random.randrange(5)
        return self._random.choice(
            (
                {"publishers": self._publishers()},
                {"unpublished": number},
                {"leaving": number},
                {"id": number, "display": self._display()},
                {"talking": number},
                {"error_code": self._random.randrange(420, 440), "error": "no"},
                {"switched": "ok", "id": number},
            )
        )

    def _publishers(self) -> list[dict[str, Any]]:
        choice = self._random.choice
        return [
            {
                "id": number,
                "display": self._display(),
                "audio_codec": choice(CODECS),
                "video_codec": choice(CODECS),
                "streams": [
                    {"type": "audio", "mindex": 0, "mid": "0", "codec": choice(CODECS)},
                    {"type": "video", "mindex": 1, "mid": "1", "codec": choice(CODECS),
                     "h264_profile": choice(("42e01f", "4d001f", "640032", "x"))},
                ],
            }
            for number in range(self._random.randrange(5))
        ]  # fmt: skip

    def _display(self) -> str:
        chair = self._random.random() < 0.5
        name = {"name": "Chủ tọa", "chair": chair, "floor": 77, "hand": True, "mic": False}
        return json.dumps(name) if chair else "Ai đó"

    def _answers(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        transaction = request.get("transaction", "")
        body = request.get("body", {})
        success = {"janus": "success", "session_id": 1, "transaction": transaction}
        match request.get("janus"), body.get("request"):
            case ("create", _):
                answer = {**success, "data": {"id": 1}}
            case ("attach", _):
                answer = {**success, "data": {"id": self._random.choice((2, 3))}}
            case ("info", _):
                answer = {"janus": "server_info", "transaction": transaction, "name": "Janus"}
            case ("message", "exists"):
                data = {"videoroom": "success", "room": 1, "exists": True}
                answer = {**success, "plugindata": {"data": data}}
            case ("message", "joinandconfigure"):
                data = {"videoroom": "joined", "room": 1, "id": 77, "private_id": 5,
                        "publishers": self._publishers()}  # fmt: skip
                jsep = {"type": "answer", "sdp": self._answer(request["jsep"]["sdp"])}
                answer = {**_event(2, data, transaction), "jsep": jsep}
            case ("message", "join" | "update" | "subscribe"):
                data = {"videoroom": "attached", "room": 1, "streams": self._publishers()}
                jsep = {"type": "offer", "sdp": self._offer()}
                answer = {**_event(3, data, transaction), "jsep": jsep}
            case ("message", _):
                data = {"videoroom": "event", "configured": "ok", "started": "ok"}
                answer = _event(2, data, transaction)
            case _:
                return [_ack(transaction)]
        return [_ack(transaction), answer] if answer["janus"] == "event" else [answer]

    def _offer(self) -> str:
        codec = self._random.choice(("H264", "H264", "VP8", "VP9", "AV1", "H265"))
        profile = self._random.choice(("42e01f", "4d001f", "640032", "zz", ""))
        return OFFER.format(fingerprint=FINGERPRINT, codec=codec, profile=profile)

    def _answer(self, offer: str) -> str:
        """As Janus makes one of an offer; half of them take nothing, so that no path is needed."""
        answer = offer.replace("a=sendonly", "a=recvonly").replace("actpass", "active")
        if self._random.random() < 0.6:
            answer = answer.replace("m=audio 9 ", "m=audio 0 ").replace("m=video 9 ", "m=video 0 ")
            answer = answer.replace("a=recvonly", "a=inactive")
        return answer


def _ack(transaction: str) -> dict[str, Any]:
    return {"janus": "ack", "session_id": 1, "transaction": transaction}


def _event(sender: int, data: dict[str, Any], transaction: str = "") -> dict[str, Any]:
    event: dict[str, Any] = {"janus": "event", "session_id": 1, "sender": sender}
    if transaction:
        event["transaction"] = transaction
    return {**event, "plugindata": {"plugin": "janus.plugin.videoroom", "data": data}}
