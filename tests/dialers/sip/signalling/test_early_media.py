"""Descriptions that come in other places than the 200: in parts of a body, before it, by UPDATE."""

from pathlib import Path

import pytest
from sipmessage import Request, Response

from appliance.dialers.sip.signalling.events import (
    Ended,
    Established,
    Info,
    OfferReceived,
)
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.message import (
    carry,
    new_branch,
    parse,
    response,
    sdp_of,
    serialise,
)
from appliance.dialers.sip.signalling.received.multipart import parts
from appliance.dialers.sip.signalling.session.early_dialogs import EarlyDialogs
from tests.dialers.sip.signalling.sessions import NEAR, Pair, only
from tests.dialers.sip.signalling.wire import ROOM, TCP_FAR, TCP_NEAR, again, names

pytestmark = pytest.mark.case("C10")
FILES = Path(__file__).parent / "odd_heads"


class Call:
    """A call of ours, and the answers to it that a test makes."""

    def __init__(self) -> None:
        self.near = InviteSession(TCP_NEAR, NEAR)
        self.near.call(ROOM, "offer", 0.0)
        (asked,) = self.near.outgoing()
        assert isinstance(asked, Request)
        self.asked, self._cseq = asked, 0

    def answer(self, code: int, tag: str, sdp: str = "", *, rseq: int = 0) -> None:
        """An answer of the far end ``tag``; with ``rseq`` a reliable one."""
        one = response(self.asked, code, tag)
        one.headers.set("Contact", f"<sip:{tag}@192.0.2.9>")
        if rseq:
            one.headers.set("Require", "100rel")
            one.headers.set("RSeq", str(rseq))
        carry(one, sdp)
        self.near.receive(again(one), 1.0)

    def ask(self, method: str, tag: str, sdp: str = "") -> int:
        """A request of that far end; gives the status of our answer, 0 for none yet."""
        self._cseq += 1
        to, far = self.asked.headers["From"], f"{self.asked.headers['To']};tag={tag}"
        one = Request(method, self.asked.uri)
        one.headers.set("Via", str(TCP_FAR.via(new_branch())))
        for name, value in (("From", far), ("To", to), ("Call-ID", self.asked.call_id)):
            one.headers.set(name, value)
        one.headers.set("CSeq", f"{self._cseq} {method}")
        one.headers.set("Contact", f"<sip:{tag}-moved@192.0.2.9>")
        carry(one, sdp)
        self.near.outgoing()
        self.near.receive(again(one), 1.0)
        said = [out.code for out in self.near.outgoing() if isinstance(out, Response)]
        return said[-1] if said else 0

    def established(self) -> Established:
        """That the call is up."""
        (one,) = [e for e in self.near.take_events() if isinstance(e, Established)]
        return one


@pytest.mark.parametrize("rseq", [0, 7], ids=["unreliable", "reliable"])
def test_a_description_that_only_a_183_brings(rseq: int) -> None:
    call = Call()
    call.answer(183, "far", "v=0 early", rseq=rseq)
    call.answer(180, "far")
    call.answer(200, "far")
    assert call.established().sdp == "v=0 early"


def test_each_far_end_that_rings_has_its_own() -> None:
    call = Call()
    call.answer(183, "one", "v=0 one", rseq=7)
    call.answer(183, "two", "v=0 two")
    call.answer(183, "three", "v=0 three", rseq=9)
    call.answer(200, "two")
    assert call.established().sdp == "v=0 two"


def test_the_200s_own_counts() -> None:
    call = Call()
    call.answer(183, "far", "v=0 early")
    call.answer(200, "far", "v=0 last")
    assert call.established().sdp == "v=0 last"


def test_one_far_end_that_rings_and_a_200_with_another_tag() -> None:
    call = Call()
    call.answer(183, "ringing", "v=0 early")
    call.answer(200, "taking")
    assert call.established().sdp == "v=0 early"


def test_an_update_while_it_rings_is_answered() -> None:
    call = Call()
    call.answer(183, "far", "v=0 early", rseq=7)
    assert call.ask("UPDATE", "far", "v=0 moved") == 0
    offer = next(e for e in call.near.take_events() if isinstance(e, OfferReceived))
    assert offer.sdp == "v=0 moved"
    call.near.answer("v=0 ours", 1.0)
    (yes,) = call.near.outgoing()
    assert names([yes]) == ["200"]
    assert sdp_of(yes) == "v=0 ours"
    call.answer(200, "far")
    up = call.established()
    assert (up.sdp, up.agreed) == ("v=0 moved", True)


def test_an_update_without_a_description_only_moves_the_target() -> None:
    call = Call()
    call.answer(180, "far")
    assert call.ask("UPDATE", "far") == 200
    call.answer(200, "far", "v=0 x")
    assert (call.established().sdp, call.near.over) == ("v=0 x", False)


