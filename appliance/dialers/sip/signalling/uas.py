"""The far end's requests in a call, and our answers."""

from sipmessage import Request

from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.events import Answered, Established, Incoming, Info, Offered
from appliance.dialers.sip.signalling.message import kind_of, new_tag, response, sdp_of, tagged
from appliance.dialers.sip.signalling.request_policy import options, refusal
from appliance.dialers.sip.signalling.session import Session


class Answering:
    """``open_door`` says whether a call from outside is taken at all; a site takes none."""

    def __init__(self, session: Session, *, open_door: bool) -> None:
        self._session = session
        self._open_door = open_door
        self._tag = new_tag()
        self._invite: Request | None = None  # the call that we have not answered yet
        self._offer: Request | None = None  # the offer in the call that we have not answered yet
        self._awaits_answer = False  # our 2xx held an offer; its answer comes with the ACK

    def asked(self, request: Request, now: float) -> None:
        """A request came."""
        session, dialog = self._session, self._session.dialog
        inside = dialog is not None and dialog.holds(request)
        no = refusal(request, self._tag, in_dialog=inside)
        if no is None and inside and dialog is not None and not dialog.in_order(request):
            no = response(request, 500, self._tag)
        if no is not None:
            session.transactions.answer(request, no, now)
        elif request.method in ("INVITE", "UPDATE"):
            if inside:
                self._offered(request, now)
            else:
                self._called(request, now)
        elif request.method == "BYE":
            self._left(request, now)
        elif request.method == "OPTIONS":
            session.transactions.answer(request, options(request, self._tag), now)
        elif request.method == "INFO":
            session.transactions.answer(request, response(request, 200, self._tag), now)
            session.say(Info(kind_of(request), request.body.decode("utf-8", "replace")))
        else:  # PRACK: none of our provisional answers is a reliable one
            session.transactions.answer(request, response(request, 481, self._tag), now)

    def cancelled(self, request: Request, now: float) -> None:
        """The far end takes an INVITE back."""
        self._session.transactions.answer(request, response(request, 487, self._tag), now)
        if request is self._offer:
            self._offer = None
        if request is self._invite:
            self._invite = None
            self._session.end(far=True, why="the far end gave up calling")

    def acknowledged(self, ack: Request) -> None:
        """The ACK to our 2xx."""
        sdp = sdp_of(ack)
        session = self._session
        if session.dialog is not None and not session.dialog.confirmed:
            session.dialog.confirmed = True
            session.far_sdp = sdp or session.far_sdp
            session.say(Established(session.far_sdp))
        elif self._awaits_answer and sdp:
            session.far_sdp = sdp
            session.say(Answered(sdp))
        self._awaits_answer = False

    def ring(self, code: int, now: float) -> None:
        """Say that the call is noticed."""
        if self._invite is not None:
            one = response(self._invite, code, self._tag)
            self._session.dress(one, "")
            self._session.transactions.answer(self._invite, one, now)

    def answer(self, sdp: str, now: float) -> None:
        """Take the call or the offer with these media."""
        asked = self._offer or self._invite
        if asked is None:
            return
        session = self._session
        yes = response(asked, 200, self._tag)
        session.dress(yes, sdp)
        session.timer.answer(asked, yes, now)
        session.near_sdp = sdp or session.near_sdp
        offered = sdp_of(asked)
        self._awaits_answer = bool(sdp) and not offered
        session.far_sdp = offered or session.far_sdp
        self._offer = self._invite = None
        session.transactions.answer(asked, yes, now)

    def refuse(self, code: int, now: float, headers: dict[str, str] | None = None) -> None:
        """Refuse the call or the offer."""
        asked = self._offer or self._invite
        if asked is None:
            return
        no = response(asked, code, self._tag)
        for name, value in (headers or {}).items():
            no.headers.set(name, value)
        if asked is self._invite:
            self._session.finish()
            self._session.dialog = None
        self._offer = self._invite = None
        self._session.transactions.answer(asked, no, now)

    def _called(self, request: Request, now: float) -> None:
        session = self._session
        if not self._open_door or session.dialog is not None or session.over:
            session.transactions.answer(request, response(request, 486, self._tag), now)
        elif session.timer.refuses(request):
            self._too_small(request, now)
        else:
            session.dialog = Dialog.of_server(request, self._tag)
            session.near = tagged(request.to_address, self._tag)
            session.caller = False
            session.heard(request)
            self._invite = request
            session.say(Incoming(request, sdp_of(request)))

    def _offered(self, request: Request, now: float) -> None:
        session = self._session
        sdp = sdp_of(request)
        if session.offering and (sdp or request.method == "INVITE"):
            session.transactions.answer(request, response(request, 491, self._tag), now)
            return
        if self._offer is not None or self._invite is not None or self._awaits_answer:
            busy = response(request, 500, self._tag)  # section 14.2
            busy.headers.set("Retry-After", "2")
            session.transactions.answer(request, busy, now)
            return
        if session.timer.refuses(request):
            self._too_small(request, now)
            return
        if session.dialog is not None:
            session.dialog.refresh(request)
        session.heard(request)
        self._offer = request
        if request.method == "UPDATE" and not sdp:
            self.answer("", now)
        elif sdp and sdp == session.far_sdp and session.near_sdp:
            # Nothing is new: a refresh. The same answer, and nobody is problemd.
            self.answer(session.near_sdp, now)
        else:
            session.say(Offered(sdp))

    def _left(self, request: Request, now: float) -> None:
        session = self._session
        session.transactions.answer(request, response(request, 200, self._tag), now)
        for open_one in (self._invite, self._offer):
            if open_one is not None:
                no = response(open_one, 487, self._tag)
                session.transactions.answer(open_one, no, now)
        self._invite = self._offer = None
        why = request.headers.get("Reason") or ""
        session.end(far=True, why=f"the far end hung up: {why[:120]}" if why else "")

    def _too_small(self, request: Request, now: float) -> None:
        no = response(request, 422, self._tag)
        no.headers.set("Min-SE", str(self._session.timer.least))
        self._session.transactions.answer(request, no, now)
