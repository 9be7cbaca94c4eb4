"""What can be wrong with a site, each with a short code that can be said over the telephone.

A problem is orthogonal to the phase: it stands in a corner of the TV and in the report. The letter
of a code is the first of the Vietnamese word (Mạng, Lịch, Giờ, Camera, Âm thanh, Tivi, Họp, Nút,
Bộ thiết bị, Phần mềm, USB), so that a clerk who reads "M1" aloud has already said where to look.
"""

import errno
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from unicodedata import category

from appliance.core.end_reasons import EndReason
from appliance.core.message import N_

MAX_DETAIL_LENGTH = 80
"""Letters of the text from outside that stands behind a problem's own; a TV shows fewer."""


class Severity(IntEnum):
    """How much it matters to the next meeting; the larger is the worse."""

    NOTE = 1  # the site copes
    WARNING = 2  # something is missing in the meeting
    SERIOUS = 3  # there will be no meeting as long as it lasts


class Area(StrEnum):
    """The part of the site that a problem belongs to: one line of the state on the TV."""

    NETWORK = "network"
    AGENDA = "agenda"
    CLOCK = "clock"
    CAMERA = "camera"
    SOUND = "sound"
    TV = "tv"
    MEETING = "meeting"
    BOX = "box"


class ProblemKey(StrEnum):
    """The closed set; the values stand in reports and fact files."""

    WIFI_RADIO = "wifi-radio"
    WIFI_REFUSED = "wifi-refused"
    WIFI_NOT_FOUND = "wifi-not-found"
    ADDRESS_TAKEN = "address-taken"
    NETWORK_CABLE = "network-cable"
    NETWORK_ADDRESS = "network-address"
    GATEWAY_SILENT = "gateway-silent"
    PROVINCE = "province"
    LINE_POOR = "line-poor"
    AGENDA_MISSING = "agenda-missing"
    AGENDA_OLD = "agenda-old"
    AGENDA_BROKEN = "agenda-broken"
    MEETING_WITHOUT_ADDRESS = "meeting-without-address"
    MEETING_LEFT_OUT = "meeting-left-out"
    CLOCK = "clock"
    HOUR_REFUSED = "hour-refused"
    CAMERA_MISSING = "camera-missing"
    CAMERA_BLANK = "camera-blank"
    CAMERA_DAMAGED = "camera-damaged"
    MICROPHONE_MISSING = "microphone-missing"
    MICROPHONE_SILENT = "microphone-silent"
    SPEAKER_MISSING = "speaker-missing"
    BOARD_SOUND = "board-sound"
    TV_UNCONFIRMED = "tv-unconfirmed"
    TV_INPUT = "tv-input"
    CALL_BUSY = "call-busy"
    CALL_REFUSED = "call-refused"
    CALL_UNREACHABLE = "call-unreachable"
    CALL_UNAUTHORISED = "call-unauthorised"
    CALL_FORBIDDEN = "call-forbidden"
    CALL_UNTRUSTED = "call-untrusted"
    CALL_NO_MEDIA = "call-no-media"
    CALL_FAR_END = "call-far-end"
    CALL_LOST = "call-lost"
    CALL_BAD_ADDRESS = "call-bad-address"
    FAR_VIDEO = "far-video"
    ROOM_CODEC = "room-codec"
    CALL_UNHEARD = "call-unheard"
    TV_PROGRAM = "tv-program"
    BUTTON_STUCK = "button-stuck"
    BUTTON_BOX = "button-box"
    HOT = "hot"
    POWER_WEAK = "power-weak"
    STORAGE = "storage"
    SITE_FILE = "site-file"
    LINK_SLOW = "link-slow"
    LINK_ERRORS = "link-errors"
    TV_UNPLUGGED = "tv-unplugged"
    SLOWED = "slowed"
    PICTURE_COOLED = "picture-cooled"
    DISK_FULL = "disk-full"
    CARD_WORN = "card-worn"
    MEMORY_SHORT = "memory-short"
    ENDPOINT_SILENT = "endpoint-silent"
    UNIT_FAILED = "unit-failed"
    RESTARTED = "restarted"
    CERTIFICATE_ENDS = "certificate-ends"
    CERTIFICATE_OVER = "certificate-over"
    RESCUE = "rescue"
    PART_FAILED = "part-failed"
    BOARD_TOO_SLOW = "board-too-slow"
    BOOT_FILES = "boot-files"
    STICK_READING = "stick-reading"
    STICK_INSTALLING = "stick-installing"
    STICK_WAITING = "stick-waiting"
    STICK_REFUSED = "stick-refused"
    STICK_DONE = "stick-done"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table: what is said about a problem, as message ids."""

    code: str
    area: Area
    severity: Severity
    text: str
    remedy: str


CALL_CENTRE = N_("Call the province's IT centre and read out the code.")
BOX_RETRIES = N_("The box keeps trying by itself.")
BOX_STARTS_AGAIN = N_("The box starts it again by itself.")
"""Remedies that ask nothing of who is in the room."""


def _kinds() -> dict[ProblemKey, Kind]:
    note, warning, serious = Severity.NOTE, Severity.WARNING, Severity.SERIOUS
    key, area = ProblemKey, Area
    call_it, retry, starts_again = CALL_CENTRE, BOX_RETRIES, BOX_STARTS_AGAIN
    leave_it = N_("Leave the USB stick in and the box switched on.")
    taken_out = N_("Take the USB stick out.")
    return {
        key.NETWORK_CABLE: Kind("M1", area.NETWORK, serious, N_("No network"),
                                N_("Check the network cable and the modem.")),
        key.NETWORK_ADDRESS: Kind("M2", area.NETWORK, serious, N_("The network gives no address"),
                                  N_("Switch the modem off and on again.")),
        key.ADDRESS_TAKEN: Kind("M7", area.NETWORK, serious, N_("The box's address is taken"),
                                call_it),
        key.GATEWAY_SILENT: Kind("M8", area.NETWORK, serious, N_("The gateway is silent"),
                                 N_("Switch the modem off and on again.")),
        key.WIFI_NOT_FOUND: Kind("M9", area.NETWORK, serious, N_("The Wi-Fi is not found"),
                                 N_("Switch the Wi-Fi router on.")),
        key.WIFI_REFUSED: Kind("M10", area.NETWORK, serious, N_("The Wi-Fi lets nobody in"),
                               call_it),
        key.WIFI_RADIO: Kind("M11", area.NETWORK, serious, N_("This box has no Wi-Fi"),
                             N_("Plug in a network cable.")),
        key.PROVINCE: Kind("M3", area.NETWORK, note, N_("The province cannot be reached"), retry),
        key.LINE_POOR: Kind("M4", area.NETWORK, warning, N_("The line is weak"),
                            N_("Switch off other devices that use the line.")),
        key.AGENDA_MISSING: Kind("L1", area.AGENDA, serious, N_("No agenda yet"), call_it),
        key.AGENDA_OLD: Kind("L2", area.AGENDA, warning, N_("The agenda is old"), call_it),
        key.AGENDA_BROKEN: Kind("L3", area.AGENDA, warning, N_("The agenda is faulty"), call_it),
        key.MEETING_WITHOUT_ADDRESS: Kind("L4", area.AGENDA, serious,
                                   N_("The meeting has no address"), call_it),
        key.MEETING_LEFT_OUT: Kind("L5", area.AGENDA, warning,
                                   N_("A meeting could not be read"), call_it),
        key.CLOCK: Kind("G1", area.CLOCK, serious, N_("The time is not known"),
                        N_("Check the network cable and the modem.")),
        key.HOUR_REFUSED: Kind("G2", area.CLOCK, warning,
                               N_("The province's hour is not believed"), call_it),
        key.CAMERA_MISSING: Kind("C1", area.CAMERA, warning, N_("No camera"),
                                 N_("Plug the camera's USB cable in again.")),
        key.CAMERA_BLANK: Kind("C2", area.CAMERA, warning, N_("The camera gives no picture"),
                                N_("Plug the camera's USB cable in again.")),
        key.CAMERA_DAMAGED: Kind("C3", area.CAMERA, warning, N_("The camera's picture is damaged"),
                                 N_("Use another USB socket, or a shorter cable.")),
        key.MICROPHONE_MISSING: Kind("A1", area.SOUND, warning, N_("No microphone"),
                                     N_("Plug the microphone's USB cable in again.")),
        key.MICROPHONE_SILENT: Kind("A2", area.SOUND, warning, N_("The microphone is silent"),
                                    N_("Check the switch on the microphone.")),
        key.SPEAKER_MISSING: Kind("A3", area.SOUND, warning, N_("No loudspeaker"),
                                  N_("Check the loudspeaker's cable and the TV's volume.")),
        key.BOARD_SOUND: Kind("A6", area.SOUND, warning, N_("No sound by HDMI"),
                              N_("Plug in a USB loudspeaker or speakerphone.")),
        key.TV_UNCONFIRMED: Kind("T1", area.TV, note, N_("The TV is off or does not answer"),
                                 N_("Switch the TV on and choose the HDMI input.")),
        key.TV_INPUT: Kind("T4", area.TV, note, N_("The TV shows another input"),
                           N_("Choose the box's HDMI input by the TV's remote control.")),
        key.CALL_BUSY: Kind("H1", area.MEETING, warning, N_("The meeting room is full"), retry),
        key.CALL_REFUSED: Kind("H2", area.MEETING, warning,
                               N_("The meeting room is not open yet"), retry),
        key.CALL_UNREACHABLE: Kind("H3", area.MEETING, warning,
                                   N_("No answer from the server"), retry),
        key.CALL_UNAUTHORISED: Kind("H4", area.MEETING, serious,
                                    N_("Wrong password"), call_it),
        key.CALL_FORBIDDEN: Kind("H13", area.MEETING, serious,
                                 N_("This site is not let in"), call_it),
        key.CALL_UNTRUSTED: Kind("H5", area.MEETING, serious,
                                 N_("The meeting server is not trusted"), call_it),
        key.CALL_NO_MEDIA: Kind("H6", area.MEETING, warning, N_("No picture, no sound"), retry),
        key.CALL_FAR_END: Kind("H7", area.MEETING, note, N_("The far end hung up"), retry),
        key.CALL_LOST: Kind("H8", area.MEETING, note, N_("The connection broke"), retry),
        key.CALL_BAD_ADDRESS: Kind("H9", area.MEETING, serious,
                                   N_("The meeting's address is wrong"), call_it),
        key.FAR_VIDEO: Kind("H10", area.MEETING, warning,
                            N_("A participant cannot be shown"), call_it),
        key.ROOM_CODEC: Kind("H11", area.MEETING, warning,
                             N_("The room refuses our media"), call_it),
        key.CALL_UNHEARD: Kind("H12", area.MEETING, warning,
                               N_("We are not received"), call_it),
        key.BUTTON_STUCK: Kind("N1", area.BOX, warning, N_("The button is stuck"),
                               N_("Free the button.")),
        key.TV_PROGRAM: Kind("T3", area.TV, serious, N_("The TV's program has failed"),
                             starts_again),
        key.BUTTON_BOX: Kind("N2", area.BOX, warning, N_("The button box does not work"), call_it),
        key.HOT: Kind("B1", area.BOX, warning, N_("The box is too hot"),
                      N_("Leave room for air around the box.")),
        key.POWER_WEAK: Kind("B2", area.BOX, warning, N_("The power is too weak"),
                             N_("Use the power supply that came with the box.")),
        key.STORAGE: Kind("B3", area.BOX, warning, N_("The memory card is failing"), call_it),
        key.SITE_FILE: Kind("B4", area.BOX, warning, N_("The site file has faults"), call_it),
        key.LINK_SLOW: Kind("M5", area.NETWORK, warning, N_("The network cable is slow"),
                            N_("Replace the network cable.")),
        key.LINK_ERRORS: Kind("M6", area.NETWORK, warning, N_("The network cable loses data"),
                              N_("Replace the network cable.")),
        key.TV_UNPLUGGED: Kind("T2", area.TV, warning, N_("No TV on the HDMI cable"),
                               N_("Plug the HDMI cable in again.")),
        key.SLOWED: Kind("B5", area.BOX, warning, N_("The box is slowed down"),
                         N_("Leave room for air around the box.")),
        key.PICTURE_COOLED: Kind("B9", area.BOX, warning, N_("Too hot: a smaller picture is sent"),
                                 N_("Leave room for air around the box.")),
        key.DISK_FULL: Kind("B6", area.BOX, warning, N_("The memory card is full"), call_it),
        key.CARD_WORN: Kind("B7", area.BOX, note, N_("The memory card is worn"), call_it),
        key.MEMORY_SHORT: Kind("B8", area.BOX, warning, N_("The box is short of memory"),
                               N_("Switch the box off and on again.")),
        key.ENDPOINT_SILENT: Kind("P1", area.BOX, serious,
                                  N_("The meeting program does not run"),
                                  N_("Switch the box off and on again.")),
        key.UNIT_FAILED: Kind("P2", area.BOX, warning, N_("A program of the box has failed"),
                              N_("Switch the box off and on again.")),
        key.RESTARTED: Kind("P3", area.BOX, note, N_("The box restarted unexpectedly"),
                            N_("Check the power cable.")),
        key.CERTIFICATE_ENDS: Kind("P4", area.BOX, note,
                                   N_("The box's certificate ends soon"), call_it),
        key.CERTIFICATE_OVER: Kind("P5", area.BOX, warning,
                                   N_("The box's certificate has ended"), call_it),
        key.RESCUE: Kind("P6", area.BOX, serious,
                         N_("The box could not start properly"), call_it),
        key.PART_FAILED: Kind("P7", area.BOX, warning, N_("A part of the program failed"),
                              starts_again),
        key.BOARD_TOO_SLOW: Kind("P8", area.BOX, serious,
                                 N_("This box is too slow for meetings"), call_it),
        key.BOOT_FILES: Kind("P9", area.BOX, note,
                             N_("Old boot files on the memory card"), call_it),
        key.STICK_READING: Kind("U1", area.BOX, note,
                                N_("Reading the USB stick"), leave_it),
        key.STICK_INSTALLING: Kind("U2", area.BOX, note,
                                   N_("Updating, leave the USB in"),
                                   leave_it),
        key.STICK_WAITING: Kind("U3", area.BOX, note,
                                N_("Restart for new software"),
                                N_("Switch the box off and on again after the meeting.")),
        key.STICK_REFUSED: Kind("U4", area.BOX, note,
                                N_("USB stick not accepted"), call_it),
        key.STICK_DONE: Kind("U5", area.BOX, note,
                             N_("USB stick read, remove it"), taken_out),
    }  # fmt: skip


KINDS = _kinds()
_BY_CODE = {kind.code: key for key, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong now; `since` in POSIX seconds (an agenda: when it was last good).

    `detail` is a short text from outside that says which one: a meeting's title, a part's name. It
    is shown after the text of the table. Whoever made it bounds nothing: it is made one line of at
    most `MAX_DETAIL_LENGTH` printable letters here.
    """

    key: ProblemKey
    since: float = 0.0
    detail: str = ""

    def __post_init__(self) -> None:
        """Bound the text from outside."""
        object.__setattr__(self, "detail", _one_line(self.detail))

    @property
    def kind(self) -> Kind:
        """What the table says about it."""
        return KINDS[self.key]

    @property
    def code(self) -> str:
        """What the clerk reads over the telephone."""
        return self.kind.code


