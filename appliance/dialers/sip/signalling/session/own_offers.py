"""Our offers in a call that is up: a re-INVITE, or an UPDATE that refreshes the session."""

import random

from sipmessage import Address, Response

from appliance.dialers.sip.signalling import uac
from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.events import AnswerReceived, OfferRefused
from appliance.dialers.sip.signalling.message import sdp_of
from appliance.dialers.sip.signalling.session.media_exchange import MediaExchange
from appliance.dialers.sip.signalling.session.own_requests import OwnRequests
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from appliance.dialers.sip.signalling.transactions import Transactions
from appliance.dialers.sip.signalling.uac import PendingRequest, Purpose

OFFER_RETRY_S = 1.0
"""How soon an offer is tried again that found another one of ours open."""


class OwnOffers:
    """Makes offers, and takes their answers. ``caller`` is whether we made the Call-ID."""

    def __init__(
        self,
        transactions: Transactions,
        requests: OwnRequests,
        media: MediaExchange,
        timer: SessionTimer,
        rng: random.Random,
    ) -> None:
        self.caller = True
        self._transactions, self._requests = transactions, requests
        self._media, self._timer, self._rng = media, timer, rng

    def offer(
        self, dialog: Dialog, contact: Address, sdp: str, now: float, purpose: Purpose
    ) -> None:
        """Offer ``sdp`` now, or after the offer that is open."""
        if self._requests.offering:
            self._media.delay(now + OFFER_RETRY_S, purpose, sdp)
        else:
            offer = uac.offer(dialog, contact, sdp, self._timer, purpose)
            self._requests.send(offer, now)

    def answered(
        self, one: PendingRequest, answer: Response, dialog: Dialog, now: float
    ) -> AnswerReceived | OfferRefused | None:
        """Take the final answer to one; gives what the user has to know."""
        if answer.code == 491:
            at = now + uac.collision_delay_s(caller=self.caller, rng=self._rng)
            self._media.delay(at, one.purpose, one.sdp)
            return None
        if answer.code >= 300:
            if one.purpose is Purpose.OFFER:
                return OfferRefused(answer.code)
            self._timer.refused(now)
            return None
        dialog.refresh(answer)
        if one.reinvites:
            self._transactions.acknowledge(one.request, uac.ack(dialog, one.request))
        self._timer.agreed(answer, now)
        return self._media.taken(one.sdp, sdp_of(answer), one.purpose)

    def update_refused(
        self, one: PendingRequest, dialog: Dialog, contact: Address, now: float
    ) -> None:
        """Re-INVITE, since an UPDATE was refused or ignored: servers do that which list it."""
        dialog.refuse_update()
        self.offer(dialog, contact, self._media.near, now, one.purpose)
