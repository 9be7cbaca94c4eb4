"""A scene for every name that `diemcau screen` takes, made by the same table as in the field."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.core.by_hand import Direction, Sign, Step
from appliance.core.decision import Decision, Period, Phase
from appliance.core.floor_control import Floor
from appliance.core.meetings.farewell import Farewell, Gone
from appliance.core.problems import Area, Problem, ProblemKey
from appliance.core.rescue import FailedSlot, Rescue, RescueProblem
from appliance.core.scenes import (
    Check,
    CheckState,
    Help,
    LineQuality,
    Scene,
    name_card,
    rescued,
    scene,
    starting,
)
from appliance.wire.enrolment import claim_link
from appliance.wire.head_count import head_count_link
from appliance.wire.meeting import Meeting
from appliance.wire.room_keys import RoomKeys

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SITE = "Xã Ia Kly"
TITLE = "Giao ban trực tuyến với các xã, phường"
CHAIR = "Thường trực Tỉnh ủy Gia Lai"
BEGIN = datetime(2026, 3, 12, 14, 0, tzinfo=ZONE)
ADDRESS = "janus+wss://hop.gialai.gov.vn/janus?room=1234"

MEETING = Meeting("giao-ban", TITLE, BEGIN.timestamp(), BEGIN.timestamp() + 7200, ADDRESS, CHAIR)


def _at(
    phase: Phase,
    floor: Floor | None = None,
    *,
    after: float = 0.0,
    meeting: Meeting | None = MEETING,
    problems: tuple[Problem, ...] = (),
    line: LineQuality = LineQuality.UNKNOWN,
    speaker: str = "",
    since: float | None = None,
    status_until: float = 0.0,
    refused_until: float = 0.0,
    by_hand: Sign | None = None,
    selftest: tuple[Check, ...] = (),
    claim: str = "",
    claim_link: str = "",
    margin: int = 0,
    margins_until: float = 0.0,
    period: Period | None = None,
    not_open: bool = False,
    turn_at: float = 0.0,
    gone: Gone | None = None,
    help_: Help | None = None,
) -> Scene:
    """The scene of `phase`, `after` seconds from the meeting's begin."""
    return scene(
        Decision(phase, meeting, None, None, period),
        floor or Floor(),
        now=MEETING.begin + after,
        zone=ZONE,
        site=SITE,
        problems=problems,
        line=line,
        speaker=speaker,
        since=since,
        status_until=status_until,
        refused_until=refused_until,
        by_hand=by_hand,
        selftest=selftest,
        claim=claim,
        claim_link=claim_link,
        margin=margin,
        margins_until=margins_until,
        not_open=not_open,
        turn_at=turn_at,
        gone=gone,
        help=help_,
    )


def _problem(*keys: ProblemKey) -> tuple[Problem, ...]:
    return tuple(Problem(key, MEETING.begin - 3600) for key in keys)


def _meeting(
    floor: Floor,
    *,
    line: LineQuality = LineQuality.GOOD,
    problems: tuple[Problem, ...] = (),
    meeting: Meeting = MEETING,
    refused_until: float = 0.0,
    help_: Help | None = None,
) -> Scene:
    return _at(
        Phase.IN_MEETING,
        floor,
        after=754,
        meeting=meeting,
        line=line,
        speaker=CHAIR,
        problems=problems,
        refused_until=refused_until,
        help_=help_,
    )


_TESTED = (
    Check(Area.NETWORK, CheckState.GOOD),
    Check(Area.CLOCK, CheckState.GOOD),
    Check(Area.MEETING, CheckState.GOOD),
    Check(Area.CAMERA, CheckState.BAD, "C1"),
    Check(Area.SOUND, CheckState.RUNNING),
    Check(Area.TV, CheckState.WAITING),
)

