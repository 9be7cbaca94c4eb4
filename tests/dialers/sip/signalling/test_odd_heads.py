"""Heads as far ends really write them: what nobody needs decides nothing."""

import hashlib
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Request, Response

from appliance.dialers.sip.signalling.bad_request import answer_to
from appliance.dialers.sip.signalling.dialog import Dialog, target_of
from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.events import (
    Ended,
    Established,
    Failed,
    OfferReceived,
)
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.message import (
    MessageError,
    parse,
    response,
    sdp_of,
    serialise,
)
from appliance.dialers.sip.signalling.received.header_values import (
    from_tag,
    pieces,
    read_uri,
    tag,
    to_tag,
)
from appliance.dialers.sip.transport.transport_layer import note_source
from tests.dialers.sip.signalling.sessions import NEAR, Pair, only
from tests.dialers.sip.signalling.wire import ROOM, TCP_NEAR, again, invite, names

pytestmark = pytest.mark.case("C5")
FILES = Path(__file__).parent / "odd_heads"

HEADS = {
    "Latin-1": b"Server: Pont vid\xe9o\r\n",
    "CP1258": b"Subject: Ph\xf2ng h\xf2p s\xf4\xec 1\r\n",
    "a byte that is nothing": b"X-Junk: \xff\xfe\x80\r\n",
    "a NUL": b"X-Junk: a\x00b\r\n",
    "a line break that is none": b"X-Junk: a\nb\r\n",
    "a carriage return that is none": b"X-Junk: a\rb\r\n",
    "no colon": b"a line that is no header\r\n",
    "no name": b": nothing\r\n",
    "no value": b"X-Empty:\r\n",
    "over 4,096": b"X-Long: " + b"x" * 5000 + b"\r\n",
    "a Server over 20,000": b"Server: " + b"(y" * 10_000 + b"\r\n",
    "three hundred lines": b"".join(b"X-%d: y\r\n" % n for n in range(300)),
    "a Date that is none": b"Date: h\xf4m nay\r\n",
    "Max-Forwards twice": b"Max-Forwards: 7\r\nMax-Forwards: many\r\n",
    "an Accept of nonsense": b"Accept: ,,;;=\r\n",
    "a broken Contact": b"Contact: <sip:@@@>\r\n",
    "a broken Record-Route": b"Record-Route: <\r\n",
    "a broken challenge": b'WWW-Authenticate: Digest realm="\r\n',
}
"""Header lines that nobody needs, each put into every message of the far end."""

ADDRESSES = {
    "an unquoted Vietnamese name": ("Phòng họp số 1 <sip:1000@192.0.2.10>", "1000"),
    "the same in CP1258": ("Ph\udcf2ng h\udcf2p <sip:1000@192.0.2.10>", "1000"),
    "a comma in a name": ("Sở Y tế, tỉnh <sip:1000@192.0.2.10>", "1000"),
    "a quotation mark left open": ('"Phòng 1 <sip:1000@192.0.2.10>', "1000"),
    "a bracket in a quoted name": ('"<A>" <sip:1000@192.0.2.10>', "1000"),
    "a # in the user": ("<sip:72#1@192.0.2.10>", "72#1"),
    "## in the user": ("<sip:192.0.2.3##1000@192.0.2.10>", "192.0.2.3##1000"),
    "a blank in the user": ("<sip:phong hop@192.0.2.10>", "phong hop"),
    "a Vietnamese user": ("<sip:phòng@192.0.2.10>", "phòng"),
    "an underscore in the host": ("<sip:1000@rmx_2000>", "1000"),
    "an underscore in a long host": ("<sip:1000@rmx_2000.tinh.gov.vn:5060>", "1000"),
    "a host of digits": ("<sip:1000@2000>", "1000"),
    "capitals": ("<SIP:1000@RMX_2000>", "1000"),
    "blanks inside the brackets": ("< sip:1000@192.0.2.10 >", "1000"),
    "a name of 5,000": ("N" * 5000 + " <sip:1000@192.0.2.10>", "1000"),
    "no brackets": ("sip:72#1@rmx_2000", "72#1"),
    "headers": ("<sip:1000@192.0.2.10?Subject=x>", "1000"),
}


