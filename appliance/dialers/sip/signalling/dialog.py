"""Dialogs without I/O: both ends, the remote target, the route set, CSeq (RFC 3261 section 12)."""

import re
from dataclasses import dataclass, field

from sipmessage import URI, Address, Message, Request, Response

from appliance.dialers.sip.signalling.message import request, tag_of, tagged, tokens

MAX_ROUTE = 4096
"""Characters of a route set: ten proxies have 1000."""
MAX_RELIABLE = 32
"""Reliable provisional answers of one far end that are acknowledged; any more are not."""
MAX_EARLY = 16
"""Far ends that may ring at a time for one INVITE of ours."""
_PIECE = re.compile(r'(?:[^,<"]|<[^>]*>|"(?:[^"\\]|\\.)*")+')


@dataclass
class Dialog:
    """One dialog: ``target`` is where requests go, ``routes`` the proxies, nearest first.

    The far end's tag and the proxies' addresses are sent back to the letter: a proxy may take a
    ``+`` that came back as ``%2B`` for another one.
    """

    call_id: str
    near: Address
    far: Address
    far_text: str
    target: URI
    routes: tuple[str, ...]
    cseq: int
    far_cseq: int | None = None
    confirmed: bool = False
    takes_update: bool = False  # the far end does, so far as it has said
    _reliable: set[int] = field(default_factory=set)  # RSeq of the answers with a PRACK

    @classmethod
    def of_client(cls, invite: Request, answer: Response) -> "Dialog":
        """The dialog that an answer to our INVITE makes, early or confirmed (12.1.2)."""
        one = cls(
            call_id=invite.call_id,
            near=invite.from_address,
            far=answer.to_address,
            far_text=answer.headers["To"],
            target=target_of(answer) or invite.uri,
            routes=tuple(reversed(_routes(answer))),
            cseq=invite.cseq.sequence,
            confirmed=answer.code >= 200,
        )
        if one.confirmed:
            one._note_methods(answer)
        return one

    @classmethod
    def of_server(cls, invite: Request, tag: str) -> "Dialog":
        """The dialog that our answer to an INVITE makes (12.1.1)."""
        far = invite.from_address
        one = cls(
            call_id=invite.call_id,
            near=tagged(invite.to_address, tag),
            far=far,
            far_text=invite.headers["From"],
            target=target_of(invite) or far.uri,
            routes=tuple(_routes(invite)),
            cseq=0,
            far_cseq=invite.cseq.sequence,
        )
        one._note_methods(invite)
        return one

    def holds(self, message: Message) -> bool:
        """Whether a request of the far end belongs to this dialog."""
        return (
            message.call_id == self.call_id
            and tag_of(message.to_address) == tag_of(self.near)
            and tag_of(message.from_address) == tag_of(self.far)
        )

    def confirm(self, answer: Response) -> None:
        """Take target and route set from the 2xx (13.2.2.4)."""
        self.confirmed = True
        self.target = target_of(answer) or self.target
        self.routes = tuple(reversed(_routes(answer)))
        self._note_methods(answer)

    def note_reliable(self, rseq: int) -> bool:
        """Note a reliable provisional answer; False where it is to have no PRACK of its own."""
        if rseq in self._reliable or len(self._reliable) >= MAX_RELIABLE:
            return False
        self._reliable.add(rseq)
        return True

    def refresh(self, message: Message) -> None:
        """Take the target from a re-INVITE, an UPDATE or its 2xx: it may have moved (12.2.1.2)."""
        self.target = target_of(message) or self.target
        self._note_methods(message)

    def in_order(self, request: Request) -> bool:
        """Note the far end's CSeq; False where it is older than one already seen (12.2.2)."""
        sequence = request.cseq.sequence
        if self.far_cseq is not None and sequence < self.far_cseq:
            return False
        self.far_cseq = sequence
        return True

    def request(self, method: str) -> Request:
        """The next request in this dialog."""
        return self._made(method, self.next_cseq())

    def next_cseq(self) -> int:
        """The sequence number of the next request."""
        self.cseq += 1
        return self.cseq

    def ack(self, cseq: int) -> Request:
        """The ACK to the 2xx of the INVITE with this CSeq (13.2.2.4)."""
        return self._made("ACK", cseq)

    def _note_methods(self, message: Message) -> None:
        methods = tokens(message, "Allow")
        if methods:
            self.takes_update = "update" in methods

    def _made(self, method: str, cseq: int) -> Request:
        target, routes = self.target, list(self.routes)
        first = Address.parse(routes[0]).uri if routes else None
        if first is not None and "lr" not in first.parameters:
            # A strict router of RFC 2543 wants to be the request's own address (12.2.1.1).
            routes = [*routes[1:], str(Address(target))]
            target = first
        one = request(method, target, self.near, self.far, self.call_id, cseq)
        one.headers.set("To", self.far_text)
        if routes:
            one.headers.setlist("Route", routes)
        return one


@dataclass
class EarlyDialogs:
    """The dialogs that provisional answers to one INVITE began (13.2.2.4).

    ``sdp`` is the description that came with the last reliable one of those answers.
    """

    sdp: str = ""
    _by_tag: dict[str, Dialog] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._by_tag)

    def ringing(self, invite: Request, answer: Response) -> Dialog | None:
        """The dialog of a provisional answer, begun where there is none; None beyond the bound."""
        tag = tag_of(answer.to_address)
        if tag not in self._by_tag and len(self) < MAX_EARLY:
            self._by_tag[tag] = Dialog.of_client(invite, answer)
        return self._by_tag.get(tag)

    def confirmed(self, invite: Request, answer: Response) -> Dialog:
        """The dialog of a 2xx, which is no early one any more."""
        dialog = self._by_tag.pop(tag_of(answer.to_address), None)
        if dialog is None:
            return Dialog.of_client(invite, answer)
        dialog.confirm(answer)
        return dialog

    def clear(self) -> None:
        """Forget them all."""
        self._by_tag.clear()


def target_of(message: Message) -> URI | None:
    """The address in a Contact; None without one that can be read."""
    try:
        contacts = message.contact
    except ValueError:
        return None
    return contacts[0].uri if contacts and contacts[0].uri.scheme in ("sip", "sips") else None


def _routes(message: Message) -> list[str]:
    """The addresses of Record-Route as written; none where one of them cannot be read."""
    lines = message.headers.getlist("Record-Route")
    if sum(map(len, lines)) > MAX_ROUTE:
        return []
    pieces = [piece.strip() for line in lines for piece in _PIECE.findall(line)]
    try:
        for piece in pieces:
            Address.parse(piece)
    except ValueError:
        return []
    return pieces
