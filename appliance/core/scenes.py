"""What the TV, the lamp and the voice do: rows that turn a decision into one frozen scene.

A scene holds all that a drawing needs and nothing that moves faster than what is read: the clock to
the minute, a countdown and an elapsed time to the second. Two equal scenes look the same, so the TV
is drawn again only when the value has changed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil
from zoneinfo import ZoneInfo

from appliance.core.by_hand import Sign
from appliance.core.decision import IN_CALL, NEAR_S, Decision, Phase
from appliance.core.floor_control import NO_MEETING, Floor, Lamp, lamp
from appliance.core.meetings.due import Period
from appliance.core.meetings.farewell import Farewell, Gone
from appliance.core.problems import (
    TURN_S,
    Area,
    Problem,
    ProblemKey,
    Severity,
    in_turn,
    of_codes,
    worst_first,
)
from appliance.core.remedies.help_line import Help, shown_help
from appliance.core.remedies.network_words import network_words, without_network
from appliance.core.rescue import Rescue
from appliance.core.screen_texts import (
    AFTER_POWER,
    BY_HAND_WORDS,
    JOINED_BY_HAND,
    MICROPHONE_VOICE,
    NOTHING_PLANNED,
    WORDS,
    Microphone,
    Screen,
    Words,
)
from appliance.wire.meeting import Meeting

__all__ = ["Check", "CheckState", "Help", "LineQuality", "Microphone", "Scene", "Screen", "Words"]


PEOPLE_SHOWN_S = 10 * 60.0
"""So long after the begin the TV still shows the code by which people are counted."""


class LineQuality(StrEnum):
    """How good the line is, in three steps that a room can act on."""

    UNKNOWN = "unknown"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class CheckState(StrEnum):
    """How far one line of the self-test or of the state is."""

    WAITING = "waiting"
    RUNNING = "running"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the state or of the self-test; `code` is the worst problem's of that area."""

    area: Area
    state: CheckState
    code: str = ""


