"""Dialogs without I/O: both ends, the remote target, the route set, CSeq (RFC 3261 section 12)."""

from dataclasses import dataclass, field

from sipmessage import URI, Address, Message, Request, Response

from appliance.dialers.sip.signalling.message import request, tag_of, tagged, tokens
from appliance.dialers.sip.signalling.received.header_values import (
    contacts,
    from_tag,
    pieces,
    read_address,
    sendable,
    tag,
    to_tag,
)

MAX_ROUTE = 16384
"""Characters of a route set: ten proxies have 1000, or ten times that where they sign each."""
MAX_RELIABLE = 32
"""Reliable provisional answers of one far end that are acknowledged; any more are not."""


@dataclass
class Dialog:
    """One dialog: ``target`` is where requests go, ``routes`` the proxies, nearest first.

    ``far`` is the far end's address as it wrote it. Its tag and the proxies' addresses are sent
    back to the letter: a proxy may take a ``+`` that came back as ``%2B`` for another one.
    """

    call_id: str
    near: Address
    far: str
    target: URI
    routes: tuple[str, ...]
    cseq: int
    far_cseq: int | None = None
    confirmed: bool = False
    takes_update: bool = False  # the far end does, so far as it has said
    update_refused: bool = False  # it has said so, and refused one
    _reliable: set[int] = field(default_factory=set)  # RSeq of the answers with a PRACK

    @classmethod
    def of_client(cls, invite: Request, answer: Response) -> "Dialog":
        """The dialog that an answer to our INVITE makes, early or confirmed (12.1.2)."""
        one = cls(
            call_id=invite.call_id,
            near=invite.from_address,
            far=answer.headers["To"],
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
        """The dialog that our answer to an INVITE makes (12.1.1); raises ValueError."""
        far = invite.headers["From"]
        one = cls(
            call_id=invite.call_id,
            near=tagged(read_address(invite.headers["To"]), tag),
            far=far,
            target=target_of(invite) or read_address(far).uri,
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
            and to_tag(message) == tag_of(self.near)
            and from_tag(message) == self.far_tag
        )

    @property
    def far_tag(self) -> str:
        """The far end's tag."""
        return tag(self.far)

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

    def refuse_update(self) -> None:
        """Note that the far end refused an UPDATE, whatever its Allow says."""
        self.takes_update, self.update_refused = False, True

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
            self.takes_update = "update" in methods and not self.update_refused

    def _made(self, method: str, cseq: int) -> Request:
        target, routes = self.target, list(self.routes)
        first = read_address(routes[0]).uri if routes else None
        if first is not None and "lr" not in {name.lower() for name in first.parameters}:
            # A strict router of RFC 2543 wants to be the request's own address (12.2.1.1).
            routes = [*routes[1:], str(Address(target))]
            target = first
        one = request(method, target, self.near, sendable(self.far), self.call_id, cseq)
        if routes:
            one.headers.setlist("Route", routes)
        return one


def target_of(message: Message) -> URI | None:
    """The first SIP address among the Contacts; None without one that can be read."""
    found = (contact.uri for contact in contacts(message))
    return next((uri for uri in found if uri.scheme in ("sip", "sips")), None)


def _routes(message: Message) -> list[str]:
    """The addresses of Record-Route as written; none where one of them cannot be read."""
    lines = message.headers.getlist("Record-Route")
    if sum(map(len, lines)) > MAX_ROUTE:
        return []
    written = [piece for line in lines for piece in pieces(line, ",") if piece]
    # Without brackets, which the grammar demands, an lr behind the address is still the address's.
    found = [sendable(piece) if "<" in piece else f"<{piece}>" for piece in written]
    try:
        for piece in found:
            read_address(piece)
    except ValueError:
        return []
    return found
