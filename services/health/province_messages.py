"""What the province tells: kept for the neighbours, who find it in the fact file."""

import logging
from collections.abc import Callable
from typing import Any

from appliance.base.mqtt import Message
from appliance.wire.desired import Desired
from appliance.wire.fields import WireError
from appliance.wire.topics import Kind, Topic, TopicError

log = logging.getLogger("diemcau.health.told")


class ProvinceMessages:
    """The newest wishes, and how often the agenda was said to have changed."""

    def __init__(self, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self._now = now
        self._changed = changed
        self.desired: Desired | None = None
        self.nudges = 0
        self.nudged_at: float | None = None

    def hear(self, message: Message) -> None:
        """One message; what cannot be read is noted and counts for nothing."""
        try:
            kind = Topic.parse(message.topic).kind
            if kind is Kind.NUDGE:
                self.nudges, self.nudged_at = self.nudges + 1, self._now()
            elif kind is Kind.DESIRED and message.payload:
                wished = Desired.parse(message.payload)
                if not wished.after(self.desired):
                    return
                self.desired = wished
        except (TopicError, WireError) as error:
            log.warning("far ← not understood: %s", error)
            return
        self._changed()

    def sees(self, hand: int) -> bool:
        """Whether the chair's page shows the hand of this `seq` (0: it is down)."""
        return self.desired is not None and hand > 0 and self.desired.hand_seen == hand

    @property
    def facts(self) -> dict[str, Any]:
        """For the fact file: ``nudges`` counts up, so that none is missed or taken twice."""
        return {
            "nudges": self.nudges,
            "nudged_at": self.nudged_at,
            "desired": None if self.desired is None else self.desired.values,
        }
