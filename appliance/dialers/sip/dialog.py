"""A dialog without I/O: who is at both ends, where requests go, and in which order (section 12)."""

from dataclasses import dataclass, field

from sipmessage import URI, Address, Message, Request, Response

from appliance.dialers.sip.message import request, tag_of, tagged


@dataclass
class Dialog:
    """``target`` is where requests go; ``routes`` the proxies on the way, nearest first."""

    call_id: str
    near: Address
    far: Address
    target: URI
    routes: tuple[Address, ...]
    cseq: int
    far_cseq: int | None = None
    confirmed: bool = False
    prack: set[int] = field(default_factory=set)  # RSeq of the answers that were acknowledged

    @classmethod
    def of_client(cls, invite: Request, answer: Response) -> "Dialog":
        """The dialog that an answer to our INVITE makes, early or confirmed (12.1.2)."""
        return cls(
            call_id=invite.call_id,
            near=invite.from_address,
            far=answer.to_address,
            target=target_of(answer) or invite.uri,
            routes=tuple(reversed(_routes(answer))),
            cseq=invite.cseq.sequence,
            confirmed=answer.code >= 200,
        )

    @classmethod
    def of_server(cls, invite: Request, tag: str) -> "Dialog":
        """The dialog that our answer to an INVITE makes (12.1.1)."""
        far = invite.from_address
        return cls(
            call_id=invite.call_id,
            near=tagged(invite.to_address, tag),
            far=far,
            target=target_of(invite) or far.uri,
            routes=tuple(_routes(invite)),
            cseq=0,
            far_cseq=invite.cseq.sequence,
        )

    def holds(self, message: Message) -> bool:
        """Whether a request of the far end's belongs here."""
        return (
            message.call_id == self.call_id
            and tag_of(message.to_address) == tag_of(self.near)
            and tag_of(message.from_address) == tag_of(self.far)
        )

    def confirm(self, answer: Response) -> None:
        """The 2xx came: target and route set are the ones it says (13.2.2.4)."""
        self.confirmed = True
        self.target = target_of(answer) or self.target
        self.routes = tuple(reversed(_routes(answer)))

    def refresh(self, message: Message) -> None:
        """The far end may have moved (12.2.1.2)."""
        self.target = target_of(message) or self.target

    def in_order(self, asked: Request) -> bool:
        """Note the far end's CSeq; False where it is older than one already seen (12.2.2)."""
        sequence = asked.cseq.sequence
        if self.far_cseq is not None and sequence < self.far_cseq:
            return False
        self.far_cseq = sequence
        return True

    def request(self, method: str) -> Request:
        """The next request in this dialog."""
        self.cseq += 1
        return self._made(method, self.cseq)

    def ack(self, cseq: int) -> Request:
        """The ACK to the 2xx of the INVITE with this CSeq (13.2.2.4)."""
        return self._made("ACK", cseq)

    def _made(self, method: str, cseq: int) -> Request:
        target, routes = self.target, list(self.routes)
        if routes and "lr" not in routes[0].uri.parameters:
            # A strict router of RFC 2543 wants to be the request's own address (12.2.1.1).
            routes.append(Address(target))
            target = routes.pop(0).uri
        one = request(method, target, self.near, self.far, self.call_id, cseq)
        if routes:
            one.route = routes
        return one


def target_of(message: Message) -> URI | None:
    """Where the sender says it is reached; None where it does not, or not readably."""
    try:
        contacts = message.contact
    except ValueError:
        return None
    return contacts[0].uri if contacts and contacts[0].uri.scheme in ("sip", "sips") else None


def _routes(message: Message) -> list[Address]:
    try:
        return message.record_route
    except ValueError:
        return []
