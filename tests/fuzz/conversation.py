"""A call's signalling against a far end that may say anything, in any order, at any time."""

import random

from sipmessage import URI, Address, Message, Request, Response

from appliance.dialers.sip.signalling.digest import MAX_REALMS, Authenticator
from appliance.dialers.sip.signalling.invite_session import MAX_EVENTS, InviteSession
from appliance.dialers.sip.signalling.message import (
    MessageError,
    carry,
    parse,
    request,
    response,
    serialise,
    tagged,
)
from appliance.dialers.sip.signalling.received.header_values import from_tag, read_address
from appliance.dialers.sip.signalling.transactions import MAX_FORKS, MAX_SERVER_TRANSACTIONS
from tests.dialers.sip.signalling.sessions import FAR, NEAR
from tests.dialers.sip.signalling.wire import ROOM, TCP_NEAR, UDP_FAR, UDP_NEAR
from tests.fuzz.choices import Choices

STEPS = 120
TURNS = 4000  # timers after the last word; more would be timers that never stop
CODES = (200, 180, 200, 200, 183, 401, 100, 202, 302, 400, 403, 407, 408, 422, 480, 481, 486, 487,
         491, 500, 503, 600, 699)  # fmt: skip
METHODS = ("INVITE", "INVITE", "ACK", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "PRACK",
           "REFER", "NOTIFY", "REGISTER", "MESSAGE", "X-%")  # fmt: skip
TAGS = ("far", "far", "far", "far", "fork", "", "third", "a%2Bb")
HEADERS = (
    ("Contact", "<sip:mcu@192.0.2.2:5060>"),
    ("Contact", "sip:mcu@192.0.2.3;transport=tcp"),
    ("Contact", '"x" <sip:192.0.2.2:99999>'),
    ("Contact", "*"),
    ("Contact", "tel:123"),
    ("Record-Route", "<sip:proxy.example.com;lr>, <sip:192.0.2.7>"),
    ("Record-Route", '"<'),
    ("Require", "100rel"),
    ("Require", "nothing"),
    ("RSeq", "1"),
    ("RSeq", "4294967295"),
    ("Session-Expires", "90;refresher=uas"),
    ("Session-Expires", "1800;refresher=uac"),
    ("Session-Expires", "0"),
    ("Session-Expires", "9999999999"),
    ("Min-SE", "3600"),
    ("Supported", "timer, 100rel"),
    ("Allow", "INVITE, UPDATE"),
    ("WWW-Authenticate", 'Digest realm="a", nonce="b", qop="auth,auth-int"'),
    ("WWW-Authenticate", 'Digest realm="c", nonce="d", algorithm=SHA-256, stale=true'),
    ("Proxy-Authenticate", 'Digest realm="\\"", nonce="é", opaque=""'),
    ("Content-Type", "application/media_control+xml"),
    ("Reason", "Q.850;cause=16"),
    ("Retry-After", "5 (soon)"),
)
SLEEPS = (0.0, 0.1, 0.6, 4.1, 33.0, 100.0, 950.0, 1800.0)