_IDLE_AFTER = -timedelta(hours=4, minutes=35).total_seconds()
_NO_HOST = replace(MEETING, address="")
_HOUR = MEETING.begin
_PEOPLE = head_count_link("https://hop.gialai.gov.vn", RoomKeys("giao-ban", f"ia-kly/{'k' * 43}"))
_NEXT = replace(
    MEETING,
    uid="bao",
    title="Họp trực tuyến phòng, chống bão số 11",
    begin=_HOUR + 9000,
    end=_HOUR + 12600,
)
_CLAIM = "7KQF-M2XH"
_HELP = Help("0269 3 824 808", "https://zalo.me/g/abcdef123")
_RESCUE = Rescue(
    7,
    (
        FailedSlot(
            "A", "0.1.0+202611280900", RescueProblem.ENDPOINT, "the gate was not passed: endpoint"
        ),
        FailedSlot(
            "B", "0.0.9+202610020730", RescueProblem.CARD, "kernel is damaged: its CRC-32 is wrong"
        ),
    ),
    "10000000a1b2c3d4",
)

SAMPLES: dict[str, Callable[[], Scene]] = {
    "starting": lambda: starting(SITE),
    "idle": lambda: _at(Phase.IDLE, after=_IDLE_AFTER),
    "idle-empty": lambda: _at(Phase.IDLE, after=_IDLE_AFTER, meeting=None),
    "idle-trouble": lambda: _at(
        Phase.IDLE,
        after=-86400 - 4000,
        problems=_problem(ProblemKey.CAMERA_MISSING, ProblemKey.AGENDA_OLD),
    ),
    "upcoming": lambda: _at(Phase.UPCOMING, after=-272),
    "upcoming-people": lambda: replace(_at(Phase.UPCOMING, after=-272), people_link=_PEOPLE),
    "joining": lambda: _at(Phase.JOINING, after=12, since=_HOUR),
    "after-power": lambda: _at(Phase.JOINING, after=754, since=_HOUR + 750, turn_at=_HOUR + 767),
    "rejoining": lambda: _at(
        Phase.REJOINING, after=790, since=_HOUR + 754, problems=_problem(ProblemKey.CALL_LOST)
    ),
    "leaving": lambda: _at(Phase.LEAVING, after=7200),
    "left": lambda: _at(Phase.LEFT, after=1570),
    "not-open": lambda: _at(Phase.JOINING, after=-420, not_open=True, period=Period.DOORS),
    "waiting": lambda: _at(
        Phase.WAITING, after=-272, period=Period.DOORS, speaker="Xã Ia Pếch", line=LineQuality.GOOD
    ),
    "waiting-refused": lambda: _at(
        Phase.WAITING,
        after=-272,
        period=Period.DOORS,
        line=LineQuality.GOOD,
        refused_until=_HOUR,
    ),
    "overtime": lambda: _at(
        Phase.OVERTIME,
        after=7200 + 70 * 60,
        period=Period.OVERRUN,
        speaker=CHAIR,
        line=LineQuality.GOOD,
        problems=_problem(ProblemKey.CAMERA_MISSING),
    ),
    "ended": lambda: _at(Phase.IDLE, after=7500, meeting=_NEXT, gone=Gone(Farewell.ENDED, MEETING)),
    "ended-last": lambda: _at(
        Phase.IDLE, after=7500, meeting=None, gone=Gone(Farewell.ENDED, MEETING)
    ),
    "ended-by-chair": lambda: _at(
        Phase.IDLE, after=7500, meeting=_NEXT, gone=Gone(Farewell.ENDED_BY_CHAIR, MEETING)
    ),
    "cancelled": lambda: _at(
        Phase.UPCOMING, after=-300, meeting=_NEXT, gone=Gone(Farewell.CANCELLED, MEETING)
    ),
    "moved": lambda: _at(
        Phase.IDLE,
        after=600,
        meeting=_NEXT,
        gone=Gone(Farewell.MOVED, replace(MEETING, begin=_HOUR + 90000, end=_HOUR + 97200)),
    ),
    "in-meeting": lambda: _meeting(Floor()),
    "in-meeting-hand": lambda: _meeting(Floor(hand=True)),
    "in-meeting-confirmed": lambda: _meeting(
        Floor(hand=True, hand_confirmed=True),
        line=LineQuality.FAIR,
        problems=_problem(ProblemKey.CAMERA_MISSING),
    ),
    "in-meeting-given": lambda: _meeting(Floor(given=True)),
    "in-meeting-live": lambda: _meeting(Floor(given=True, mic=True)),
    "in-meeting-failed": lambda: _meeting(
        Floor(failed=True),
        line=LineQuality.POOR,
        problems=_problem(ProblemKey.LINE_POOR, ProblemKey.MICROPHONE_SILENT),
    ),
    "in-meeting-refused": lambda: _meeting(Floor(), refused_until=_HOUR + 800),
    "in-meeting-asks": lambda: replace(_meeting(Floor()), asks_to_speak=True),
    "in-meeting-asked": lambda: replace(
        _meeting(Floor(hand=True, hand_confirmed=True)), asks_to_speak=True
    ),
    "in-meeting-held": lambda: replace(
        _meeting(Floor(mic=True)), by_hand=Sign(Step.HOLDING, Direction.LEAVE, 3)
    ),
    "in-meeting-let-go": lambda: replace(
        _meeting(Floor()), by_hand=Sign(Step.LET_GO, Direction.LEAVE)
    ),
    "in-meeting-leave": lambda: replace(
        _meeting(Floor(), problems=_problem(ProblemKey.CAMERA_MISSING)),
        by_hand=Sign(Step.ASKING, Direction.LEAVE, 9),
    ),
    "in-meeting-remedy": lambda: replace(
        _meeting(Floor(hand=True), problems=_problem(ProblemKey.MICROPHONE_SILENT)), remedy=True
    ),
    "by-hand": lambda: _at(Phase.REJOINING, by_hand=Sign(Step.ASKING, Direction.LEAVE, 10)),
    "by-hand-back": lambda: _at(Phase.IDLE, by_hand=Sign(Step.HOLDING, Direction.BACK, 3)),
    "by-hand-let-go": lambda: _at(Phase.IDLE, by_hand=Sign(Step.LET_GO, Direction.BACK)),
    "in-meeting-people": lambda: replace(
        _at(Phase.IN_MEETING, after=120, line=LineQuality.GOOD, speaker=CHAIR), people_link=_PEOPLE
    ),
    "in-meeting-free": lambda: _meeting(Floor(), meeting=replace(MEETING, free=True)),
    "status": lambda: _at(
        Phase.IDLE,
        after=-86400 + 36000 - 4000,
        status_until=_HOUR,
        problems=_problem(ProblemKey.MICROPHONE_MISSING),
    ),
    "selftest": lambda: _at(Phase.IDLE, after=_IDLE_AFTER, selftest=_TESTED),
    "margins": lambda: _at(Phase.IDLE, after=_IDLE_AFTER, margin=2, margins_until=_HOUR),
    "no-network": lambda: _at(
        Phase.IDLE, after=_IDLE_AFTER, problems=_problem(ProblemKey.NETWORK_CABLE)
    ),
    "no-network-help": lambda: _at(
        Phase.IDLE, after=_IDLE_AFTER, problems=_problem(ProblemKey.NETWORK_CABLE), help_=_HELP
    ),
    "wifi-refused": lambda: _at(
        Phase.IDLE,
        after=_IDLE_AFTER,
        help_=_HELP,
        problems=(
            Problem(ProblemKey.WIFI_REFUSED, detail="UBND xã Ia Kly"),
            *_problem(ProblemKey.NETWORK_CABLE),
        ),
    ),
    "wifi-not-found": lambda: _at(
        Phase.IDLE,
        after=_IDLE_AFTER,
        help_=_HELP,
        problems=(Problem(ProblemKey.WIFI_NOT_FOUND, detail="UBND xã Ia Kly"),),
    ),
    "wifi-radio": lambda: _at(
        Phase.IDLE, after=_IDLE_AFTER, problems=_problem(ProblemKey.WIFI_RADIO), help_=_HELP
    ),
    "address-taken": lambda: _at(
        Phase.IDLE,
        after=_IDLE_AFTER,
        help_=_HELP,
        problems=(Problem(ProblemKey.ADDRESS_TAKEN, detail="10.20.30.40"),),
    ),
    "gateway-silent": lambda: _at(
        Phase.IDLE,
        after=_IDLE_AFTER,
        meeting=None,
        help_=_HELP,
        problems=(
            Problem(ProblemKey.GATEWAY_SILENT, detail="10.20.30.1"),
            *_problem(ProblemKey.AGENDA_MISSING),
        ),
    ),
    "no-address-given": lambda: _at(
        Phase.IDLE, after=_IDLE_AFTER, problems=_problem(ProblemKey.NETWORK_ADDRESS), help_=_HELP
    ),
    "idle-help": lambda: _at(
        Phase.IDLE, after=_IDLE_AFTER, problems=_problem(ProblemKey.CAMERA_MISSING), help_=_HELP
    ),
    "rejoining-help": lambda: _at(
        Phase.REJOINING,
        after=790,
        since=_HOUR + 754,
        help_=_HELP,
        problems=_problem(ProblemKey.CALL_UNAUTHORISED),
    ),
    "status-help": lambda: _at(
        Phase.IDLE,
        after=-86400 + 36000 - 4000,
        status_until=_HOUR,
        help_=_HELP,
        problems=_problem(ProblemKey.MICROPHONE_MISSING),
    ),
    "clock-untrusted-help": lambda: _at(
        Phase.IDLE, meeting=None, problems=_problem(ProblemKey.CLOCK), help_=_HELP
    ),
    "claim-help": lambda: _at(
        Phase.IDLE,
        after=_IDLE_AFTER,
        meeting=None,
        claim=_CLAIM,
        help_=_HELP,
        claim_link=claim_link("https://hop.gialai.gov.vn", _CLAIM),
    ),
    "too-slow-help": lambda: _at(
        Phase.IDLE, after=_IDLE_AFTER, problems=_problem(ProblemKey.BOARD_TOO_SLOW), help_=_HELP
    ),
    "in-meeting-remedy-help": lambda: replace(
        _meeting(Floor(hand=True), problems=_problem(ProblemKey.MICROPHONE_SILENT), help_=_HELP),
        remedy=True,
    ),
    "rescue-help": lambda: rescued(SITE, _RESCUE, _HELP),
    "no-agenda": lambda: _at(
        Phase.IDLE, after=_IDLE_AFTER, meeting=None, problems=_problem(ProblemKey.AGENDA_MISSING)
    ),
    "clock-untrusted": lambda: _at(
        Phase.IDLE,
        meeting=None,
        problems=_problem(ProblemKey.CLOCK, ProblemKey.PROVINCE),
    ),
    "joined-by-hand": lambda: _at(Phase.IDLE, problems=_problem(ProblemKey.CLOCK)),
    "no-address": lambda: _at(
        Phase.UPCOMING,
        after=30,
        meeting=_NO_HOST,
        problems=_problem(ProblemKey.MEETING_WITHOUT_ADDRESS),
    ),
    "too-slow": lambda: _at(
        Phase.IDLE, after=_IDLE_AFTER, problems=_problem(ProblemKey.BOARD_TOO_SLOW)
    ),
    "claim": lambda: _at(Phase.IDLE, after=_IDLE_AFTER, meeting=None, claim=_CLAIM),
    "claim-link": lambda: _at(
        Phase.IDLE,
        after=_IDLE_AFTER,
        meeting=None,
        claim=_CLAIM,
        claim_link=claim_link("https://hop.gialai.gov.vn", _CLAIM),
    ),
    "name-card": lambda: name_card(SITE),
    "rescue": lambda: rescued(SITE, _RESCUE),
    "rescue-alone": lambda: rescued(SITE, replace(_RESCUE, slots=_RESCUE.slots[:1])),
    "rescue-unknown": lambda: rescued("Điểm Cầu", Rescue()),
}
