"""Receives from a room: one connection with one video medium and the audio that is wanted."""

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from aiortc import MediaStreamTrack, RTCSessionDescription

from appliance.dialers.janus.people import Stream
from appliance.dialers.janus.socket import JanusSocket
from appliance.dialers.path import close
from appliance.dialers.stats import Measure
from appliance.media.receive.track import FarTrack
from appliance.media.receive.video import FarVideo
from appliance.media.webrtc.connection import Connection, connection

log = logging.getLogger("diemcau.janus")

Json = dict[str, Any]


@dataclass(slots=True)
class _Medium:
    """One medium of the connection; ``stream`` is None while it carries nobody's."""

    mid: str
    kind: str
    stream: Stream | None


@dataclass
class Subscription:
    """One handle of a room: `subscribe` says what to receive, `answer` takes the server's offer."""

    socket: JanusSocket
    handle: int
    room: int | str
    pin: str
    measure: Measure
    pc: Connection = field(default_factory=connection)
    _media: dict[str, _Medium] = field(default_factory=dict)
    _joined: bool = False

    async def subscribe(self, wanted: list[Stream]) -> None:
        """Subscribe to exactly these; raises what `JanusSocket.message` raises."""
        if not self._joined:
            if wanted:
                await self._join(wanted)
            return
        have = {one.stream: one for one in self._media.values() if one.stream is not None}
        add = [stream for stream in wanted if stream not in have]
        drop = [one for stream, one in have.items() if stream not in wanted]
        picture = next((s for s in add if s.kind == "video"), None)
        medium = next((one for one in drop if one.kind == "video"), None)
        if picture is not None and medium is not None:
            await self._switch(medium, picture)
            add.remove(picture)
            drop.remove(medium)
        if add or drop:
            await self._update(add, drop)

    async def answer(self, streams: object, offer: str) -> None:
        """Take the server's offer of the media as they are now, and answer it."""
        self._note(streams)
        await self.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        for track in self._tracks(None):
            self.measure.hears(track)
        text = self.pc.localDescription.sdp
        await self.socket.message(
            self.handle, {"request": "start"}, {"type": "answer", "sdp": text}
        )

    @property
    def video(self) -> FarTrack | None:
        """The picture that is received; None without one."""
        return next(iter(self._tracks("video")), None)

    @property
    def audio(self) -> set[MediaStreamTrack]:
        """All sounds that are received."""
        return set(self._tracks("audio"))

    async def close(self) -> None:
        """Stop receiving and close the connection."""
        for track in self._all_tracks():
            self.measure.forgets(track)
        await close(self.pc)

    async def _join(self, wanted: list[Stream]) -> None:
        body: Json = {"request": "join", "ptype": "subscriber", "room": self.room}
        body["streams"] = [{"feed": s.feed, "mid": s.mid} for s in wanted]
        if self.pin:
            body["pin"] = self.pin
        answer = await self.socket.message(self.handle, body)
        self._joined = True
        await self.answer(answer.data.get("streams"), answer.sdp)

    async def _switch(self, medium: _Medium, stream: Stream) -> None:
        change = {"feed": stream.feed, "mid": stream.mid, "sub_mid": medium.mid}
        await self.socket.message(self.handle, {"request": "switch", "streams": [change]})
        medium.stream = stream
        log.info("far ← picture of %d", stream.feed)
        if isinstance(self.video, FarVideo):
            # The decoder would lay the new pictures onto the old one and see nothing wrong with
            # that, until somebody happens to send a keyframe.
            self.video._broken(time.monotonic())

    async def _update(self, add: list[Stream], drop: list[_Medium]) -> None:
        body: Json = {"request": "update"}
        if add:
            body["subscribe"] = [{"feed": s.feed, "mid": s.mid} for s in add]
        if drop:
            body["unsubscribe"] = [{"sub_mid": medium.mid} for medium in drop]
        answer = await self.socket.message(self.handle, body)
        if answer.sdp:
            await self.answer(answer.data.get("streams"), answer.sdp)
        else:
            self._note(answer.data.get("streams"))

    def _note(self, streams: object) -> None:
        """Take over the server's list of media."""
        for one in streams if isinstance(streams, list) else []:
            if not isinstance(one, dict):
                continue
            mid, kind, feed = str(one.get("mid")), str(one.get("type")), one.get("feed_id")
            stream = None
            if isinstance(feed, int) and one.get("active", True):
                stream = Stream(feed, str(one.get("feed_mid")), kind)
            self._media[mid] = _Medium(mid, kind, stream)

    def _tracks(self, kind: str | None) -> list[FarTrack]:
        busy = {m for m, one in self._media.items() if one.stream is not None}
        return [t for mid, t in self._by_mid() if mid in busy and kind in (None, t.kind)]

    def _all_tracks(self) -> list[FarTrack]:
        return [track for _, track in self._by_mid()]

    def _by_mid(self) -> list[tuple[str, FarTrack]]:
        pairs = [(t.mid, t.receiver.track) for t in self.pc.getTransceivers()]
        return [(m, track) for m, track in pairs if m and isinstance(track, FarTrack)]
