"""What each screen says and the box speaks, as message ids: one row a screen, one a microphone."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.core.by_hand import Direction, Step
from appliance.core.message import N_


class Screen(StrEnum):
    """All that the TV can show; the values are the names that `diemcau screen` takes."""

    STARTING = "starting"
    IDLE = "idle"
    UPCOMING = "upcoming"
    JOINING = "joining"
    IN_MEETING = "in-meeting"
    REJOINING = "rejoining"
    LEAVING = "leaving"
    LEFT = "left"
    NOT_OPEN = "not-open"
    ENDED = "ended"
    ENDED_BY_CHAIR = "ended-by-chair"
    CANCELLED = "cancelled"
    MOVED = "moved"
    STATUS = "status"
    SELFTEST = "selftest"
    MARGINS = "margins"
    NO_NETWORK = "no-network"
    NO_AGENDA = "no-agenda"
    CLOCK_UNTRUSTED = "clock-untrusted"
    NO_ADDRESS = "no-address"
    TOO_SLOW = "too-slow"
    CLAIM = "claim"
    BY_HAND = "by-hand"
    NAME_CARD = "name-card"
    RESCUE = "rescue"


class Microphone(StrEnum):
    """Hand and microphone as the room must know them."""

    OFF = "off"
    HAND = "hand"  # raised, and the far end has not said that it sees it
    HAND_CONFIRMED = "hand-confirmed"
    GIVEN = "given"  # the floor is ours, the microphone still off
    LIVE = "live"
    FAILED = "failed"  # the far end did not take the hand


@dataclass(frozen=True, slots=True)
class Words:
    """One row: every text is a message id, "" where there is none."""

    headline: str
    explanation: str = ""
    steps: tuple[str, ...] = ()
    hint: str = ""
    voice: str | None = None


STATUS_HINT = N_("Press the button to see the state of this site")

HELP = N_("Help: {telephone}")
HELP_OR_CODE = N_("Help: {telephone} or scan the code")
HELP_CODE = N_("Help: scan the code")
"""Whom to ask; the code is that of the group in which one asks."""

NOTHING_NEXT = N_("No other meeting is planned")
"""Below what became of a meeting, where none comes next."""

WORDS: dict[Screen, Words] = {
    Screen.STARTING: Words(
        N_("Starting"),
        N_("Please wait a moment. Nothing needs to be pressed."),
    ),
    Screen.IDLE: Words(
        N_("Next meeting"),
        N_("The site joins by itself when it is time."),
        hint=STATUS_HINT,
    ),
    Screen.UPCOMING: Words(
        N_("The meeting begins soon"),
        N_("Sit down; the site joins by itself."),
        hint=STATUS_HINT,
        voice=N_("The meeting begins soon. The site joins by itself."),
    ),
    Screen.JOINING: Words(
        N_("Joining the meeting"),
        N_("The site keeps trying until it is in."),
        hint=STATUS_HINT,
        voice=N_("Joining the meeting."),
    ),
    Screen.IN_MEETING: Words(
        N_("In the meeting"),
        N_("Waiting for the picture from the chair."),
    ),
    Screen.REJOINING: Words(
        N_("Joining again"),
        N_("The connection broke. The site comes back by itself."),
        hint=STATUS_HINT,
        voice=N_("The connection broke. Joining again."),
    ),
    Screen.LEAVING: Words(
        N_("Leaving the meeting"),
        N_("Camera and microphone are being switched off."),
    ),
    Screen.LEFT: Words(
        N_("The site has left"),
        N_("The meeting goes on. Camera and microphone are off."),
        steps=(N_("To come back: hold the button for 5 seconds."),),
        hint=STATUS_HINT,
    ),
    Screen.NOT_OPEN: Words(
        N_("The meeting is not open yet"),
        N_("The site tries again by itself, and joins as soon as it is."),
        hint=STATUS_HINT,
    ),
    Screen.ENDED: Words(
        N_("The meeting is over"),
        NOTHING_NEXT,
        hint=STATUS_HINT,
        voice=N_("The meeting is over."),
    ),
    Screen.ENDED_BY_CHAIR: Words(
        N_("The chair has ended the meeting"),
        NOTHING_NEXT,
        hint=STATUS_HINT,
        voice=N_("The chair has ended the meeting."),
    ),
    Screen.CANCELLED: Words(
        N_("The meeting was cancelled"),
        NOTHING_NEXT,
        hint=STATUS_HINT,
        voice=N_("The meeting was cancelled."),
    ),
    Screen.MOVED: Words(
        N_("The meeting was moved"),
        NOTHING_NEXT,
        hint=STATUS_HINT,
        voice=N_("The meeting was moved. See the TV for its new time."),
    ),
    Screen.STATUS: Words(
        N_("State of this site"),
        hint=N_("Hold the button to test camera, sound and line"),
    ),
    Screen.SELFTEST: Words(
        N_("Self-test"),
        N_("Camera and microphone are on for the test."),
        hint=N_("Hold the button again if the TV cuts the picture's edges"),
        voice=N_("The self-test begins. Please say something."),
    ),
    Screen.MARGINS: Words(
        N_("Edges of the picture"),
        steps=(
            N_("Press the button until you see all of the yellow frame."),
            N_("Then hold the button: it is kept."),
        ),
    ),
    Screen.NO_NETWORK: Words(
        N_("No network"),
        steps=(
            N_("Is the network cable in, at the box and at the modem?"),
            N_("Are the modem's lights on? Switch it off and on again."),
            N_("Still nothing: call the IT centre and read out the code."),
        ),
        voice=N_("There is no network. Please check the cable."),
    ),
    Screen.NO_AGENDA: Words(
        N_("No agenda yet"),
        N_("The province's agenda has not come. The site keeps asking."),
        steps=(N_("Still nothing: call the IT centre and read out the code."),),
        hint=STATUS_HINT,
    ),
    Screen.CLOCK_UNTRUSTED: Words(
        N_("The time is not known"),
        N_("The site joins meetings once it knows the time."),
        steps=(
            N_("Is the network cable in, at the box and at the modem?"),
            N_("Still nothing: call the IT centre and read out the code."),
        ),
        hint=STATUS_HINT,
    ),
    Screen.NO_ADDRESS: Words(
        N_("The meeting has no address"),
        N_("The agenda does not say where to join."),
        steps=(N_("Call the IT centre and read out the code."),),
        hint=STATUS_HINT,
        voice=N_("The meeting has no address. Please call the IT centre."),
    ),
    Screen.TOO_SLOW: Words(
        N_("This box is too slow for meetings"),
        N_("It shows the agenda and joins no meeting."),
        steps=(
            N_("Meetings need a Raspberry Pi 4, 400, CM4 or 5."),
            N_("Call the IT centre and read out the code."),
        ),
        hint=STATUS_HINT,
    ),
    Screen.CLAIM: Words(
        N_("Waiting to be let in"),
        N_("This box is new to the province. It keeps asking."),
        steps=(N_("Call the IT centre and read out this code."),),
        hint=STATUS_HINT,
    ),
    Screen.BY_HAND: Words(
        N_("The button is held"),
    ),
    Screen.NAME_CARD: Words(
        N_("No camera at this site"),
    ),
    Screen.RESCUE: Words(
        N_("The box could not start"),
        N_("It keeps trying and joins the meeting once it can."),
        steps=(
            N_("Leave the box on."),
            N_("Call the IT centre; read the code."),
            N_("Unplug it only when told."),
        ),
    ),
}

NOTHING_PLANNED = Words(
    N_("No meeting is planned"),
    N_("The site asks for new meetings by itself."),
    hint=STATUS_HINT,
)
"""In place of IDLE's row while the agenda holds nothing to come."""

