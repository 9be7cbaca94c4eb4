"""One room with its participants: who gets which event."""

import secrets
from dataclasses import dataclass, field

from services.room.errors import NO_SUCH_FEED, VideoRoomError
from services.room.media.source import Source
from services.room.settings import RoomSettings
from services.room.signalling.handle import Handle, Json
from services.room.signalling.participant import Participant
from services.room.signalling.subscription import Subscription

MAX_PARTICIPANTS = 200  # of one embedded room; a province uses a real Janus long before


@dataclass
class Meeting:
    """A room of the configuration; its participants by their number."""

    settings: RoomSettings
    participants: dict[int, Participant] = field(default_factory=dict)
    subscriptions: set[Subscription] = field(default_factory=set)

    def join(self, handle: Handle, display: str, *, chair: bool) -> Participant:
        """Add a participant, with a new random number."""
        number = secrets.randbits(48)
        participant = Participant(number, secrets.randbits(32), self, handle, chair=chair)
        participant.rename(display)
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
        event = {"videoroom": "event", "room": self.settings.number}
        participant.handle.push({**event, "leaving": "ok", "reason": "kicked"})
        participant.handle.role = None
        await participant.leave()
        return True

    async def close(self) -> None:
        """End the meeting for everybody."""
        for participant in list(self.participants.values()):
            participant.handle.push({"videoroom": "destroyed", "room": self.settings.number})
            participant.handle.role = None
            await participant.leave()

    def _find(self, number: object) -> Participant | None:
        """By what a client gives as a number: any JSON value, lists and objects among them."""
        return self.participants.get(number) if isinstance(number, int) else None
