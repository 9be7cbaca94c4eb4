"""Messages that come in other shapes than the parser's own."""

import pytest
from sipmessage import Request, Response

from appliance.dialers.sip.signalling.message import (
    MessageError,
    number,
    parse,
    response,
    sdp_of,
    serialise,
    tokens,
)

OPTIONS = (
    b"OPTIONS SIP:user@Example.com SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKx;rport\r\n"
    b"f: <SIP:a@example.com>;tag=1\r\n"
    b"t: <sip:user@example.com>\r\n"
    b"i: abc@192.0.2.9\r\n"
    b"CSeq: 7\r\n  OPTIONS\r\n"
    b"k: timer, 100rel,\r\n\treplaces\r\n"
    b"x: 90;refresher=uac\r\n"
    b"c: Application/SDP;charset=utf-8\r\n"
    b"l: 3\r\n\r\nv=0\r\n"
)


def test_compact_folded_and_capitals() -> None:
    one = parse(OPTIONS)
    assert isinstance(one, Request)
    assert one.cseq.sequence == 7
    assert tokens(one, "Supported") == {"timer", "100rel", "replaces"}
    assert number(one, "Session-Expires") == 90
    assert sdp_of(one) == "v=0"
    assert one.uri.user == "user"


def test_what_is_sent_is_read_back() -> None:
    one = parse(OPTIONS)
    assert isinstance(one, Request)
    there = parse(serialise(response(one, 486, "far")))
    assert isinstance(there, Response)
    assert (there.code, there.phrase) == (486, "Busy Here")
    assert there.to_address.parameters["tag"] == "far"
    assert "tag" not in parse(serialise(response(one, 100, "far"))).to_address.parameters


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        OPTIONS.replace(b"CSeq: 7", b"CSeq: 99999999999"),
        OPTIONS.replace(b"CSeq: 7\r\n  OPTIONS", b"CSeq: 7 INVITE"),
        OPTIONS.replace(b"i: abc@192.0.2.9\r\n", b""),
        OPTIONS.replace(b"l: 3", b"l: 30"),
        OPTIONS.replace(b"l: 3", b"l: -3"),
        OPTIONS.replace(b"t: <sip:user@example.com>", b"t: \xff\xfe"),
        OPTIONS.replace(b"v: SIP/2.0/UDP 192.0.2.9:5060", b"v: nonsense"),
        b"SIP/2.0 99999 Eh\r\n" + OPTIONS.partition(b"\r\n")[2],
        b"x" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_message(broken: bytes) -> None:
    with pytest.raises(MessageError):
        parse(broken)