def _one_line(text: str) -> str:
    """`text` without control and format characters and half letters, shortened with an ellipsis."""
    start = text[: 10 * MAX_DETAIL_LENGTH]  # the rest would be cut off anyway
    words = "".join(
        " " if letter.isspace() else letter
        for letter in start
        if letter.isspace() or not category(letter).startswith("C")
    ).split()
    line = " ".join(words)
    if len(line) <= MAX_DETAIL_LENGTH:
        return line
    return line[: MAX_DETAIL_LENGTH - 1].rstrip() + "…"


def of_call(reason: EndReason, since: float) -> Problem | None:
    """The problem that a call's end is; none where this site hung up itself."""
    if reason is EndReason.OURS:
        return None
    return Problem(ProblemKey(f"call-{reason.value}"), since)


def of_write(number: int | None) -> ProblemKey:
    """The problem that a write to the data partition failed for, by its errno(3)."""
    full = number in (errno.ENOSPC, errno.EDQUOT)
    return ProblemKey.DISK_FULL if full else ProblemKey.STORAGE


FOUND_BY_CHECKS = frozenset(
    {
        ProblemKey.NETWORK_ADDRESS, ProblemKey.LINK_SLOW, ProblemKey.LINK_ERRORS,
        ProblemKey.ADDRESS_TAKEN, ProblemKey.GATEWAY_SILENT,
        ProblemKey.WIFI_NOT_FOUND, ProblemKey.WIFI_REFUSED, ProblemKey.WIFI_RADIO,
        ProblemKey.HOUR_REFUSED, ProblemKey.TV_UNPLUGGED, ProblemKey.TV_UNCONFIRMED,
        ProblemKey.HOT, ProblemKey.SLOWED, ProblemKey.POWER_WEAK,
        ProblemKey.STORAGE, ProblemKey.DISK_FULL, ProblemKey.CARD_WORN, ProblemKey.BOOT_FILES,
        ProblemKey.MEMORY_SHORT, ProblemKey.UNIT_FAILED, ProblemKey.RESTARTED, ProblemKey.RESCUE,
        ProblemKey.CERTIFICATE_ENDS, ProblemKey.CERTIFICATE_OVER,
    }
)  # fmt: skip
"""What the health program finds and the TV shows by its word. What the endpoint finds by itself it
shows by its own: health's is older, by how long an alarm takes to be over."""