def spoiled(message: Request | Response, line: bytes) -> Request | Response:
    """The message after its way, with a header line more, behind its first line."""
    first, end, rest = serialise(message).partition(b"\r\n")
    return parse(first + end + line + rest)


def up_with(line: bytes) -> tuple[InviteSession, InviteSession]:
    """A call whose 200 had that line in its head; the site's session and the far end's."""
    pair = Pair()
    pair.near.call(ROOM, "offer", 0.0)
    pair.wire.settle()
    pair.far.answer("v=0 answer", 0.0)
    for message in pair.far.outgoing():
        assert isinstance(message, Response)
        pair.near.receive(spoiled(message, line), 0.0)
    assert only(pair.near.take_events(), Established).sdp == "v=0 answer"
    (ack,) = pair.near.outgoing()
    pair.far.receive(again(ack), 0.0)
    pair.far.take_events()
    return pair.near, pair.far


@pytest.mark.parametrize("line", HEADS.values(), ids=HEADS)
def test_a_line_that_nobody_needs_costs_itself(line: bytes) -> None:
    near, far = up_with(line)
    far.offer("v=0 another", 1.0)
    (offer,) = far.outgoing()
    assert isinstance(offer, Request)
    near.receive(spoiled(offer, line), 1.0)
    assert only(near.take_events(), OfferReceived).sdp == "v=0 another"
    near.answer("v=0 taken", 1.0)
    for message in near.outgoing():
        far.receive(again(message), 1.0)
    far.take_events()
    far.outgoing()
    far.hang_up(2.0)
    (bye,) = far.outgoing()
    assert isinstance(bye, Request)
    near.receive(spoiled(bye, line), 2.0)
    assert only(near.take_events(), Ended).far
    assert names(near.outgoing()) == ["200"]