AFTER_POWER = Words(
    N_("Connecting in a moment"),
    N_("The power is back. Sites call one after another."),
    hint=STATUS_HINT,
)
"""In place of JOINING's row while a site waits for its turn."""

JOINED_BY_HAND = Words(
    N_("The time is not known"),
    N_("Hold the button for 5 seconds to join this meeting now."),
    hint=STATUS_HINT,
)
"""In place of CLOCK_UNTRUSTED's row where the agenda has a meeting that a hand can join."""


_LET_GO = N_("Let go of the button now")

BY_HAND_WORDS: dict[tuple[Step, Direction], Words] = {
    (Step.HOLDING, Direction.LEAVE): Words(
        N_("Keep holding to leave the meeting"),
        steps=(N_("Let go: the site stays."),),
    ),
    (Step.LET_GO, Direction.LEAVE): Words(
        _LET_GO,
        steps=(N_("Then the TV asks whether to leave."),),
    ),
    (Step.ASKING, Direction.LEAVE): Words(
        N_("Leave the meeting?"),
        steps=(
            N_("Hold the button for 2 seconds: leave."),
            N_("Press once or wait: the site stays."),
        ),
        voice=N_("Leave the meeting? Hold the button to leave, or press once to stay."),
    ),
    (Step.HOLDING, Direction.BACK): Words(
        N_("Keep holding to join again"),
        steps=(N_("Let go: the self-test begins."),),
    ),
    (Step.LET_GO, Direction.BACK): Words(
        _LET_GO,
        steps=(N_("Then the site joins the meeting again."),),
    ),
}
"""The gesture that leaves and comes back, step by step."""


