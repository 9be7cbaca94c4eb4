"""What each program of a box leaves for its neighbours in ``/run/diemcau``: one typed value a file.

The programs of a box never call one another. Each writes its own file, whole, and reads those of
the others; `appliance.base.fact_file` does both. All of a box comes from one release, so a file
that does not fit its type is damaged, and its program counts as silent.

Times are POSIX seconds by the box's clock.
"""

from typing import TypeVar

import msgspec
from msgspec import Struct

from appliance.wire.meeting import EndedMeeting

MAX_FACTS_BYTES = 256 * 1024
"""A file of facts has two thousand; a larger one is damaged."""
MAX_MEETING_TIMES = 50
MAX_AGENDA_PROBLEMS = 5
NEVER = float("-inf")
"""The time of facts that no file has held yet."""


class FactsError(ValueError):
    """A file that holds no facts of the wanted kind; says where and why."""


class Facts(Struct, frozen=True, kw_only=True):
    """What every file bears: when it was written, and in which boot."""

    at: float = NEVER
    boot_id: str = ""


class MeetingTime(Struct, frozen=True, array_like=True):
    """From when until when a meeting takes place."""

    begin: float
    end: float
    doors_s: float = 0.0
    """How long before its begin a site is in it."""


class HandFacts(Struct, frozen=True, kw_only=True):
    """The site's hand, microphone and floor, each as such."""

    up: bool = False
    """The room wishes to speak."""
    confirmed: bool = False
    """The far end, or the province, has said that it sees the hand."""
    live: bool = False
    """The microphone lets the room's sound out."""
    floor: bool = False
    """The chair has given this site the floor."""
    returned: bool = False
    """The site has given the floor back, and the far end still says that it has it."""


class EndpointFacts(Facts, frozen=True, kw_only=True):
    """``endpoint.json``: what people see, every 5 s and at each change."""

    phase: str
    """A value of `core.decision.Phase`."""
    screen: str = ""
    """A value of `core.screen_texts.Screen`; "" before the first picture."""
    meeting: str = ""
    """The UID of the meeting that the screen speaks of."""
    call: str = "down"
    """A value of `core.decision.CallState`."""
    tries: int = 0
    ended: str = ""
    """Why the last call ended: a value of `core.end_reasons.EndReason`."""
    detail: str = ""
    lamp: str = "off"
    """For people who read the file; what the lamp says stands in `hand`."""
    hand: HandFacts = HandFacts()
    microphone: str = ""
    """What the TV says of the microphone: a value of `core.screen_texts.Microphone`."""
    line: str = ""
    speaker: str = ""
    agenda_at: float | None = None
    """When the agenda was last confirmed by its source."""
    agenda_problems: tuple[str, ...] = ()
    """What of the agenda was left out or guessed, as sentences; at most `MAX_AGENDA_PROBLEMS`."""
    clock_trusted: bool = False
    meetings: tuple[MeetingTime, ...] = ()
    """The next meetings that name an address, of one day; at most `MAX_MEETING_TIMES`."""
    problems: tuple[str, ...] = ()
    """Their codes (`core.problems.KINDS`)."""
    problem_details: dict[str, str] = {}
    """By code, the text from outside that says which one; only where there is any."""
    self_test: str = ""
    """The word good, or the codes of what failed."""
    self_test_at: str = ""
    """RFC 3339."""
    rehearsal: str = ""
    """As `self_test`, of the last rehearsal."""
    rehearsal_at: str = ""
    """RFC 3339."""
    rehearsal_call: str = ""
    """What its call showed, as `services.endpoint.call.rehearsal_call.CallResult` prints it."""
    tv: str = ""
    """What the TV says of itself: a value of `hardware.display.tv_state.TvState`."""
    loss_percent: float | None = None
    rtt_ms: float | None = None
    microphone_dbfs: float | None = None


class RunFacts(Facts, frozen=True, kw_only=True):
    """``endpoint-run.json``, ``health-run.json``: how a program has run since the power came."""

    running: bool = False
    failed: bool = False
    """The last run ended without being asked to."""
    ends: int = 0
    """How many did."""
    reason: str = ""
    """Of the newest, one line."""
    ended_s: float = 0.0
    """When that was, in seconds since the boot (CLOCK_MONOTONIC)."""


