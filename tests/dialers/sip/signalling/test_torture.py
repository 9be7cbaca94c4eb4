"""RFC 4475's torture messages: what the RFC calls valid is taken, the rest does no harm."""

import contextlib
import gc
from types import TracebackType

import pytest
from sipmessage import Request

from appliance.dialers.sip.signalling.bad_request import answer_to
from appliance.dialers.sip.signalling.events import Incoming
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.message import (
    MessageError,
    parse,
    serialise,
    tag_of,
)
from appliance.dialers.sip.signalling.received.header_values import branch_of
from appliance.dialers.sip.transport.framing import Framer
from tests.dialers.sip.signalling.sessions import FAR
from tests.dialers.sip.signalling.torture_messages import Torture, torture_messages
from tests.dialers.sip.signalling.wire import TCP_NEAR, UDP_NEAR, names

MESSAGES = {one.name: one for one in torture_messages()}

ANSWERED = {
    # 3.1.1, valid: understood, whatever we then say to it
    "wsinv": "481",  # its To has a tag: of a call that we do not know
    "intmeth": "405",
    "esc01": "call",
    "escnull": "405",
    "esc02": "405",
    "lwsdisp": "200",
    "longreq": "call",
    "dblreq": "405",
    "semiuri": "200",
    "transports": "200",
    "mpart01": "405",
    "unreason": "",  # answers to nothing that we asked
    "noreason": "",
    # 3.1.2, invalid, but only in what an endpoint need not read
    "baddate": "call",
    "regbadct": "405",
    # 3.1.2, invalid in a name or a blank that nobody needs: what was meant is plain, and real
    # far ends write an unquoted Vietnamese name just so
    "quotbal": "call",
    "badaspec": "200",
    "baddn": "200",
    # 3.2 to 3.4
    "badbranch": "200",
    "bext01": "420",
    "invut": "415",
    "regaut01": "405",
    "bcast": "",
    "zeromf": "200",  # it has arrived: nobody forwards it
    "cparam01": "405",
    "cparam02": "405",
    "regescrt": "405",
    "sdp01": "call",
    "inv2543": "call",
}
"""What a session that accepts calls does; all others are refused before they reach one."""

REFUSED = {
    "badvers": b"505",
    "scalarlg": None,  # an answer
    "bigcode": None,  # an answer
    "insuf": None,  # no Call-ID to answer with
}
"""What is said to those; 400 where nothing stands here."""


def test_all_of_them_are_there() -> None:
    kinds = [one.kind for one in MESSAGES.values()]
    assert len(MESSAGES) == 49
    assert (kinds.count("valid"), kinds.count("invalid")) == (13, 19)
    assert ANSWERED.keys() >= {one.name for one in MESSAGES.values() if one.kind == "valid"}


@pytest.mark.parametrize("local", [UDP_NEAR, TCP_NEAR], ids=["udp", "tcp"])
@pytest.mark.parametrize("one", MESSAGES.values(), ids=MESSAGES)
def test_what_becomes_of_it(one: Torture, local: object) -> None:
    if one.name not in ANSWERED:
        with pytest.raises(MessageError) as refused:
            parse(one.data)
        said = answer_to(one.data, str(refused.value))
        assert (said.split(b" ", 2)[1] if said else None) == REFUSED.get(one.name, b"400")
        return
    session = InviteSession(UDP_NEAR if local is UDP_NEAR else TCP_NEAR, FAR, accepts_calls=True)
    session.receive(parse(one.data), 0.0)
    out = session.outgoing()
    heard = [name for name in names(out) if name != "100"]
    if ANSWERED[one.name] == "call":
        assert heard == []
        assert [type(event) for event in session.take_events()] == [Incoming]
        session.refuse(486, 0.0)
        out = session.outgoing()
        assert names(out) == ["486"]
    else:
        assert heard == [ANSWERED[one.name]][: bool(ANSWERED[one.name])]
    # Whatever is said can be read, and is an answer to this.
    for message in out:
        again = parse(serialise(message))
        assert again.call_id == parse(one.data).call_id
        assert branch_of(again) == branch_of(parse(one.data))


def test_an_answer_to_what_cannot_be_read_has_its_headers_to_the_letter() -> None:
    said = answer_to(MESSAGES["mismatch01"].data, "two\r\nlines \u0111")
    assert said is not None
    first, *lines = said.decode().split("\r\n")
    assert first == "SIP/2.0 400 Bad Request, two??lines ?"
    asked = MESSAGES["mismatch01"].data.decode().split("\r\n")
    kept = [line for line in asked if line.startswith(("Via", "From", "Call-ID", "CSeq"))]
    assert len(kept) == 4
    assert set(kept) < set(lines)
    (to,) = (line for line in lines if line.startswith("To"))
    assert to.startswith("To: sip:j.user@example.com;tag=")


def test_an_ack_and_what_is_no_sip_are_not_answered() -> None:
    asked = MESSAGES["mismatch01"].data
    assert answer_to(asked, "why") is not None
    assert answer_to(asked.replace(b"OPTIONS", b"ACK", 1), "why") is None
    assert answer_to(b"GET / HTTP/1.1\r\nVia: x\r\n\r\n", "why") is None
    assert answer_to(b"\xff" * 100, "why") is None


@pytest.mark.slow
def test_what_cannot_be_read_leaves_nothing_behind() -> None:
    def read_all() -> int:
        for one in MESSAGES.values():
            with contextlib.suppress(MessageError):
                parse(one.data)
        gc.collect()
        return sum(isinstance(thing, TracebackType) for thing in gc.get_objects())

    before = read_all()
    for _ in range(20):
        after = read_all()
    assert after - before < 20


def test_the_hardest_valid_one_is_understood_whole() -> None:
    one = parse(MESSAGES["wsinv"].data)
    assert isinstance(one, Request)
    assert (one.cseq.sequence, one.cseq.method) == (9, "INVITE")
    assert [(via.transport, via.host) for via in one.via] == [
        ("UDP", "192.0.2.2"),
        ("TCP", "spindle.example.com"),
        ("UDP", "192.168.255.111"),
    ]
    assert tag_of(one.to_address) == "1918181833n"
    assert tag_of(one.from_address) == "98asjd8"
    assert one.contact[0].uri.user == "jdrosen"
    assert one.body.startswith(b"v=0")


def test_two_requests_in_one_segment_are_two_in_a_stream_and_one_in_a_datagram() -> None:
    framed = [parse(data) for data in Framer().feed(MESSAGES["dblreq"].data)]
    assert names(list(framed)) == ["REGISTER", "INVITE"]
    assert names([parse(MESSAGES["dblreq"].data)]) == ["REGISTER"]


def test_in_a_stream_a_length_that_lies_is_waited_for_or_ends_it() -> None:
    assert Framer().feed(MESSAGES["clerr"].data) == []
    with pytest.raises(MessageError):
        Framer().feed(MESSAGES["mcl01"].data)


def test_an_old_branch_tells_no_two_requests_apart() -> None:
    # 3.2.1: the bare cookie is no branch; two such requests of two calls are two.
    first = MESSAGES["badbranch"].data
    second = first.replace(b"badbranch.", b"another.").replace(b"33242", b"33243")
    session = InviteSession(UDP_NEAR, FAR, accepts_calls=True)
    session.receive(parse(first), 0.0)
    session.receive(parse(second), 0.0)
    assert names(session.outgoing()) == ["200", "200"]