class Conversation:
    """``choices`` decide what the far end says, what we want, and how time goes by."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._calls = bool(choices.byte() & 1)
        local = TCP_NEAR if choices.byte() & 1 else UDP_NEAR
        self._authenticator = Authenticator("site", "secret")
        self._session = InviteSession(
            local,
            NEAR,
            authenticator=self._authenticator,
            accepts_calls=not self._calls,
            rng=random.Random(1),
        )
        self._now = 0.0
        self._said: list[Request | Response] = []  # the last few of ours
        self._cseq = 0
        self._branch = 0

    def run(self) -> None:
        """Raises AssertionError, or whatever is no declared error."""
        if self._calls:
            self._session.call(ROOM, "offer", self._now)
        for _ in range(STEPS):
            if not self._choices:
                break
            self._step()
            self._look()
        self._session.hang_up(self._now)
        self._look()
        for _ in range(TURNS):
            due = self._session.next_timer()
            if due is None:
                break
            self._now = max(self._now, due)
            self._session.on_timer(self._now)
            self._look()
        else:
            raise AssertionError("timers that never stop")
        assert self._session.settled
        assert self._session.over or not self._calls

    def _step(self) -> None:
        steps = (self._wait, self._reply, self._reply, self._ask, self._noise, self._want)
        self._choices.pick(steps)()

    def _wait(self) -> None:
        self._now += self._choices.pick(SLEEPS)
        self._session.on_timer(self._now)

    def _reply(self) -> None:
        asked = [one for one in self._said if isinstance(one, Request)]
        if not asked:
            return
        one = response(self._choices.pick(asked), self._choices.pick(CODES), "")
        if tag := self._choices.pick(TAGS):
            one.headers.set("To", f"{one.headers['To'].partition(';tag=')[0]};tag={tag}")
        self._hear(one)

    def _ask(self) -> None:
        choices, method = self._choices, self._choices.pick(METHODS)
        self._cseq += choices.pick((1, 0, 5, -1))
        ours = next((one for one in self._said if isinstance(one, Request)), None)
        near, call_id = NEAR, "from-outside"
        if ours is not None:
            near, call_id = _address(ours.headers["From"]), ours.call_id
        elif self._said:
            near, call_id = _address(self._said[-1].headers["To"]), self._said[-1].call_id
        if choices.byte() % 8 == 7:
            near = tagged(near, choices.pick(TAGS))
        far = tagged(FAR, choices.pick(TAGS))
        one = request(method, URI.parse("sip:x@192.0.2.1"), far, near, call_id, abs(self._cseq))
        self._branch += choices.pick((1, 0))
        one.via = [UDP_FAR.via(f"z9hG4bK{self._branch}")]
        self._hear(one)

    def _noise(self) -> None:
        """Something that was said before, with bytes changed."""
        if not self._said:
            return
        data = bytearray(serialise(self._choices.pick(self._said)))
        for _ in range(self._choices.byte() % 4):
            data[self._choices.byte() * 3 % len(data)] = self._choices.byte()
        self._receive(bytes(data))

    def _want(self) -> None:
        session, now = self._session, self._now
        (
            lambda: session.offer("again", now),
            lambda: session.inform("application/dtmf", "1", now),
            lambda: session.ring(now),
            lambda: session.answer("ours", now),
            lambda: session.refuse(486, now, {"Retry-After": "1"}),
            lambda: session.hang_up(now, "Q.850;cause=16"),
            lambda: session.lost(now),
            lambda: session.probe(now),
            lambda: session.moved(self._choices.pick((TCP_NEAR, UDP_NEAR)), now),
        )[self._choices.byte() % 9]()

    def _hear(self, one: Request | Response) -> None:
        for _ in range(self._choices.byte() % 4):
            name, value = self._choices.pick(HEADERS)
            one.headers.add(name, value)
        body = self._choices.pick(("", "v=0", "v=0", "other"))
        if body:
            carry(one, body)
        self._receive(serialise(one))

    def _receive(self, data: bytes) -> None:
        try:
            message = parse(data)
        except MessageError as error:
            self._session.receive_unreadable(data, str(error), self._now)
            return
        self._session.receive(message, self._now)

    def _look(self) -> None:
        """Whatever we say can be read, and nothing grows without a bound."""
        for message in self._session.outgoing():
            self._said.append(_again(message))
        del self._said[:-12]
        transactions = self._session._transactions
        assert len(transactions._clients) <= MAX_SERVER_TRANSACTIONS
        assert len(transactions._servers) <= MAX_SERVER_TRANSACTIONS
        assert all(len(one.acks) <= MAX_FORKS for one in transactions._clients.values())
        assert len(self._session._outgoing.early) <= MAX_FORKS
        assert len(self._session._requests) <= MAX_SERVER_TRANSACTIONS
        assert len(self._authenticator._realms) <= MAX_REALMS
        assert len(self._session.take_events()) <= MAX_EVENTS


def _address(text: str) -> Address:
    """An address of ours, or that of the far end which we gave back to the letter."""
    try:
        return read_address(text)
    except ValueError:
        return NEAR


def _again(message: Message) -> Request | Response:
    read = parse(serialise(message))
    assert isinstance(read, type(message))
    if isinstance(read, Request) and read.method != "CANCEL":
        assert from_tag(read)
    return read


def converse(data: bytes) -> None:
    """One conversation."""
    Conversation(Choices(data)).run()
