"""A queue that serves all sites in turn, however much one of them has in it. Pure."""

from collections import deque
from dataclasses import dataclass, field

from appliance.base.mqtt import Message


@dataclass(slots=True)
class FairQueue:
    """Messages by site, each site's in their order."""

    _sites: dict[str, deque[Message]] = field(default_factory=dict)
    """In the order of their turns."""

    def __bool__(self) -> bool:
        return bool(self._sites)

    def put(self, site: str, message: Message) -> None:
        """At the end of the site's own."""
        self._sites.setdefault(site, deque()).append(message)

    def take(self, most: int, most_bytes: int) -> list[Message]:
        """One of each site, then the next of each, within the bounds; at least one if there is any.

        Who was served goes behind those who were not.
        """
        taken: list[Message] = []
        size = 0
        while self._sites and len(taken) < most:
            site, waiting = next(iter(self._sites.items()))
            if taken and size + len(waiting[0].payload) > most_bytes:
                break
            taken.append(waiting.popleft())
            size += len(taken[-1].payload)
            del self._sites[site]
            if waiting:
                self._sites[site] = waiting
        return taken
