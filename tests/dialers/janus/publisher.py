"""A participant of a real Janus room that sends what no site would: its offer is changed on the way
to the server, and the server's answer back."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiortc import MediaStreamTrack, RTCSessionDescription
from aiortc.rtp import (
    HeaderExtensions,
    HeaderExtensionsMap,
    pack_header_extensions,
    unpack_header_extensions,
)

from appliance.dialers.janus.session import Event
from appliance.dialers.janus.socket import JanusSocket, LostError
from appliance.media.webrtc.connection import connection
from appliance.media.webrtc.header_extensions import NUMBER
from tests.media.local_tracks import NumberedVideo, Tone

Change = Callable[[str], str]


def same(text: str) -> str:
    return text


def renamed(ours: str, theirs: str) -> tuple[Change, Change]:
    """Our packets of `ours` under the name of another codec, there and back."""
    return (
        lambda text: text.replace(f" {ours}/90000", f" {theirs}/90000"),
        lambda text: text.replace(f" {theirs}/90000", f" {ours}/90000"),
    )


def profile(level_id: str) -> tuple[Change, Change]:
    """H.264 under that profile-level-id, there and back."""
    return (
        lambda text: text.replace("42001f", level_id).replace("42e01f", level_id),
        lambda text: text.replace(level_id, "42001f"),
    )


def only(kind: str, codec: str) -> Change:
    """An offer whose medium of that kind has this codec alone."""

    def change(text: str) -> str:
        start = text.index(f"m={kind}")
        end = text.find("\r\nm=", start)
        part = text[start : end if end > 0 else len(text)]
        lines = part.split("\r\n")
        numbers = [
            line.split(":")[1].split()[0]
            for line in lines
            if line.startswith("a=rtpmap:") and f" {codec.lower()}/" in line.lower()
        ]
        first = " ".join([*lines[0].split()[:3], *numbers])
        kept = [
            line
            for line in lines[1:]
            if not line.startswith(("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"))
            or line.split(":")[1].split()[0] in numbers
        ]
        return text.replace(part, "\r\n".join([first, *kept]))

    return change


class _Turned(HeaderExtensionsMap):
    """Says in each packet how its picture is to be turned, as a telephone does."""

    def __init__(self, octet: int) -> None:
        super().__init__()
        self._octet = bytes([octet])

    def set(self, values: HeaderExtensions) -> tuple[int, bytes]:
        known = unpack_header_extensions(*super().set(values))
        return pack_header_extensions([*known, (NUMBER, self._octet)])


class Publisher:
    """Enters with sound and picture; ``there`` and ``back`` change the two descriptions.

    ``turned`` is the octet of the video orientation; None where the picture is not said to lie.
    """

    def __init__(
        self,
        port: int,
        name: str,
        *,
        video: MediaStreamTrack | None = None,
        audio: MediaStreamTrack | None = None,
        there: Change = same,
        back: Change = same,
        turned: int | None = None,
    ) -> None:
        self.name = name
        self.video = video or NumberedVideo(first=20_000)
        self.audio = audio or Tone(800.0)
        self.joined: dict[str, Any] = {}
        self.answer = ""
        self._there, self._back = there, back
        self._turned = turned
        self._socket = JanusSocket(f"ws://127.0.0.1:{port}", None, self._take)
        self._pc = connection()
        self._handle = 0
        self._reader: asyncio.Task[None] | None = None

    async def enter(self, room: int | str) -> "Publisher":
        """Join and send."""
        await self._socket.open()
        self._reader = asyncio.create_task(self._read())
        await self._socket.create()
        self._handle = await self._socket.attach()
        self._pc.addTransceiver(self.audio, "sendonly")
        sender = self._pc.addTransceiver(self.video, "sendonly").sender
        if self._turned is not None:
            extensions = _Turned(self._turned)
            sender._RTCRtpSender__rtp_header_extensions_map = extensions  # type: ignore[attr-defined]
        await self._pc.setLocalDescription(await self._pc.createOffer())
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room}
        offer = {"type": "offer", "sdp": self._there(self._pc.localDescription.sdp)}
        joined = await self._socket.message(self._handle, {**body, "display": self.name}, offer)
        self.joined, self.answer = joined.data, joined.sdp
        answer = RTCSessionDescription(self._back(joined.sdp), "answer")
        await self._pc.setRemoteDescription(answer)
        return self

    async def leave(self) -> None:
        """Go."""
        await self._socket.close()
        await self._pc.close()
        if self._reader is not None:
            await self._reader

    async def _read(self) -> None:
        try:
            await self._socket.run()
        except LostError:
            return

    async def _take(self, event: Event) -> None:
        del event
