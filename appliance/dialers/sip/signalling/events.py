"""The events that an `InviteSession` gives its user."""

from dataclasses import dataclass

from sipmessage import Request, Response


@dataclass(frozen=True, slots=True)
class Progress:
    """The far end sent a provisional answer; ``sdp`` is its early media, "" where it has none."""

    code: int
    sdp: str = ""


@dataclass(frozen=True, slots=True)
class Established:
    """The call is up. ``sdp`` is the far end's answer to our offer, "" where it sent none.

    ``agreed`` is whether offers that were made while it rang were answered: they count.
    """

    sdp: str
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """Our call was refused by ``response``; None where no answer came.

    ``why`` is a sentence where the call was taken, by an answer that is of no use.
    """

    response: Response | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """Somebody calls: use `InviteSession.ring`, ``answer`` or ``refuse``. ``sdp`` may be ""."""

    request: Request
    sdp: str


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """The far end offers other media in the call, or asks for our offer (``sdp`` is "").

    Use `InviteSession.answer` or ``refuse``.
    """

    sdp: str


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """The far end answered an offer of ours in the call."""

    sdp: str


@dataclass(frozen=True, slots=True)
class OfferRefused:
    """The far end refused an offer of ours; the media stay as they were."""

    code: int


@dataclass(frozen=True, slots=True)
class Info:
    """A SIP INFO came and was answered; ``kind`` is the media type of its body."""

    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The call has ended: the far end hung up (``far``), or the call broke off."""

    far: bool
    why: str


SessionEvent = (
    Progress
    | Established
    | Failed
    | Incoming
    | OfferReceived
    | AnswerReceived
    | OfferRefused
    | Info
    | Ended
)