class RehearsalWish(Struct, frozen=True, kw_only=True):
    """A rehearsal that this site takes part in, once: `name` tells it from the one before."""

    name: str
    at: float
    """This site's turn (POSIX s)."""
    meeting: str
    """The UID of the meeting, as the site's feed has it."""
    address: str = ""
    """The province's test room; "": the meeting's own address."""


class DesiredFacts(Struct, frozen=True, kw_only=True):
    """What the province wishes (`wire.desired.Desired`), as far as the endpoint acts on it."""

    floor: str = ""
    """The UID of the meeting in which this site has the floor."""
    rehearsal: RehearsalWish | None = None
    ended: tuple[EndedMeeting, ...] = ()
    """The meetings that the chair has ended."""


class HealthFacts(Facts, frozen=True, kw_only=True):
    """``health.json``: the province's word and the box's alarms."""

    connected: bool = False
    alarms: tuple[str, ...] = ()
    """Their codes."""
    alarm_details: dict[str, str] = {}
    """By code, the measured value that says which one; only where there is any."""
    claim: str = ""
    """The code by which the box waits to be let in; "" once it is."""
    refused: str = ""
    """Why the province does not let it in."""
    hand_seen: bool = False
    """The hand that is up now is on the chair's page."""
    nudged_at: float | None = None
    """When the province last said that the agenda has changed."""
    desired: DesiredFacts | None = None


class FailedSlotFacts(Struct, frozen=True, kw_only=True):
    """Why one slot did not get there."""

    slot: str
    version: str = ""
    problem: str = ""
    """A value of `core.rescue.RescueProblem`."""
    reason: str = ""


class UpdateFacts(Facts, frozen=True, kw_only=True):
    """``updater.json``: which release runs, and what became of the other; of one start."""

    state: str = ""
    """One of running, fell-back, refused, rescue."""
    release: str = ""
    slot: str = ""
    wanted: str = ""
    detail: str = ""
    progress: float = 0.0
    starts: int = 0
    """How many starts in a row did not pass; above 0 only in rescue."""
    slots: tuple[FailedSlotFacts, ...] = ()


class StickFacts(Facts, frozen=True, kw_only=True):
    """``stick.json``: what a USB stick of the IT centre is doing."""

    stage: str
    detail: str = ""


class ReleaseFacts(Facts, frozen=True, kw_only=True):
    """``offered.json``: the release at the settings' address, and how often it was tried."""

    version: str
    installed: bool = False
    failures: int = 0


class SiteFileFacts(Facts, frozen=True, kw_only=True):
    """``site-file.json``: what was wrong with the site file that lay on the card at this start."""

    problems: tuple[str, ...] = ()
    first_vi: str = ""
    """The first of them in Vietnamese, for the TV."""
    ended: bool = False
    """First boot came to its end: where there are no settings now, the card brings none."""


class HourFacts(Facts, frozen=True, kw_only=True):
    """``hour.json``: what became of the question for the province's hour."""

    state: str
    """A value of `services.hour.program.HourState`."""
    code: str = ""
    """A value of `services.hour.hour_policy.Refusal`; "" where nothing was refused."""
    source: str = ""
    """The host that answered."""
    error_s: float = 0.0
    """An hour that is known is right to this, either way."""


class BootPartitionFacts(Facts, frozen=True, kw_only=True):
    """``boot-partition.json``: what became of the boot files at this start."""

    state: str
    """A value of `services.boot_partition.renewal.BootState`."""
    set: str = ""
    """The set in force from the next start on: a, b or flashed; "" where that is not known."""
    release: str = ""
    """Which release has brought it; "" where the card does not say."""
    detail: str = ""


KIND = TypeVar("KIND", bound=Facts)


def parse_facts(content: bytes, kind: type[KIND]) -> KIND:
    """The facts of `kind` in `content` (JSON); unknown fields are ignored. Raises `FactsError`."""
    if len(content) > MAX_FACTS_BYTES:
        raise FactsError(f"{len(content)} bytes; at most {MAX_FACTS_BYTES} are facts")
    try:
        facts = msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:  # ValidationError is a DecodeError
        raise FactsError(f"no {kind.__name__}: {error}") from error
    if facts.at == NEVER:
        raise FactsError(f"no {kind.__name__}: it does not say when it was written")
    return facts


def print_facts(facts: Facts) -> bytes:
    """One line of JSON; ``parse_facts(print_facts(f), type(f)) == f``."""
    return msgspec.json.encode(facts) + b"\n"