@pytest.mark.parametrize(("written", "user"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_is_read_as_it_was_meant(written: str, user: str) -> None:
    """In To and Contact of a 200, and in From of a BYE; what we send of it is well-formed."""
    near = InviteSession(TCP_NEAR, NEAR)
    near.call(ROOM, "offer", 0.0)
    (asked,) = near.outgoing()
    assert isinstance(asked, Request)
    yes = response(asked, 200)
    yes.headers.set("To", f"{written};tag=b")
    yes.headers.set("Contact", written)
    near.receive(again(yes), 0.0)
    only(near.take_events(), Established)
    (ack,) = near.outgoing()
    assert isinstance(ack, Request)
    assert (ack.method, ack.uri.user, to_tag(ack)) == ("ACK", user, "b")
    assert b"#" not in serialise(ack).split(b" ")[1]
    name = ack.headers["To"].partition("<")[0]
    assert name.isascii(), "no bare name goes out"
    bye = Dialog.of_server(asked, "b").request("BYE")
    bye.headers.set("From", f"{written};tag=b")
    bye.headers.set("Via", "SIP/2.0/TCP rmx_2000:5060;branch=z9hG4bKy")
    there = again(bye)
    assert from_tag(there) == "b"
    near.receive(there, 1.0)
    assert only(near.take_events(), Ended).far
    (said,) = near.outgoing()
    assert names([said]) == ["200"]
    assert said.headers["From"] == there.headers["From"], "to the letter"
    assert said.headers["Via"].startswith("SIP/2.0/TCP rmx_2000:5060")


def test_a_realm_in_cp1258_is_answered_by_its_bytes() -> None:
    near = InviteSession(TCP_NEAR, NEAR, authenticator=Authenticator("site", "secret"))
    near.call(ROOM, "offer", 0.0)
    (asked,) = near.outgoing()
    assert isinstance(asked, Request)
    no = response(asked, 401, "far")
    no.headers.set("WWW-Authenticate", 'Digest realm="Ph\udcf2ng", nonce="n\udcff"')
    near.receive(again(no), 1.0)
    ack, second = near.outgoing()
    assert names([ack, second]) == ["ACK", "INVITE"]
    md5 = partial(hashlib.md5, usedforsecurity=False)
    secret = md5(b"site:Ph\xf2ng:secret").hexdigest()
    asking = md5(b"INVITE:" + str(ROOM).encode()).hexdigest()
    answer = md5(f"{secret}:n".encode() + b"\xff:" + asking.encode()).hexdigest()
    assert f'response="{answer}"'.encode() in serialise(second)
    assert b'realm="Ph\xf2ng"' in serialise(second)


@pytest.mark.parametrize(
    "via",
    [
        'SIP/2.0/TCP 192.0.2.9;x="open;branch=z9hG4bKx',
        "SIP/2.0/TCP 192.0.2.9;received=;branch=z9hG4bKx, SIP/2.0/UDP a_b",
        "SIP / 2.0 / TCP rmx_2000 : 5070 ; branch = z9hG4bKx ; rport",
    ],
)
def test_an_answer_goes_to_a_via_that_is_odd(via: str) -> None:
    pair = Pair().up()
    pair.far.inform("text/plain", "x", 1.0)
    (info,) = pair.far.outgoing()
    assert isinstance(info, Request)
    info.headers.set("Via", via)
    there = again(info)
    assert isinstance(there, Request)
    note_source(there, ("192.0.2.7", 9999))
    pair.near.receive(there, 1.0)
    (said,) = pair.near.outgoing()
    assert isinstance(again(said), Response)


def test_the_recorded_ones() -> None:
    found = {file.stem: parse(file.read_bytes()) for file in FILES.glob("*.sip")}
    bye = found.pop("bye_with_a_name_unquoted")
    assert isinstance(bye, Request)
    assert (from_tag(bye), to_tag(bye)) == ("b", "a")
    for name, answer in found.items():
        assert isinstance(answer, Response), name
        assert answer.code == 200
        assert to_tag(answer) == "b"
        assert sdp_of(answer).startswith("v=0\r\no=mcu"), name
        target = target_of(answer)
        assert target is not None
        assert target.host == "192.0.2.10"


def test_what_is_no_utf_8_goes_back_to_the_letter() -> None:
    """RFC 3261 section 8.2.6: From is the same in the answer, whatever it says."""
    raw = (FILES / "bye_with_a_name_unquoted.sip").read_bytes()
    raw = raw.replace("Phòng họp số 1".encode(), b"Ph\xf2ng h\xf2p s\xf4\xec 1")
    bye = parse(raw)
    assert isinstance(bye, Request)
    assert b"\r\nFrom: Ph\xf2ng h\xf2p s\xf4\xec 1 <sip:1000@192.0.2.10>;tag=b\r\n" in serialise(
        response(bye, 200)
    )


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b"Content-Length: 0", b"Content-Length: 17"),
        (b"Content-Length: 0", b"Content-Length: none"),
        (b"Content-Length: 0", b"Content-Length: 0\r\nContent-Length: 1"),
        (b"Max-Forwards: 70", b"Require: a-thing-that-nobody-knows"),
        (b"BYE sip:site@192.0.2.1 ", b"BYE <sip:site@192.0.2.1> "),
        (b"BYE sip:site@192.0.2.1 ", b"BYE sip:si#te@rmx_2000 "),
        (b"CSeq: 2 BYE", b"CSeq: 1 BYE"),
        (b"CSeq: 2 BYE", b"CSeq: 2BYE"),
        (b"branch=z9hG4bKy", b"branch=y"),
    ],
)
def test_a_bye_that_can_be_acted_on_ends_the_call(written: bytes, instead: bytes) -> None:
    near, far = up_with(b"")
    far.inform("text/plain", "x", 1.0)
    (info,) = far.outgoing()
    near.receive(again(info), 1.0)
    near.outgoing()
    raw = (FILES / "bye_with_a_name_unquoted.sip").read_bytes()
    raw = raw.replace(b"tag=b\r\n", f"tag={from_tag(info)}\r\n".encode())
    raw = raw.replace(b"tag=a\r\n", f"tag={to_tag(info)}\r\n".encode())
    raw = raw.replace(b"Call-ID: c", f"Call-ID: {info.call_id}".encode())
    assert written in raw
    near.receive(parse(raw.replace(written, instead)), 2.0)
    assert only(near.take_events(), Ended).far
    assert names(near.outgoing()) == ["200"]