@dataclass(frozen=True, slots=True)
class MicrophoneWords:
    """What stands beside the microphone, and what the button would do now."""

    state: str
    hint: str = ""


MICROPHONE_WORDS: dict[Microphone, MicrophoneWords] = {
    Microphone.OFF: MicrophoneWords(
        N_("Microphone off"), N_("Press the button to raise the hand")
    ),
    Microphone.HAND: MicrophoneWords(
        N_("Raising the hand…"), N_("Press again to lower it")
    ),
    Microphone.HAND_CONFIRMED: MicrophoneWords(
        N_("Hand up – waiting for the chair"), N_("Press again to lower it")
    ),
    Microphone.GIVEN: MicrophoneWords(
        N_("You have the floor"), N_("Press the button to speak")
    ),
    Microphone.LIVE: MicrophoneWords(N_("ON AIR"), N_("Press the button to mute")),
    Microphone.FAILED: MicrophoneWords(
        N_("The hand did not arrive"), N_("Press again to raise it")
    ),
}  # fmt: skip

ASKING_WORDS: dict[Microphone, MicrophoneWords] = MICROPHONE_WORDS | {
    Microphone.OFF: MicrophoneWords(
        N_("Microphone off"), N_("Press the button to ask to speak")
    ),
    Microphone.HAND: MicrophoneWords(
        N_("Asking to speak…"), N_("Press again to take it back")
    ),
    Microphone.HAND_CONFIRMED: MicrophoneWords(
        N_("Asked to speak – wait to be called"), N_("When called, hold the button to speak")
    ),
    Microphone.FAILED: MicrophoneWords(
        N_("The request did not arrive"), N_("Press again to ask to speak")
    ),
}  # fmt: skip
"""The same where the far end cannot give the floor, nor tell that it has muted this site (SIP)."""

FREE_HINT = N_("Hold the button to speak")
"""In place of the hint of a microphone that is off, where the meeting lets sites speak freely."""

OPENS = N_("Connected, waiting for the opening at {hour}")
OVERTIME = N_("Over time: {time}")
OVERTIME_BEGINS = N_("Over time")
"""Over the far picture, and in the place of one, before the begin and past the end."""

REFUSED_EARLY = MicrophoneWords(
    N_("The meeting is not opened yet"), N_("Press the button to raise the hand")
)
"""The answer to a long press before the begin, when the floor is nobody's."""

REFUSED = MicrophoneWords(N_("The chair gives the floor"), N_("Press the button to raise the hand"))
"""The answer to a long press where the meeting does not let sites speak freely."""

MICROPHONE_VOICE: dict[Microphone, str | None] = {
    Microphone.OFF: None,
    Microphone.HAND: None,
    Microphone.HAND_CONFIRMED: None,
    # said once, into the room and not into the meeting: the microphone is still off
    Microphone.GIVEN: N_("You have the floor. Press the button to speak."),
    Microphone.LIVE: None,
    Microphone.FAILED: N_("The hand did not arrive. Please press again."),
}
