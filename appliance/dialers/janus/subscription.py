"""Receives from a room: one connection with one video medium and the audio that is wanted."""

import logging
import time
from collections.abc import Set
from dataclasses import dataclass, field, replace
from typing import Any

from aiortc import MediaStreamTrack

from appliance.dialers.janus.display import feed
from appliance.dialers.janus.people import Stream
from appliance.dialers.janus.socket import JanusSocket, RefusedError
from appliance.dialers.path import NoPathError, close
from appliance.dialers.stats import Measure
from appliance.media.receive.track import FarTrack
from appliance.media.receive.video import FarVideo
from appliance.media.webrtc.connection import Connection, connection
from appliance.media.webrtc.descriptions import NegotiationError, codec_of_offer

log = logging.getLogger("diemcau.janus")

SILENT_S = 3.0  # a picture of which so long nothing comes is not waited for: a camera that is off
STOPPED_S = 8.0  # the same for one that was sent; a bad line takes as long to come back
UNDECODED_S = 6.0  # packets come, no picture does: two keyframes were asked for in vain
FLOWING_S = 2.0  # another medium has sent within it: the path is there

Json = dict[str, Any]


@dataclass(slots=True)
class _Medium:
    """One medium of the connection; ``stream`` is None while it carries nobody's, ``since`` is the
    monotonic second from which on it carries that one."""

    mid: str
    kind: str
    stream: Stream | None
    since: float = 0.0


