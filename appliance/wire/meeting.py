"""One meeting of a site, as a value.

Apart from the agenda's reader, so that who only decides about meetings loads no calendar library.
"""

from dataclasses import dataclass

from appliance.wire.address import shown
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.room_keys import RoomKeys

DEFAULT_DOORS_S = 10 * 60.0
"""How long before its begin a site joins a meeting that does not say: people are asked to be there
ten minutes early, to look, to listen and to be heard."""
MAX_DOORS_S = 2 * 3600.0
"""Who wants a line for longer than that plans a meeting of its own to test it."""


EndedMeeting = tuple[str, int]
"""A meeting that the chair has ended: its uid, and the POSIX second of its begin. One that is moved
after that is another."""


@dataclass(frozen=True, slots=True, repr=False)
class Meeting:
    """One meeting of this site; its `repr` shows no pin."""

    uid: str  # one occurrence: UID, or UID + "/" + recurrence-id in UTC for a repeating one
    title: str
    begin: float  # POSIX s, UTC
    end: float
    address: str  # "" when the event names none that is allowed
    chair: str = ""  # ORGANIZER's CN
    free: bool = False  # sites may speak without being given the floor (X-DIEMCAU-SPEAK:FREE)
    sequence: int = 0
    keys: RoomKeys | None = None  # for its room (Janus)
    codes: ConferenceCodes | None = None  # for its conference at an MCU (SIP)
    doors_s: float = DEFAULT_DOORS_S  # how long before its begin a site joins (X-DIEMCAU-DOORS)

    @property
    def doors(self) -> float:
        """When its doors open (POSIX s): from then on the site is in, and waits for the opening."""
        return self.begin - self.doors_s

    @property
    def occurrence(self) -> EndedMeeting:
        """What the province calls it where the chair has ended it."""
        return self.uid, round(self.begin)

    def __repr__(self) -> str:
        return (
            f"Meeting({self.uid!r}, {self.title!r}, {self.begin!r}, {self.end!r},"
            f" {shown(self.address)!r}, {self.chair!r}, {self.free!r}, {self.sequence!r})"
        )
