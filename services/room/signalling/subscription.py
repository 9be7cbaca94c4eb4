"""A subscriber of a room: its sources, and when they are offered again."""

from dataclasses import dataclass, field
from typing import Protocol

from services.room.errors import (
    INVALID_SDP,
    MISSING_ELEMENT,
    NO_SUCH_FEED,
    VideoRoomError,
)
from services.room.media.descriptions import parse_description
from services.room.media.source import Source
from services.room.media.subscriber import SubscribedMedia
from services.room.media.transport import Transport
from services.room.settings import RoomSettings
from services.room.signalling.handle import Handle, Json


class SourceDirectory(Protocol):
    """What a subscription needs of its meeting: the sources of a stream, and its own removal."""

    settings: RoomSettings

    def sources_of(self, stream: Json) -> list[Source]:
        """The sources that a stream of a request names; raises VideoRoomError for none."""

    def unsubscribe(self, subscription: "Subscription") -> None:
        """Offer this subscription no further changes."""


@dataclass
class Subscription:
    """One subscription. One offer is open at a time; later changes wait for its answer."""

    meeting: SourceDirectory
    handle: Handle
    media: SubscribedMedia = field(default_factory=SubscribedMedia)
    begun_at: float = 0.0  # monotonic s
    _answered: bool = True
    _stale: bool = False

    @property
    def last_media_at(self) -> float | None:
        """None: a subscriber sends nothing."""
        return None

    async def begin(self, streams: list[Json]) -> tuple[Json, str]:
        """Subscribe for the first time; returns the event and the offer."""
        if not streams:
            raise VideoRoomError(MISSING_ELEMENT, "At least one stream should be provided")
        for source in [s for stream in streams for s in self.meeting.sources_of(stream)]:
            self.media.add(source)
        offer = await self._offer()
        return {"videoroom": "attached", **self._state()}, offer

    async def update(self, add: list[Json], drop: list[Json]) -> tuple[Json, str | None]:
        """Add and drop streams; returns the event and perhaps an offer."""
        changed = False
        wanted = [s for stream in add for s in self.meeting.sources_of(stream)]
        for sink in list(self.media.sinks):
            if sink.feed is None:
                continue
            facts = {"feed": sink.feed, "mid": sink.feed_mid, "sub_mid": sink.mid}
            # As Janus: one that names neither a feed nor a line of ours names nothing.
            named = [one for one in drop if one.get("feed") or one.get("sub_mid")]
            if any(all(facts.get(k) == v for k, v in one.items() if k in facts) for one in named):
                self.media.remove(sink)
                changed = True
        for source in wanted:
            if self.media.find_sink(source.feed, source.line.mid) is None:
                self.media.add(source)
                changed = True
        if not changed:
            return {"videoroom": "updated", **self._state()}, None
        if not self._answered:
            self._stale = True
            return {"videoroom": "updating", **self._state()}, None
        return {"videoroom": "updated", **self._state()}, await self._offer()

    def switch(self, streams: list[Json]) -> Json:
        """Attach other sources to existing lines."""
        changes = 0
        for stream in streams:
            sinks = [s for s in self.media.sinks if s.mid == str(stream.get("sub_mid"))]
            sources = [
                s for s in self.meeting.sources_of(stream) if sinks and s.line.kind == sinks[0].kind
            ]
            if not sinks or not sources:
                raise VideoRoomError(NO_SUCH_FEED, f"Nothing to switch for {stream}")
            self.media.switch(sinks[0], sources[0])
            changes += 1
        return {"videoroom": "event", "switched": "ok", "changes": changes, **self._state()}

    async def start(self, answer: str | None) -> Json:
        """Take the answer to the open offer; the first one connects the path."""
        if answer is not None:
            _, path = parse_description(answer)
            self._answered = True
            if not self.media.transport.started:
                self.handle.run(self.media.run(path, self.handle.connected), self._end)
            else:
                await self.media.refresh()
        return {"videoroom": "event", "room": self.meeting.settings.number, "started": "ok"}

    async def offer_changes(self) -> None:
        """Offer what has changed since the last offer, once that is answered."""
        if self._stale and self._answered:
            self._stale = False
            self.handle.push({"videoroom": "updated", **self._state()}, await self._offer())

    def pause(self, streams: list[Json]) -> Json:
        """Pause single lines, or resume them."""
        for stream in streams:
            for sink in self.media.sinks:
                if sink.mid == str(stream.get("mid")) and "send" in stream:
                    sink.paused = not stream["send"]
                    sink.stream.restart()
        return {"videoroom": "event", "configured": "ok", **self._state()}

    async def drop_sources(self, sources: list[Source]) -> None:
        """Offer the lines again without these sources."""
        gone = [s for s in self.media.sinks if any(s in source.sinks for source in sources)]
        for sink in gone:
            self.media.remove(sink)
        if not gone:
            return
        self._stale = True
        await self.offer_changes()

    async def leave(self) -> None:
        """End the subscription."""
        await self._end()
        await self.handle.stop_media()

    def transport(self) -> Transport | None:
        """Its media path."""
        return self.media.transport

    async def _end(self) -> None:
        self.media.stop()
        self.meeting.unsubscribe(self)
        await self.media.transport.close()

    async def _offer(self) -> str:
        if self.media.transport.closed.is_set():
            raise VideoRoomError(INVALID_SDP, "This subscription is over")
        self._answered = False
        return await self.media.make_offer()

    def _state(self) -> Json:
        streams = []
        for index, sink in enumerate(self.media.sinks):
            stream: Json = {"mindex": index, "mid": sink.mid, "type": sink.kind}
            stream["active"] = sink.feed is not None
            if sink.feed is not None:
                stream |= {"feed_id": sink.feed, "feed_mid": sink.feed_mid}
                stream |= {"send": not sink.paused, "ready": True}
            streams.append(stream)
        return {"room": self.meeting.settings.number, "streams": streams}

    def __hash__(self) -> int:
        return id(self)
