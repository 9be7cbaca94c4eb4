"""The dialogs that provisional answers to one INVITE of ours began (RFC 3261 13.2.2.4)."""

from dataclasses import dataclass, field

from sipmessage import Request, Response

from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.message import sdp_of
from appliance.dialers.sip.signalling.received.header_values import to_tag

MAX_EARLY = 16
"""Far ends that may ring at a time for one INVITE of ours."""


@dataclass
class _Early:
    """One far end that rings: its description, and whether we may take an offer of it.

    ``answered`` is whether it has answered our offer for good, in a reliable answer (RFC 3262
    section 5); ``settled`` whether an UPDATE of it was answered since.
    """

    dialog: Dialog
    sdp: str = ""
    answered: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The dialog of a 2xx, and the description that counts, "" for none.

    ``agreed`` is whether later offers than our first one were answered while it rang.
    """

    dialog: Dialog
    sdp: str
    agreed: bool = False


@dataclass
class EarlyDialogs:
    """The dialogs of one INVITE, one for each far end that rings."""

    _by_tag: dict[str, _Early] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._by_tag)

    def ringing(self, invite: Request, answer: Response) -> Dialog | None:
        """The dialog of a provisional answer, begun where there is none; None beyond the bound."""
        tag = to_tag(answer)
        if tag not in self._by_tag and len(self) < MAX_EARLY:
            self._by_tag[tag] = _Early(Dialog.of_client(invite, answer))
        early = self._by_tag.get(tag)
        return early.dialog if early is not None else None

    def note_sdp(self, answer: Response, *, reliable: bool) -> None:
        """Note the description in a provisional answer of a far end that rings.

        An unreliable one is only a preview (RFC 3261 13.2.1). It counts where the 2xx brings none.
        """
        early, sdp = self._by_tag.get(to_tag(answer)), sdp_of(answer)
        if early is not None and sdp and not early.settled:
            early.sdp, early.answered = sdp, early.answered or reliable

    def holding(self, request: Request) -> Dialog | None:
        """The dialog that a request of a far end that rings belongs to."""
        found = (one.dialog for one in self._by_tag.values() if one.dialog.holds(request))
        return next(found, None)

    def takes_offer(self, dialog: Dialog) -> bool:
        """Whether our first offer was answered, so that the far end may make one (RFC 3311 5.2)."""
        early = self._by_tag.get(dialog.far_tag)
        return early is not None and early.answered

    def note_settled(self, request: Request) -> None:
        """Note that we answered an offer of a far end that rings: its 2xx brings nothing newer."""
        for early in self._by_tag.values():
            if early.dialog.holds(request):
                early.settled = True

    def confirmed(self, invite: Request, answer: Response) -> Confirmed:
        """What a 2xx confirms.

        A server that gives each of its answers another tag, though only one far end rings, has
        sent that one's description.
        """
        tag, sdp = to_tag(answer), sdp_of(answer)
        early = self._by_tag.pop(tag, None)
        if early is not None:
            early.dialog.confirm(answer)
            return Confirmed(early.dialog, sdp or early.sdp, early.settled)
        if not sdp and len(self._by_tag) == 1:
            sdp = next(iter(self._by_tag.values())).sdp
        return Confirmed(Dialog.of_client(invite, answer), sdp)

    def clear(self) -> None:
        """Forget them all."""
        self._by_tag.clear()
