"""One room with its participants: who gets which event, and who has a place."""

import logging
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field

from services.room.errors import INVALID_REQUEST, NO_SUCH_FEED, VideoRoomError
from services.room.media.source import Source
from services.room.settings import RoomSettings
from services.room.signalling.handle import Handle, Json
from services.room.signalling.participant import Participant
from services.room.signalling.subscription import Subscription

log = logging.getLogger("diemcau.room")

MAX_PARTICIPANTS = 200  # of one embedded room; a province uses a real Janus long before
MAX_SILENT = 150  # of those, who send nothing: who sends, as every site does, always finds a place
MAX_SUBSCRIPTIONS = 300  # each has a UDP port
UNANSWERED_TIMEOUT_S = 20.0  # an offer of ours to a subscriber; a browser takes a second
YIELD_S = 4.0
"""Who publishes and has no media path after so long gives way, where all places are taken."""


@dataclass
class Meeting:
    """A room of the configuration; its participants by their number."""

    settings: RoomSettings
    participants: dict[int, Participant] = field(default_factory=dict)
    subscriptions: set[Subscription] = field(default_factory=set)
    _told_wrong_pins: int = 0

    async def make_place(self, handle: Handle, *, sends: bool, chair: bool) -> None:
        """Find a place for a newcomer; raises VideoRoomError where there is none.

        Who sends nothing makes place for who sends and for the chair; among themselves, whoever
        came last from the address that has the most.
        """
        silent = [p for p in self.participants.values() if p.media is None and not p.chair]
        full = len(self.participants) >= MAX_PARTICIPANTS
        if not full and (sends or chair or len(silent) < MAX_SILENT):
            return
        of = Counter(p.origin for p in silent)
        heaviest, most = max(of.items(), key=lambda one: one[1], default=("", 0))
        if not silent or not (sends or chair or most > of[handle.caller.origin] + 1):
            raise VideoRoomError(
                INVALID_REQUEST, f"The room is full ({len(self.participants)} participants)"
            )
        last = [p for p in silent if p.origin == heaviest][-1]
        log.warning("room %d: full; one of %d from %s leaves", self.settings.number, most, heaviest)
        await self._remove(last, "the room is full")

    def check_subscriptions(self) -> None:
        """Raise VideoRoomError where there are too many."""
        if len(self.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise VideoRoomError(
                INVALID_REQUEST, f"Too many subscriptions ({MAX_SUBSCRIPTIONS}) in this room"
            )

    async def make_publisher_place(self) -> None:
        """Where all may send who can, let one give way who does not come to it."""
        if self.publisher_count() < self.settings.publishers:
            return
        since = time.monotonic() - YIELD_S
        waiting = [
            p for p in self.participants.values()
            if p.media is not None and not p.announced and p.published_at < since
        ]  # fmt: skip
        for one in sorted(waiting, key=lambda p: p.published_at)[:1]:
            await one.unpublish()

    async def sweep(self, now: float) -> None:
        """End subscriptions whose offer was never answered."""
        for one in list(self.subscriptions):
            if not one.media.transport.started and now - one.begun_at > UNANSWERED_TIMEOUT_S:
                await one.leave()

    def tell_wrong_pins(self, count: int) -> None:
        """Tell the chairs how many wrong PINs were tried lately, when that is another number."""
        if count == self._told_wrong_pins:
            return
        self._told_wrong_pins = count
        for one in self.participants.values():
            if one.chair and one.joined:
                data = {"videoroom": "event", "room": self.settings.number, "wrong_pins": count}
                one.handle.push(data)

    def join(self, handle: Handle, display: str, *, chair: bool) -> Participant:
        """Add a participant, with a new random number."""
        number = secrets.randbits(48)
        participant = Participant(number, secrets.randbits(32), self, handle, chair=chair)
        participant.rename(display)
        if chair:
            self._told_wrong_pins = 0  # this one has heard of none
        self.participants[number] = participant
        handle.role = participant
        self.announce(participant, {"joining": {"id": number, "display": display}})
        return participant

    def joined_event(self, participant: Participant) -> Json:
        """The event "joined" for a new participant, which gets all other events from now on."""
        participant.joined = True
        return {
            "videoroom": "joined",
            "room": self.settings.number,
            "description": self.settings.description,
            "id": participant.number,
            "private_id": participant.private_id,
            "publishers": self.other_publishers(participant),
            "attendees": self.other_attendees(participant),
        }

    def publisher_count(self) -> int:
        """How many participants publish."""
        return sum(1 for p in self.participants.values() if p.media is not None)

    def other_publishers(self, me: Participant) -> list[Json]:
        """Everybody else who publishes."""
        return [p.description() for p in self.participants.values() if p.announced and p is not me]

    def other_attendees(self, me: Participant) -> list[Json]:
        """Everybody else who does not; as in Janus's rooms with ``notify_joining``."""
        others = [p for p in self.participants.values() if not p.announced and p is not me]
        return [{"id": p.number, "display": p.display} for p in others]

    def announce(self, about: Participant, event: Json) -> None:
        """Send an event to everybody but one."""
        for participant in list(self.participants.values()):
            if participant is not about and participant.joined:
                data = {"videoroom": "event", "room": self.settings.number, **event}
                participant.handle.push(data)

    def announce_publisher(self, participant: Participant) -> None:
        """Send everybody else what this participant publishes."""
        self.announce(participant, {"publishers": [participant.description()]})

    def remove(self, participant: Participant) -> None:
        """Remove a participant that has left."""
        if self.participants.pop(participant.number, None) is not None:
            self.announce(participant, {"leaving": participant.number})

    def sources_of(self, stream: Json) -> list[Source]:
        """The sources that ``feed`` and perhaps ``mid`` name; raises VideoRoomError for none."""
        feed = self._find(stream.get("feed"))
        if feed is None or feed.media is None:
            raise VideoRoomError(NO_SUCH_FEED, f"No such feed ({stream.get('feed')})")
        mid = stream.get("mid")
        found = [s for m, s in feed.media.sources.items() if mid is None or m == str(mid)]
        if not found:
            raise VideoRoomError(NO_SUCH_FEED, f"No such mid '{mid}' in feed ({feed.number})")
        return found

    def unsubscribe(self, subscription: Subscription) -> None:
        """Offer this subscription no further changes."""
        self.subscriptions.discard(subscription)

    async def end_subscriptions(self, sources: list[Source]) -> None:
        """End all subscriptions to sources that are published no more."""
        for subscription in list(self.subscriptions):
            await subscription.drop_sources(sources)

    async def kick(self, number: object) -> bool:
        """Remove a participant by its number; False when there is none."""
        participant = self._find(number)
        if participant is None:
            return False
        self.announce(participant, {"kicked": participant.number})
        await self._remove(participant, "kicked")
        return True

    async def close(self) -> None:
        """End the meeting for everybody."""
        for participant in list(self.participants.values()):
            participant.handle.push({"videoroom": "destroyed", "room": self.settings.number})
            participant.handle.role = None
            await participant.leave()

    async def _remove(self, participant: Participant, why: str) -> None:
        event = {"videoroom": "event", "room": self.settings.number}
        participant.handle.push({**event, "leaving": "ok", "reason": why})
        participant.handle.role = None
        await participant.leave()

    def _find(self, number: object) -> Participant | None:
        """By what a client gives as a number: any JSON value, lists and objects among them."""
        return self.participants.get(number) if isinstance(number, int) else None
