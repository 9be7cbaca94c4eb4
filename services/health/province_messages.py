"""Receives what the province says and keeps the newest of it, for the fact file."""

import logging
from collections.abc import Callable

from appliance.base.mqtt import Message
from appliance.wire.desired import Desired
from appliance.wire.facts import DesiredFacts, RehearsalWish
from appliance.wire.fields import WireError
from appliance.wire.topics import Kind, Topic, TopicError

log = logging.getLogger("diemcau.health.province")


class ProvinceMessages:
    """The newest `Desired`, and when the province last said that the agenda has changed."""

    def __init__(
        self,
        now: Callable[[], float],
        changed: Callable[[], None],
        resend: Callable[[float], None] = lambda _since: None,
    ) -> None:
        """`resend` is called when the province asks for reports again, with the time since when."""
        self._now = now
        self._changed = changed
        self._resend = resend
        self._resent_since = 0.0
        self.desired: Desired | None = None
        self.nudged_at: float | None = None

    def receive(self, message: Message) -> None:
        """One message; what cannot be read is noted and counts for nothing."""
        try:
            kind = Topic.parse(message.topic).kind
            if kind is Kind.NUDGE:
                self.nudged_at = self._now()
            elif kind is Kind.DESIRED and message.payload:
                desired = Desired.parse(message.payload)
                if not desired.after(self.desired):
                    return
                self.desired = desired
                if desired.resend_since not in (0.0, self._resent_since):
                    self._resent_since = desired.resend_since
                    self._resend(desired.resend_since)
        except (TopicError, WireError) as error:
            log.warning("far ← not understood: %s", error)
            return
        self._changed()

    def hand_seen(self, seq: int) -> bool:
        """Whether the chair's page shows the hand of this `seq` (0: it is down)."""
        return self.desired is not None and seq > 0 and self.desired.hand_seen == seq

    @property
    def desired_facts(self) -> DesiredFacts | None:
        """What the endpoint acts on of the newest `Desired`; None before the first."""
        desired = self.desired
        if desired is None:
            return None
        wish = None
        if desired.rehearsal:
            wish = RehearsalWish(
                name=desired.rehearsal,
                at=desired.rehearsal_at,
                meeting=desired.rehearsal_meeting,
                address=desired.rehearsal_address,
            )
        return DesiredFacts(floor=desired.floor, rehearsal=wish, ended=desired.ended)
