"""Our requests of one session until their final answers: sent, and sent again with credentials."""

from sipmessage import Request, Response

from appliance.dialers.sip.signalling import uac
from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.received.salvage import final_answer
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from appliance.dialers.sip.signalling.transactions import Transactions
from appliance.dialers.sip.signalling.uac import PendingRequest, Purpose


class OwnRequests:
    """The requests of ours that are open. ``timer`` is what a 422 speaks of."""

    def __init__(
        self, transactions: Transactions, authenticator: Authenticator, timer: SessionTimer
    ) -> None:
        self._transactions, self._authenticator = transactions, authenticator
        self._timer = timer
        self._pending: list[PendingRequest] = []

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def call(self) -> PendingRequest | None:
        """The INVITE that begins the call, while it has no final answer."""
        return next((one for one in self._pending if one.purpose is Purpose.CALL), None)

    @property
    def offering(self) -> bool:
        """Whether a re-INVITE is open, so that no other offer may be made."""
        return any(one.reinvites for one in self._pending)

    @property
    def probing(self) -> bool:
        """Whether the far end was asked for a sign of life, and has not answered yet."""
        return any(one.purpose is Purpose.PROBE for one in self._pending)

    @property
    def settled(self) -> bool:
        """Whether the call neither begins nor ends by one that is open."""
        return not any(one.begins_or_ends for one in self._pending)

    def send(self, one: PendingRequest, now: float) -> None:
        """Send a request, with all the credentials that were asked for so far."""
        self._authenticator.authorise(one.request)
        self._pending.append(one)
        self._transactions.send(one.request, now)

    def answered_by(self, data: bytes) -> tuple[PendingRequest, Response] | None:
        """The one that these bytes answer, though `message.parse` refused them, and the answer."""
        for one in self._pending:
            answer = final_answer(data, one.request)
            if answer is not None:
                return one, answer
        return None

    def find(self, request: Request) -> PendingRequest | None:
        """The one that is this request, None where its final answer was here already."""
        return next((one for one in self._pending if one.request is request), None)

    def close(self, one: PendingRequest) -> None:
        """Its final answer is here, or none will come."""
        self._pending.remove(one)

    def send_again(
        self, one: PendingRequest, answer: Response, dialog: Dialog | None, now: float
    ) -> bool:
        """Send a request again with what the answer asks for; False where that is of no use."""
        again = uac.again(one, answer, dialog, self._timer, self._authenticator)
        if again is None:
            return False
        self.send(again, now)
        return True
