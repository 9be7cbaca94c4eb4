"""Offers and answers of one session, as texts (RFC 3264, RFC 6337): which count, which are open."""

from dataclasses import dataclass

from sipmessage import Request

from appliance.dialers.sip.signalling.events import AnswerReceived
from appliance.dialers.sip.signalling.message import sdp_of
from appliance.dialers.sip.signalling.uac import Purpose


@dataclass(frozen=True, slots=True)
class DelayedOffer:
    """An offer to be sent at the second ``at``: another one was open, or collided with it."""

    at: float
    purpose: Purpose
    sdp: str


@dataclass
class MediaExchange:
    """``near`` and ``far`` are the descriptions last agreed, or last sent.

    ``unanswered`` is an INVITE or UPDATE of the far end that the user is asked about;
    ``answer_due`` whether our 2xx held an offer, whose answer comes with the ACK.
    """

    near: str = ""
    far: str = ""
    unanswered: Request | None = None
    answer_due: bool = False
    delayed: DelayedOffer | None = None

    @property
    def waits(self) -> bool:
        """Whether an offer of the far end, or our own in a 2xx, has no answer yet."""
        return self.unanswered is not None or self.answer_due

    def take_request(self) -> Request | None:
        """The far end's request that is to be answered now; it is open no more."""
        request, self.unanswered = self.unanswered, None
        return request

    def known(self, sdp: str) -> bool:
        """Whether an offer says nothing new: it refreshes the session, and the answer stands."""
        return bool(sdp) and sdp == self.far and bool(self.near)

    def answered(self, request: Request, sdp: str) -> None:
        """Note what our 2xx to a request of the far end says: our answer, or our offer."""
        offered = sdp_of(request)
        self.answer_due = bool(sdp) and not offered
        self.near, self.far = sdp or self.near, offered or self.far

    def acknowledged(self, sdp: str) -> AnswerReceived | None:
        """Take the description in an ACK; gives the event where it is the answer to our offer."""
        due, self.answer_due = self.answer_due, False
        if not due or not sdp:
            return None
        self.far = sdp
        return AnswerReceived(sdp)

    def taken(self, near: str, far: str, purpose: Purpose) -> AnswerReceived | None:
        """Take a 2xx to an offer of ours; gives the event where anything is new to the user."""
        self.near = near or self.near
        if not far or (far == self.far and purpose is not Purpose.OFFER):
            return None
        self.far = far
        return AnswerReceived(far)

    def delay(self, at: float, purpose: Purpose, sdp: str) -> None:
        """Offer this, or what was agreed last, at the second ``at``."""
        self.delayed = DelayedOffer(at, purpose, sdp or self.near)

    def take_delayed(self, now: float) -> DelayedOffer | None:
        """The offer whose time has come, once."""
        if self.delayed is None or now < self.delayed.at:
            return None
        delayed, self.delayed = self.delayed, None
        return delayed
