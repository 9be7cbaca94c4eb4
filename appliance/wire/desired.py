"""What the province wishes a site to find: facts, never commands."""

from dataclasses import dataclass
from typing import Any

from appliance.wire.fields import Fields, printed
from appliance.wire.meeting import EndedMeeting

MAX_ENDED = 20
"""A site is invited to fewer within the hours for which one counts."""


@dataclass(frozen=True, slots=True)
class Desired:
    """Retained on ``diemcau/<site>/desired``; a site that was away finds the newest.

    A wish that is to be granted once (``restart``, ``logs``) bears a name of its own, which the
    site keeps when it has granted it: however often it is read, it is granted once.
    """

    at: float
    """POSIX seconds, by the province's clock."""
    seq: int
    """Grows with each change; a site ignores one that is older than what it knows."""
    floor: str = ""
    """The UID of the meeting in which this site has the floor; it opens no microphone."""
    hand_seen: int = 0
    """The ``seq`` of the newest hand that the chair's page shows: the lamp's confirmation."""
    restart: str = ""
    logs: str = ""
    release: str = ""
    """The release that this site should run."""
    resend_since: float = 0.0
    """The province was restored from a back-up and lacks what it acknowledged from then on (POSIX
    s): the site sends again what it still has of that, once for each value. 0 for nothing."""
    rehearsal: str = ""
    """The name of the rehearsal that this site takes part in once; "" for none."""
    rehearsal_at: float = 0.0
    """When this site's turn is (POSIX s): sites call in waves."""
    rehearsal_meeting: str = ""
    """The UID of the meeting, as the site's feed has it."""
    rehearsal_address: str = ""
    """The province's test room; "": the meeting's own address."""
    ended: tuple[EndedMeeting, ...] = ()
    """The meetings that the chair has ended, and not taken up again; at most `MAX_ENDED`."""

    @classmethod
    def parse(cls, payload: bytes) -> "Desired":
        """Read a payload; raises `WireError`."""
        fields = Fields.read(payload)
        return cls(
            fields.number("at", None, low=0.0, high=1e11),
            fields.whole("seq", None),
            fields.text("floor"),
            fields.whole("hand_seen"),
            fields.text("restart", max_length=100),
            fields.text("logs", max_length=100),
            fields.text("release", max_length=100),
            fields.number("resend_since", 0.0, low=0.0, high=1e11),
            fields.text("rehearsal", max_length=300),
            fields.number("rehearsal_at", 0.0, low=0.0, high=1e11),
            fields.text("rehearsal_meeting"),
            fields.text("rehearsal_address"),
            tuple(
                (one.text("meeting", None), round(one.number("begin", None, low=0.0, high=1e11)))
                for one in fields.items("ended", max_items=MAX_ENDED)
            ),
        )

    def after(self, known: "Desired | None") -> bool:
        """Whether this replaces what is `known`."""
        return known is None or self.seq >= known.seq

    @property
    def payload(self) -> bytes:
        """Its JSON; ``Desired.parse(d.payload) == d``."""
        return printed(self.values)

    @property
    def values(self) -> dict[str, Any]:
        """The fields of its payload."""
        return {
            "at": self.at,
            "seq": self.seq,
            "floor": self.floor,
            "hand_seen": self.hand_seen,
            "restart": self.restart,
            "logs": self.logs,
            "release": self.release,
            "resend_since": self.resend_since,
            "rehearsal": self.rehearsal,
            "rehearsal_at": self.rehearsal_at,
            "rehearsal_meeting": self.rehearsal_meeting,
            "rehearsal_address": self.rehearsal_address,
            "ended": [{"meeting": uid, "begin": begin} for uid, begin in self.ended[:MAX_ENDED]],
        }