@dataclass
class Subscription:
    """One handle of a room: `subscribe` says what to receive, `answer` takes the server's offer."""

    socket: JanusSocket
    handle: int
    room: int | str
    pin: str
    private_id: int
    measure: Measure
    pc: Connection = field(default_factory=connection)
    _media: dict[str, _Medium] = field(default_factory=dict)
    _joined: bool = False
    _answered: set[Stream] = field(default_factory=set)
    refused: set[Stream] = field(default_factory=set)
    """What the server offered and cannot be taken, so far."""

    async def subscribe(self, wanted: list[Stream]) -> None:
        """Subscribe to exactly these; raises what `JanusSocket.message` raises."""
        if not self._joined:
            if wanted:
                await self._join(wanted)
            return
        have = {one.stream: one for one in self._media.values() if one.stream is not None}
        add = [stream for stream in wanted if stream not in have]
        drop = [one for stream, one in have.items() if stream not in wanted]
        for picture in [stream for stream in add if stream.kind == "video"]:
            # Janus leaves another codec's picture out, and says "ok".
            # A line that we rejected carries nothing, whatever the server switches it to.
            alike = (
                m
                for m in drop
                if m.stream and m.kind == "video" and _alike(m.stream, picture)
                if m.mid not in self.pc.refused
            )
            medium = next(alike, None)
            if medium is not None and await self._switch(medium, picture):
                add.remove(picture)
                drop.remove(medium)
        if add or drop:
            await self._update(add, drop)

    async def answer(self, streams: object, offer: str) -> None:
        """Take the server's offer of the media as they are now, and answer it.

        What cannot be taken of it is in `refused` then. Raises NegotiationError where that is all,
        NoPathError where it is what was taken before; this subscription is then good for nothing.
        """
        self._note(streams)
        carried = self.received
        try:
            text = await self.pc.answer(offer)
        except NegotiationError as error:
            self._blame(carried - self._answered)
            if carried == self._answered:
                raise NoPathError(str(error)) from error  # nothing is new in it: nobody to blame
            raise
        for mid in self.pc.refused & self._media.keys():
            stream = self._media[mid].stream
            if stream is not None:
                self._blame({replace(stream, codec=stream.codec or codec_of_offer(offer, mid))})
        self._answered = carried
        for track in self._tracks(None):
            self.measure.hears(track)
        try:
            await self.socket.message(
                self.handle, {"request": "start"}, {"type": "answer", "sdp": text}
            )
        except RefusedError as error:
            if not self.pc.refused:
                raise
            # Janus 1.1 takes no answer whose first medium is rejected; the next has none of it.
            raise NegotiationError(f"the server refuses our answer: {error}") from None

    def video(self, stream: Stream | None) -> FarTrack | None:
        """The track of that picture; None while it is not received."""
        mids = {medium.mid for medium in self._media.values() if medium.stream == stream}
        found = (t for mid, t in self._by_mid() if mid in mids and t.kind == "video")
        return next(found, None) if stream is not None else None

    @property
    def audio(self) -> set[MediaStreamTrack]:
        """All sounds that are received."""
        return set(self._tracks("audio"))

    @property
    def received(self) -> set[Stream]:
        """All that is subscribed to now."""
        return {medium.stream for medium in self._media.values() if medium.stream is not None}

    def hears(self, now: float) -> bool:
        """Whether any sound comes, or may be about to."""
        silent = self.silent(now)
        return any(one.kind == "audio" and one not in silent for one in self.received)

    def silent(self, now: float) -> set[Stream]:
        """The pictures and sounds of which nothing comes, while the path is there."""
        heard = {mid: track.packet_at for mid, track in self._by_mid()}
        flows = any(now - at < FLOWING_S for at in heard.values())
        found = set()
        for medium in self._media.values():
            at = heard.get(medium.mid, float("-inf"))
            if medium.stream is None or not medium.since:
                continue
            if at < medium.since:
                silent = now - medium.since > SILENT_S
            else:
                silent = flows and now - at > STOPPED_S
            if silent:
                found.add(medium.stream)
        return found

    def undecoded(self) -> set[Stream]:
        """The pictures whose packets come, are read for, and give no frame."""
        found = set()
        for medium in self._media.values():
            track = self.video(medium.stream)
            if medium.stream is None or not medium.since or not isinstance(track, FarVideo):
                continue
            if track.undecoded_s(medium.since) > UNDECODED_S:
                found.add(medium.stream)
        return found

    def stands(self, now: float) -> None:
        """The path is there since `now`: what was subscribed before it may begin now."""
        for medium in self._media.values():
            medium.since = medium.since or now

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
        if self.private_id:
            body["private_id"] = self.private_id
        answer = await self.socket.message(self.handle, body)
        self._joined = True
        await self.answer(answer.data.get("streams"), answer.sdp)

    async def _switch(self, medium: _Medium, stream: Stream) -> bool:
        """Let a medium carry another picture; False where the server did not do it."""
        change = {"feed": stream.feed, "mid": stream.mid, "sub_mid": medium.mid}
        answer = await self.socket.message(self.handle, {"request": "switch", "streams": [change]})
        told = [one for one in _listed(answer.data) if str(one.get("mid")) == medium.mid]
        if answer.data.get("changes") == 0 or any(_stream(one) != stream for one in told):
            log.info("far ← the server keeps the old picture at a switch")
            return False
        medium.stream, medium.since = stream, time.monotonic()
        log.info("far ← picture of %s", stream.feed)
        track = self.video(stream)
        if isinstance(track, FarVideo):
            track.begin_anew()
        return True

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
        for one in _listed({"streams": streams}):
            mid, stream = str(one.get("mid")), _stream(one)
            known = self._media.get(mid)
            if known is None or known.stream != stream:
                since = time.monotonic() if self.pc.connectionState == "connected" else 0.0
                self._media[mid] = _Medium(mid, str(one.get("type")), stream, since)

    def _blame(self, streams: Set[Stream]) -> None:
        """Refuse these from now on; of an offer that cannot be taken the new pictures first."""
        pictures = {stream for stream in streams if stream.kind == "video"}
        for stream in pictures or streams:
            log.warning("far ← %s of %s cannot be taken", stream.kind, stream.feed)
        self.refused |= pictures or streams

    def _tracks(self, kind: str | None) -> list[FarTrack]:
        busy = {m for m, one in self._media.items() if one.stream is not None}
        return [t for mid, t in self._by_mid() if mid in busy and kind in (None, t.kind)]

    def _all_tracks(self) -> list[FarTrack]:
        return [track for _, track in self._by_mid()]

    def _by_mid(self) -> list[tuple[str, FarTrack]]:
        pairs = [(t.mid, t.receiver.track) for t in self.pc.getTransceivers()]
        return [(m, track) for m, track in pairs if m and isinstance(track, FarTrack)]


def _listed(data: Json) -> list[Json]:
    streams = data.get("streams")
    return [one for one in streams if isinstance(one, dict)] if isinstance(streams, list) else []


def _stream(one: Json) -> Stream | None:
    """Whose medium a line of the server's list is; None while it is nobody's."""
    number = feed(one.get("feed_id"))
    if not number or not one.get("active", True):
        return None
    codec = str(one.get("codec") or "").lower()
    return Stream(number, str(one.get("feed_mid")), str(one.get("type")), codec)


def _alike(one: Stream, other: Stream) -> bool:
    """Whether both have one codec, as far as the server says."""
    return not (one.codec and other.codec) or one.codec == other.codec
