"""What a site says: presence, health, meeting, hand, update. Frozen values with parse and print.

``docs/wire.md`` shows each with an example that the tests of both sides read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.wire.alarm import Alarm
from appliance.wire.fields import Fields, WireError, printed
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether the site is there. The will is written when the connection is made: it bears the
    ``session`` of the birth and the ``seq`` after it (see `after`)."""

    id: ReportId
    online: bool
    session: int
    """Which connection of this boot, growing: the ``seq`` of its birth."""
    serial: str = ""
    """Of the board; two serials with one site's certificate are a copied card."""
    model: str = ""
    release: str = ""
    slot: str = ""
    reason: str = ""
    """Why it is away, where it said so itself: ``stopping``; a will has ``lost``."""

    @classmethod
    def of(cls, fields: Fields) -> "Presence":
        """From the fields of a payload."""
        return cls(
            ReportId.of(fields),
            fields.flag("online", None),
            fields.whole("session", None),
            fields.word("serial", max_length=100),
            fields.word("model", max_length=100),
            fields.word("release", max_length=100),
            fields.word("slot", max_length=100),
            fields.word("reason", max_length=100),
        )

    def after(self, known: "Presence | None") -> bool:
        """Whether this replaces what is `known`.

        A will may come late, even after the next birth (its delay, a broker that was away): it
        is older than that birth by its ``seq`` and marks nothing dead. What another boot's will
        says is no news once this boot was heard, whatever its clock says.
        """
        if known is None:
            return True
        if self.id.boot_id == known.id.boot_id:
            return self.id.seq >= known.id.seq
        return self.online

    @property
    def values(self) -> dict[str, Any]:
        """The fields of its payload."""
        return self.id.values | {
            "online": self.online,
            "session": self.session,
            "serial": self.serial,
            "model": self.model,
            "release": self.release,
            "slot": self.slot,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Health:
    """How the box is: what is wrong now, and what was measured."""

    id: ReportId
    alarms: tuple[Alarm, ...] = ()
    """What holds now, the worst first; an alarm that is not here is over."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Measured numbers by name, the unit last in the name: ``soc_c``, ``memory_free_mb``."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Measured words by name: ``release``, ``slot``, ``reboot``, ``address``."""

    @classmethod
    def of(cls, fields: Fields) -> "Health":
        """From the fields of a payload."""
        return cls(
            ReportId.of(fields),
            tuple(Alarm.of(item) for item in fields.items("alarms")),
            fields.numbers("figures"),
            fields.texts("facts"),
        )

    @property
    def values(self) -> dict[str, Any]:
        """The fields of its payload."""
        return self.id.values | {
            "alarms": [alarm.values for alarm in self.alarms],
            "figures": dict(self.figures),
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Meeting:
    """What the endpoint is doing about its meeting; the words are those of its fact file."""

    id: ReportId
    phase: str
    """``idle``, ``upcoming``, ``joining``, ``in meeting``, ``rejoining``, ``leaving``; ``silent``
    where the endpoint itself tells nothing."""
    meeting: str = ""
    """The meeting's UID, "" for none."""
    call: str = "down"
    tries: int = 0
    ended: str = ""
    """Why the last call ended; one of a closed set, with a sentence in ``detail``."""
    detail: str = ""
    line: str = ""
    """``good``, ``poor`` or ``unknown``."""
    microphone: str = ""
    problems: tuple[str, ...] = ()
    """Codes that stand on the TV."""
    details: Mapping[str, str] = field(default_factory=dict)
    """By code, the text from outside that says which one: a meeting's title, a part's name."""
    period: str = ""
    """``waiting`` before the begin or ``overtime`` past the end of the meeting that the site is in,
    ``left`` where a hand has left one that goes on; an older province knows the phase alone."""

    @classmethod
    def of(cls, fields: Fields) -> "Meeting":
        """From the fields of a payload."""
        return cls(
            ReportId.of(fields),
            fields.word("phase", None, max_length=40),
            fields.text("meeting"),
            fields.word("call", "down", max_length=40),
            fields.whole("tries"),
            fields.word("ended", max_length=40),
            fields.text("detail"),
            fields.word("line", max_length=40),
            fields.word("microphone", max_length=40),
            fields.words("troubles"),
            fields.texts("details"),
            fields.word("period", max_length=40),
        )

    @property
    def values(self) -> dict[str, Any]:
        """The fields of its payload."""
        return (
            self.id.values
            | {
                "phase": self.phase,
                "meeting": self.meeting,
                "call": self.call,
                "tries": self.tries,
                "ended": self.ended,
                "detail": self.detail,
                "line": self.line,
                "microphone": self.microphone,
                "troubles": list(self.problems),
            }
            | ({"details": dict(self.details)} if self.details else {})
            | ({"period": self.period} if self.period else {})
        )


@dataclass(frozen=True, slots=True)
class Hand:
    """Whether somebody at the site wishes to speak, and since when: hands stand in that order."""

    id: ReportId
    up: bool
    since: float = 0.0
    """POSIX seconds; 0 while it is down."""
    meeting: str = ""
    live: bool = False
    """Whether the microphone lets the room's sound out."""
    returned: bool = False
    """The site has given the floor back; false again once the province has taken note."""

    @classmethod
    def of(cls, fields: Fields) -> "Hand":
        """From the fields of a payload."""
        return cls(
            ReportId.of(fields),
            fields.flag("up", None),
            fields.number("since", low=0.0, high=1e11),
            fields.text("meeting"),
            fields.flag("live"),
            fields.flag("returned"),
        )

    @property
    def values(self) -> dict[str, Any]:
        """The fields of its payload."""
        return self.id.values | {
            "up": self.up,
            "since": self.since,
            "meeting": self.meeting,
            "live": self.live,
            "returned": self.returned,
        }


@dataclass(frozen=True, slots=True)
class Update:
    """What the updater is doing; the words are those of its fact file."""

    id: ReportId
    state: str
    release: str = ""
    """What runs now."""
    wanted: str = ""
    """What is being fetched, installed or tried."""
    slot: str = ""
    progress: float = 0.0
    """Of the running step, 0 to 1."""
    detail: str = ""

    @classmethod
    def of(cls, fields: Fields) -> "Update":
        """From the fields of a payload."""
        return cls(
            ReportId.of(fields),
            fields.word("state", None, max_length=40),
            fields.word("release", max_length=100),
            fields.word("wanted", max_length=100),
            fields.word("slot", max_length=100),
            fields.number("progress", low=0.0, high=1.0),
            fields.text("detail"),
        )

    @property
    def values(self) -> dict[str, Any]:
        """The fields of its payload."""
        return self.id.values | {
            "state": self.state,
            "release": self.release,
            "wanted": self.wanted,
            "slot": self.slot,
            "progress": self.progress,
            "detail": self.detail,
        }


Report = Presence | Health | Meeting | Hand | Update
READERS: dict[Kind, type[Presence] | type[Health] | type[Meeting] | type[Hand] | type[Update]] = {
    Kind.PRESENCE: Presence,
    Kind.HEALTH: Health,
    Kind.MEETING: Meeting,
    Kind.HAND: Hand,
    Kind.UPDATE: Update,
}


def parse_report(kind: Kind, payload: bytes) -> Report:
    """The report of a topic of `kind`; raises `WireError` on what a site does not say."""
    reader = READERS.get(kind)
    if reader is None:
        raise WireError(f"{kind} is no report; one of {', '.join(READERS)}")
    return reader.of(Fields.read(payload))


def print_report(report: Report) -> bytes:
    """Its payload; ``parse_report(kind_of(report), print_report(report)) == report``."""
    return printed(report.values)


def kind_of(report: Report) -> Kind:
    """The kind of topic that it belongs to."""
    return next(kind for kind, reader in READERS.items() if isinstance(report, reader))