def of_codes(codes: Iterable[str]) -> tuple[Problem, ...]:
    """The problems of the table with these codes; others are passed over."""
    return tuple(Problem(_BY_CODE[code]) for code in codes if code in _BY_CODE)


NAMED = frozenset(
    {ProblemKey.ADDRESS_TAKEN, ProblemKey.GATEWAY_SILENT}
    | {ProblemKey.WIFI_NOT_FOUND, ProblemKey.WIFI_REFUSED}
)
"""Of which health's detail is an address or a name that people compare, and no measured value."""


def by_checks(codes: Iterable[str], details: Mapping[str, str] = {}) -> tuple[Problem, ...]:
    """The problems of `codes` that only health's checks find; `details` by code, of `NAMED`."""
    return tuple(
        replace(problem, detail=details.get(problem.code, "")) if problem.key in NAMED else problem
        for problem in of_codes(codes)
        if problem.key in FOUND_BY_CHECKS
    )


TURN_S = 8.0
"""Long enough to read a sentence and what to do about it, twice."""


def in_turn(problems: tuple[Problem, ...], now: float) -> tuple[Problem, ...]:
    """`problems`, the one first whose turn it is to be told at `now` (POSIX s): each has its own,
    for the line that says what to do holds one."""
    first = int(now // TURN_S) % len(problems) if problems else 0
    return problems[first:] + problems[:first]


def worst_first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """One of each kind, the most severe first, then in the order of the table."""
    order = list(ProblemKey)
    oldest: dict[ProblemKey, Problem] = {}
    for problem in sorted(problems, key=lambda t: t.since, reverse=True):
        oldest[problem.key] = problem
    return tuple(sorted(oldest.values(), key=lambda t: (-t.kind.severity, order.index(t.key))))