UNREADABLE = {
    "no To": (b"\r\nTo: ", b"\r\nX-To: "),
    "an empty To": (b"\r\nTo: ", b"\r\nTo:\r\nX-To: "),
    "no From": (b"\r\nFrom: ", b"\r\nX-From: "),
    "no CSeq": (b"\r\nCSeq: ", b"\r\nX-CSeq: "),
    "a CSeq that is none": (b"\r\nCSeq: ", b"\r\nCSeq: x"),
    "two CSeq": (b"\r\nCSeq: ", b"\r\nCSeq: 77 INVITE\r\nCSeq: "),
    "no Call-ID": (b"\r\nCall-ID: ", b"\r\nX-Call-ID: "),
    "two Call-ID": (b"\r\nCall-ID: ", b"\r\nCall-ID: y\r\nCall-ID: "),
    "a Via of another protocol": (b"\r\nVia: SIP/2.0/TCP", b"\r\nVia: HTTP/1.1 SIP/2.0/TCP"),
    "a description that is cut off": (b"Content-Length: ", b"Content-Length: 9"),
    "no end of the head": (b"\r\n\r\n", b"\r\n"),
}


@pytest.mark.parametrize(("written", "instead"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_200_that_cannot_be_read_is_acknowledged_and_ended(
    written: bytes, instead: bytes
) -> None:
    near = InviteSession(TCP_NEAR, NEAR)
    near.call(ROOM, "offer", 0.0)
    (asked,) = near.outgoing()
    assert isinstance(asked, Request)
    yes = response(asked, 200, "far")
    yes.headers.set("Contact", "<sip:1000@192.0.2.9;transport=tcp>")
    yes.headers.set("Content-Type", "application/sdp")
    yes.body = b"v=0"
    raw = serialise(yes)
    assert written in raw
    raw = raw.replace(written, instead)
    with pytest.raises(MessageError) as refused:
        parse(raw)
    assert answer_to(raw, "why") is None, "an answer gets none"
    near.receive_unreadable(raw, str(refused.value), 1.0)
    out = near.outgoing()
    assert names(out) == ["ACK", "BYE"]
    for one in out:
        assert isinstance(one, Request)
        assert str(one.uri) == "sip:1000@192.0.2.9;transport=tcp"
        parse(serialise(one))
    assert "cannot be read" in only(near.take_events(), Failed).why
    assert near.over
    # And what is not ours is nobody's.
    near.receive_unreadable(raw, "", 2.0)
    near.receive_unreadable(b"\xff" * 2000, "", 2.0)
    assert near.outgoing() == []


def test_a_refusal_that_cannot_be_read_is_a_refusal() -> None:
    near = InviteSession(TCP_NEAR, NEAR)
    near.call(ROOM, "offer", 0.0)
    (asked,) = near.outgoing()
    assert isinstance(asked, Request)
    raw = serialise(response(asked, 486, "far")).replace(b"\r\nFrom: ", b"\r\nX-From: ")
    near.receive_unreadable(raw, "no From", 1.0)
    failed = only(near.take_events(), Failed)
    assert failed.response is not None
    assert (failed.response.code, failed.why) == (486, "")
    assert names(near.outgoing()) == ["ACK"]


@given(st.binary(max_size=200), st.integers(0, 400))
def test_whatever_bytes_stand_between_two_lines(junk: bytes, at: int) -> None:
    """A line of junk anywhere: the 200 is read, or it is salvaged; never is it lost."""
    one = invite()
    one.via = [TCP_NEAR.via("z9hG4bKx")]
    yes = response(one, 200, "far")
    head, _, rest = serialise(yes).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    lines.insert(1 + at % len(lines), b"X-" + junk.replace(b"\r", b""))
    raw = b"\r\n".join(lines) + b"\r\n\r\n" + rest
    assert to_tag(parse(raw)) == "far"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_what_is_read_can_be_sent(text: str) -> None:
    tag(text)
    pieces(text, ",")
    try:
        uri = read_uri(f"sip:{text}@rmx_2000")
    except ValueError:
        return
    assert read_uri(str(uri)) == uri