def test_an_update_that_meets_our_own_offer_collides_with_it() -> None:
    """RFC 3311 section 5.2: our INVITE's offer has no answer yet."""
    call = Call()
    call.answer(183, "far", "v=0 a preview")
    assert call.ask("UPDATE", "far", "v=0 moved") == 491
    assert call.ask("INVITE", "far", "v=0 moved") == 491


def test_other_requests_while_it_rings() -> None:
    call = Call()
    call.answer(180, "far")
    assert call.ask("INFO", "far") == 200
    assert call.ask("OPTIONS", "far") == 200
    assert call.ask("INFO", "nobody") == 481
    call.near.take_events()
    assert call.ask("BYE", "far") == 200
    assert only(call.near.take_events(), Ended).far


def test_far_ends_that_ring_are_bounded() -> None:
    early, call = EarlyDialogs(), Call()
    for number in range(100):
        one = response(call.asked, 183, f"tag{number}")
        carry(one, "v=0")
        there = again(one)
        assert isinstance(there, Response)
        early.ringing(call.asked, there)
        early.note_sdp(there, reliable=False)
    assert len(early) == 16


SDP = b"v=0\r\no=x"
MULTIPARTS = {
    "as it should be": (
        "multipart/mixed;boundary=x1",
        b"--x1\r\nContent-Type: application/sdp\r\n\r\n" + SDP + b"\r\n--x1--\r\n",
    ),
    "quoted, capitals, a preamble": (
        'Multipart/MIXED; charset=x; Boundary="a b"',
        b"hello\r\n--a b\r\nCONTENT-TYPE:Application/SDP ;x=y\r\n\r\n" + SDP + b"\r\n--a b--",
    ),
    "behind another, line feeds alone": (
        "multipart/mixed;boundary=x1",
        b"--x1\nContent-Type: text/plain\n\nv=1\n--x1\nContent-Type: application/sdp\n\n"
        + SDP
        + b"\n--x1--\n",
    ),
    "alternative, folded, never closed": (
        "multipart/alternative;boundary=x1",
        b"--x1\r\nContent-ID: <1>\r\nContent-Type:\r\n application/sdp\r\n\r\n" + SDP,
    ),
    "a part that does not say what it is": (
        "multipart/related;boundary=x1",
        b"--x1\r\n\r\n" + SDP + b"\r\n--x1--",
    ),
    "one in another": (
        "multipart/mixed;boundary=out",
        b"--out\r\nContent-Type: multipart/alternative;boundary=in\r\n\r\n"
        b"--in\r\nContent-Type: application/sdp\r\n\r\n" + SDP + b"\r\n--in--\r\n--out--\r\n",
    ),
    "a boundary that only the body has": (
        "multipart/mixed",
        b"--x1\r\nContent-Type: application/sdp\r\n\r\n" + SDP + b"\r\n--x1--\r\n",
    ),
    "no type at all": ("", SDP),
}


@pytest.mark.parametrize(("kind", "body"), MULTIPARTS.values(), ids=MULTIPARTS)
def test_a_description_among_other_parts(kind: str, body: bytes) -> None:
    """In a 200, and in a re-INVITE, which once got 415."""
    call = Call()
    yes = response(call.asked, 200, "far")
    yes.body = body
    if kind:
        yes.headers.set("Content-Type", kind)
    call.near.receive(again(yes), 1.0)
    assert call.established().sdp.encode() == SDP
    pair = Pair().up()
    pair.far.offer("v=0", 1.0)
    (offer,) = pair.far.outgoing()
    assert isinstance(offer, Request)
    offer.headers.remove("Content-Type")
    offer.body = body
    if kind:
        offer.headers.set("Content-Type", kind)
    pair.near.receive(again(offer), 1.0)
    assert only(pair.near.take_events(), OfferReceived).sdp.encode() == SDP


def test_the_recorded_one() -> None:
    answer = parse((FILES / "answer_in_multipart.sip").read_bytes())
    assert sdp_of(answer).count("m=") == 2


def test_an_info_among_other_parts() -> None:
    pair = Pair().up()
    body = "--b\r\nContent-Type: application/media_control+xml\r\n\r\n<x/>\r\n--b--\r\n"
    pair.far.inform("multipart/mixed;boundary=b", body, 1.0)
    pair.wire.settle()
    info = only(pair.near.take_events(), Info)
    assert (info.kind, info.body) == ("application/media_control+xml", "<x/>")


def test_parts_without_end() -> None:
    body = b"--x\r\n\r\ny\r\n" * 5000
    assert len(list(parts("multipart/mixed;boundary=x", body))) <= 16
    nested = b"--x\r\nContent-Type: multipart/mixed;boundary=x\r\n\r\n" * 200
    assert list(parts("multipart/mixed;boundary=x", nested)) is not None
    assert list(parts("multipart/mixed", b"")) == []
    assert serialise(parse((FILES / "answer_in_multipart.sip").read_bytes()))
