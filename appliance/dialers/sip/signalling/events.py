"""What the signalling of a call tells its user."""

from dataclasses import dataclass

from sipmessage import Request, Response


@dataclass(frozen=True, slots=True)
class Progress:
    """The far end rings, or sends early media: ``sdp`` is its description, "" where none came."""

    code: int
    sdp: str = ""


@dataclass(frozen=True, slots=True)
class Established:
    """The call is up. ``sdp`` is the far end's answer to our offer, "" where it sent none."""

    sdp: str


@dataclass(frozen=True, slots=True)
class Failed:
    """No call came about; ``response`` is None where no answer came."""

    response: Response | None


@dataclass(frozen=True, slots=True)
class Incoming:
    """Somebody calls; answer with `Leg.ring`, `Leg.answer` or `Leg.refuse`. ``sdp`` may be ""."""

    request: Request
    sdp: str


@dataclass(frozen=True, slots=True)
class Offered:
    """The far end offers other media, or asks for our offer ("") ; `Leg.answer` or `Leg.refuse`."""

    sdp: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The far end's answer to an offer of ours in a running call."""

    sdp: str


@dataclass(frozen=True, slots=True)
class OfferRefused:
    """The far end keeps the media as they were."""

    code: int


@dataclass(frozen=True, slots=True)
class Info:
    """A SIP INFO came and was answered: a keyframe wanted, or a digit (see `info.py`)."""

    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over; ``far`` where the far end said so, else it broke off."""

    far: bool
    why: str


SessionEvent = (
    Progress | Established | Failed | Incoming | Offered | Answered | OfferRefused | Info | Ended
)
