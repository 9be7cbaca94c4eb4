"""Our call until it is up: the far ends that ring, and the one that takes it (RFC 3261 13.2.2)."""

from sipmessage import Request, Response

from appliance.dialers.sip.signalling import uac
from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.events import Progress
from appliance.dialers.sip.signalling.message import sdp_of
from appliance.dialers.sip.signalling.received.header_values import to_tag
from appliance.dialers.sip.signalling.session.early_dialogs import Confirmed, EarlyDialogs
from appliance.dialers.sip.signalling.session.own_requests import OwnRequests
from appliance.dialers.sip.signalling.transactions import MAX_FORKS, Transactions


class OutgoingCall:
    """The INVITE that begins a call, and what comes of it.

    ``early`` are the far ends that ring; ``unusable`` is why a 2xx to it cannot be used.
    """

    def __init__(self, transactions: Transactions, requests: OwnRequests) -> None:
        self.early = EarlyDialogs()
        self.unusable = ""
        self._transactions, self._requests = transactions, requests
        self._forks = 0  # far ends that answered beside the one that has the call

    def progressed(self, invite: Request, answer: Response, now: float) -> Progress | None:
        """Take a provisional answer; it gets a PRACK where it wants one (RFC 3262)."""
        if answer.code == 100 or not to_tag(answer):
            return None
        dialog, rseq = self.early.ringing(invite, answer), uac.reliable_sequence(answer)
        if dialog is not None and rseq is not None:
            if not dialog.note_reliable(rseq):
                return None
            self._requests.send(uac.prack(dialog, invite, rseq), now)
        self.early.note_sdp(answer, reliable=rseq is not None)
        return Progress(answer.code, sdp_of(answer))

    def confirm(self, invite: Request, answer: Response) -> Confirmed:
        """Acknowledge a 2xx."""
        confirmed = self.early.confirmed(invite, answer)
        self._transactions.acknowledge(invite, uac.ack(confirmed.dialog, invite))
        return confirmed

    def fork_answered(
        self, invite: Request, answer: Response, taken: Dialog | None, now: float
    ) -> None:
        """End what a second far end takes: one is enough (RFC 3261 13.2.2.4)."""
        self._forks += 1
        another = taken is None or taken.far_tag != to_tag(answer)
        if another and self._forks <= MAX_FORKS:
            self._requests.send(uac.bye(self.confirm(invite, answer).dialog), now)

    def collides(self, request: Request, dialog: Dialog | None) -> bool:
        """Whether an offer of ours is open that one of the far end would collide with."""
        if self._requests.call is None or dialog is None:
            return self._requests.offering
        return request.method == "INVITE" or not self.early.takes_offer(dialog)