@dataclass(frozen=True, slots=True)
class ShownMeeting:
    """The meeting that the screen speaks of, in the site's own time."""

    title: str
    chair: str
    begin: datetime
    end: datetime
    free: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the TV, the lamp and the voice need to know at one moment."""

    screen: Screen
    site: str
    clock: datetime | None = None  # local, to the minute; None while it is not trusted
    meeting: ShownMeeting | None = None
    countdown: int | None = None  # whole seconds to the meeting's begin, when it is near
    since: datetime | None = None  # when what is going on began
    elapsed: int | None = None  # whole seconds since then
    turn: int | None = None  # whole seconds until it connects, where the power has come back
    period: Period | None = None  # of the meeting that the site is in
    overtime: int = 0  # whole minutes past its end
    gone: ShownMeeting | None = None  # what became of it is told; one that was moved as it is now
    microphone: Microphone = Microphone.OFF
    refused: bool = False  # a long press just asked for what the chair gives here
    by_hand: Sign | None = None  # what the gesture that leaves a meeting would do now
    remedy: bool = False  # a press in a meeting just asked for the worst problem's remedy
    claim: str = ""  # the code by which the province lets this box in, while it waits
    claim_link: str = ""  # where whoever lets boxes in finds this one; "": it is not known here
    help: Help | None = None  # who helps, on a page that says that something is wrong
    people_link: str = ""  # where the clerk enters how many people are in the hall; "": nowhere
    asks_to_speak: bool = False  # the far end cannot give the floor: who asks is called on
    line: LineQuality = LineQuality.UNKNOWN
    speaker: str = ""
    problems: tuple[Problem, ...] = ()  # the one whose turn it is to be told comes first
    checks: tuple[Check, ...] = ()
    lamp: Lamp = Lamp.OFF
    rescue: Rescue | None = None  # what a box in rescue knows of itself
    margin: int = 0  # percent of each side that stay black, for a TV that cuts its edges off

    @property
    def words(self) -> Words:
        """Headline, explanation, steps and hint of this screen, as message ids."""
        if self.screen is Screen.IDLE and self.meeting is None:
            return NOTHING_PLANNED
        if self.screen is Screen.BY_HAND and self.by_hand is not None:
            return BY_HAND_WORDS[self.by_hand.step, self.by_hand.direction]
        if self.screen is Screen.CLOCK_UNTRUSTED and self.meeting is not None:
            return JOINED_BY_HAND
        if self.turn is not None:
            return AFTER_POWER
        if self.screen is Screen.NO_NETWORK:
            return network_words((one.key for one in self.problems), WORDS[self.screen])
        return WORDS[self.screen]

    @property
    def voice(self) -> str | None:
        """The message id of what the box says aloud when this begins to hold; None: nothing."""
        if self.screen is Screen.IN_MEETING and self.by_hand is not None:
            return BY_HAND_WORDS[self.by_hand.step, self.by_hand.direction].voice
        if self.screen is Screen.IN_MEETING:
            return MICROPHONE_VOICE[self.microphone]
        return self.words.voice


@dataclass(frozen=True, slots=True)
class _Case:
    """What the choice of a screen rests on."""

    phase: Phase
    meeting: Meeting | None
    problems: frozenset[ProblemKey]
    now: float
    status: bool
    selftest: bool
    claim: bool
    margins: bool
    by_hand: bool
    not_open: bool
    farewell: Farewell | None

    def any_of(self, *keys: ProblemKey) -> bool:
        return not self.problems.isdisjoint(keys)

    @property
    def without_address(self) -> bool:
        """A meeting is going on, and nobody said where."""
        meeting = self.meeting
        return meeting is not None and meeting.begin <= self.now and not meeting.address


_Rule = tuple[Screen, Callable[[_Case], bool]]

SCREEN_RULES: tuple[_Rule, ...] = (
    # a call is shown before anything else, so that nobody is seen or heard without knowing
    (Screen.IN_MEETING, lambda c: c.phase in IN_CALL),
    (Screen.LEAVING, lambda c: c.phase is Phase.LEAVING),
    (Screen.BY_HAND, lambda c: c.by_hand),
    (Screen.MARGINS, lambda c: c.margins and c.phase in NO_MEETING),
    (Screen.SELFTEST, lambda c: c.selftest),
    (Screen.STATUS, lambda c: c.status),
    # then what keeps the site from its meeting, cause before effect
    (
        Screen.NO_NETWORK,
        lambda c: without_network(c.problems),
    ),
    (
        Screen.CLOCK_UNTRUSTED,
        lambda c: c.any_of(ProblemKey.CLOCK) and c.phase is Phase.IDLE,
    ),
    (Screen.NO_ADDRESS, lambda c: c.without_address),
    # in place of "the site joins by itself"; not of the code by which the province lets it in
    (
        Screen.TOO_SLOW,
        lambda c: c.any_of(ProblemKey.BOARD_TOO_SLOW) and not (c.claim and c.phase is Phase.IDLE),
    ),
    (
        Screen.NOT_OPEN,
        lambda c: c.not_open and c.phase in (Phase.JOINING, Phase.REJOINING),
    ),
    (Screen.ENDED, lambda c: c.farewell is Farewell.ENDED and c.phase in NO_MEETING),
    (
        Screen.ENDED_BY_CHAIR,
        lambda c: c.farewell is Farewell.ENDED_BY_CHAIR and c.phase in NO_MEETING,
    ),
    (Screen.CANCELLED, lambda c: c.farewell is Farewell.CANCELLED and c.phase in NO_MEETING),
    (Screen.MOVED, lambda c: c.farewell is Farewell.MOVED and c.phase in NO_MEETING),
    (Screen.REJOINING, lambda c: c.phase is Phase.REJOINING),
    (Screen.JOINING, lambda c: c.phase is Phase.JOINING),
    (Screen.UPCOMING, lambda c: c.phase is Phase.UPCOMING),
    (Screen.LEFT, lambda c: c.phase is Phase.LEFT),
    (Screen.CLAIM, lambda c: c.claim),
    (Screen.NO_AGENDA, lambda c: c.any_of(ProblemKey.AGENDA_MISSING) and c.meeting is None),
    (Screen.IDLE, lambda _: True),
)
"""First match wins."""

_MICROPHONE_RULES: tuple[tuple[Microphone, Callable[[Floor], bool]], ...] = (
    (Microphone.LIVE, lambda f: f.mic),
    (Microphone.GIVEN, lambda f: f.given),
    (Microphone.FAILED, lambda f: f.failed),
    (Microphone.HAND_CONFIRMED, lambda f: f.hand_confirmed),
    (Microphone.HAND, lambda f: f.hand),
    (Microphone.OFF, lambda _: True),
)

_WITH_COUNTDOWN = frozenset({Screen.IDLE, Screen.UPCOMING, Screen.STATUS, Screen.NO_NETWORK})
_WITH_ELAPSED = frozenset({Screen.JOINING, Screen.REJOINING, Screen.NO_NETWORK})
_OF_GONE = frozenset({Screen.ENDED, Screen.ENDED_BY_CHAIR, Screen.CANCELLED, Screen.MOVED})
_WITHOUT_ROW = frozenset({Area.MEETING})


def scene(
    decision: Decision,
    floor: Floor,
    *,
    now: float,
    zone: ZoneInfo,
    site: str,
    problems: Iterable[Problem] = (),
    line: LineQuality = LineQuality.UNKNOWN,
    speaker: str = "",
    since: float | None = None,
    status_until: float = 0.0,
    refused_until: float = 0.0,
    remedy_until: float = 0.0,
    by_hand: Sign | None = None,
    asks_to_speak: bool = False,
    selftest: tuple[Check, ...] = (),
    claim: str = "",
    claim_link: str = "",
    people_link: str = "",
    margin: int = 0,
    margins_until: float = 0.0,
    not_open: bool = False,
    turn_at: float = float("-inf"),
    gone: Gone | None = None,
    help: Help | None = None,  # noqa: A002 - the section's own name
) -> Scene:
    """The scene at `now`; all times in POSIX seconds.

    `since` is when the phase began, `status_until`, `refused_until`, `remedy_until` and
    `margins_until` when the answer to a press goes away again, `by_hand` what is to be said of the
    gesture that leaves a meeting, `margin` the percent of each side that stay black; a
    `selftest` that is not empty is running, or its result is being shown; `claim` is the code of a
    box that waits to be let in, `claim_link` a page for who lets it in; `not_open`: the last try
    was refused before the begin; `turn_at`: when a site connects whose power has come back; `gone`
    is what became of the meeting before, `help` whom to ask where something is wrong.
    """
    tested = of_codes(check.code for check in selftest if check.state is CheckState.BAD)
    known = worst_first((*problems, *tested))
    keys = frozenset(problem.key for problem in known)
    case = _Case(
        decision.phase,
        decision.meeting,
        keys,
        now,
        status=now < status_until,
        selftest=bool(selftest),
        claim=bool(claim),
        margins=now < margins_until,
        by_hand=by_hand is not None,
        not_open=not_open,
        farewell=gone.farewell if gone is not None else None,
    )
    screen = next(shown for shown, holds in SCREEN_RULES if holds(case))
    trusted = ProblemKey.CLOCK not in keys
    near = decision.phase is Phase.UPCOMING and screen in _WITH_COUNTDOWN
    turn = ceil(turn_at - now) if screen is Screen.JOINING and now < turn_at else None
    timed = screen in _WITH_ELAPSED and since is not None and turn is None
    meeting = decision.meeting
    remedy = now < remedy_until and screen is Screen.IN_MEETING and bool(known)
    people = people_link if _counts_people(screen, meeting, now) else ""
    over = decision.period is Period.OVERRUN and meeting is not None
    return Scene(
        screen=screen,
        site=site,
        clock=_local(now, zone) if trusted else None,
        meeting=_shown_meeting(decision.meeting, zone),
        countdown=_countdown(decision.meeting, now) if near else None,
        since=_local(since, zone) if timed and trusted and since is not None else None,
        elapsed=max(0, int(now - since)) if timed and since is not None else None,
        turn=turn,
        period=decision.period,
        overtime=max(0, int((now - meeting.end) // 60)) if over and meeting is not None else 0,
        gone=_shown_meeting(gone.meeting, zone) if gone and screen in _OF_GONE else None,
        microphone=next(state for state, holds in _MICROPHONE_RULES if holds(floor)),
        refused=now < refused_until,
        by_hand=by_hand,
        remedy=remedy,
        asks_to_speak=asks_to_speak,
        claim=claim if screen is Screen.CLAIM else "",
        claim_link=claim_link if screen is Screen.CLAIM and claim else "",
        help=shown_help(help, screen, known, other_code=bool(people)),
        people_link=people,
        line=line,
        speaker=speaker if screen is Screen.IN_MEETING else "",
        problems=known if remedy else in_turn(known, now),
        checks=selftest if screen is Screen.SELFTEST else _state(screen, known),
        lamp=lamp(floor, decision.phase, tv_dark=ProblemKey.TV_UNCONFIRMED in keys),
        margin=margin,
    )


def starting(site: str, margin: int = 0) -> Scene:
    """The first picture after power on, before any fact is known."""
    return Scene(Screen.STARTING, site, margin=margin)


def name_card(site: str) -> Scene:
    """What the far end sees of a site without a camera; it never changes, so it costs no bits."""
    return Scene(Screen.NAME_CARD, site)


def rescued(site: str, rescue: Rescue, help: Help | None = None) -> Scene:  # noqa: A002
    """What stands behind the endpoint of a box that has used up its unplanned restarts."""
    problems = (Problem(ProblemKey.RESCUE),)
    return Scene(Screen.RESCUE, site, problems=problems, rescue=rescue, help=help)


def next_change(shown: Scene, now: float) -> float:
    """When time alone makes another scene of this one (POSIX s): the next second or minute."""
    counts = (shown.countdown, shown.elapsed, shown.turn)
    step = 60.0 if counts == (None, None, None) else 1.0
    if len(shown.problems) > 1:
        step = min(step, TURN_S)
    return (now // step + 1) * step


def _counts_people(screen: Screen, meeting: Meeting | None, now: float) -> bool:
    """While people sit down, and in the first minutes; later it would lie on the far picture."""
    shown = screen is Screen.UPCOMING or screen is Screen.IN_MEETING
    return shown and meeting is not None and now < meeting.begin + PEOPLE_SHOWN_S


def _local(at: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at, zone).replace(second=0, microsecond=0)


def _shown_meeting(meeting: Meeting | None, zone: ZoneInfo) -> ShownMeeting | None:
    if meeting is None:
        return None
    begin, end = _local(meeting.begin, zone), _local(meeting.end, zone)
    return ShownMeeting(meeting.title, meeting.chair, begin, max(begin, end), meeting.free)


def _countdown(meeting: Meeting | None, now: float) -> int | None:
    """Whole seconds that are left, rounded up so that it ends with 0:01 and not with 0:00."""
    if meeting is None or not now < meeting.begin <= now + NEAR_S:
        return None
    return ceil(meeting.begin - now)


def _state(screen: Screen, problems: tuple[Problem, ...]) -> tuple[Check, ...]:
    """The site's state by area, for the screen that a short press asks for."""
    if screen is not Screen.STATUS:
        return ()
    worst = {t.kind.area: t for t in reversed(problems) if t.kind.severity > Severity.NOTE}
    return tuple(
        Check(area, CheckState.BAD, worst[area].code)
        if area in worst
        else Check(area, CheckState.GOOD)
        for area in Area
        if area not in _WITHOUT_ROW
    )
