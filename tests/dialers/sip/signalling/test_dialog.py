"""Dialogs: targets, routes, order."""

import pytest
from sipmessage import Request, Response

from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.message import response
from tests.dialers.sip.signalling.wire import UDP_NEAR, again, invite

ROUTES = ["<sip:p2.example.vn;lr>", "<sip:p1.example.vn;lr>"]


def answer(request: Request, contact: str, routes: list[str], code: int = 200) -> Response:
    request.via = [UDP_NEAR.via("z9hG4bKx")]
    one = response(request, code, "far")
    one.headers.set("Contact", contact)
    one.headers.setlist("Record-Route", routes)
    there = again(one)
    assert isinstance(there, Response)
    return there


def test_a_request_goes_to_the_contact_along_the_routes() -> None:
    request = invite()
    dialog = Dialog.of_client(request, answer(request, "<sip:1000@192.0.2.9:5080>", ROUTES))
    info = dialog.request("INFO")
    assert str(info.uri) == "sip:1000@192.0.2.9:5080"
    assert [str(one.uri) for one in info.route] == [
        "sip:p1.example.vn;lr",
        "sip:p2.example.vn;lr",
    ]
    assert info.cseq.sequence == 2
    ack = dialog.ack(1)
    assert (ack.cseq.sequence, ack.cseq.method) == (1, "ACK")
    assert ack.to_address.parameters["tag"] == "far"


def test_a_strict_router_becomes_the_address() -> None:
    request = invite()
    dialog = Dialog.of_client(
        request, answer(request, "<sip:1000@192.0.2.9>", ["<sip:old.example.vn>"])
    )
    bye = dialog.request("BYE")
    assert str(bye.uri) == "sip:old.example.vn"
    assert [str(one.uri) for one in bye.route] == ["sip:1000@192.0.2.9"]


def test_the_served_end_keeps_the_order_of_the_routes() -> None:
    request = invite()
    request.headers.set("Contact", "<sip:site@192.0.2.1:5062;transport=tcp>")
    request.headers.setlist("Record-Route", ROUTES)
    dialog = Dialog.of_server(request, "far")
    bye = dialog.request("BYE")
    assert str(bye.uri) == "sip:site@192.0.2.1:5062;transport=tcp"
    assert str(bye.route[0].uri) == "sip:p2.example.vn;lr"
    assert bye.from_address.parameters["tag"] == "far"
    assert bye.to_address.parameters["tag"] == "near"


def test_the_far_end_may_move_and_its_order_is_kept() -> None:
    request = invite()
    early = Dialog.of_client(request, answer(request, "<sip:1000@192.0.2.9>", ROUTES, 180))
    assert not early.confirmed
    early.confirm(answer(request, "<sip:1000@192.0.2.10>", []))
    assert early.confirmed
    assert early.routes == ()
    assert str(early.target) == "sip:1000@192.0.2.10"
    asked = Dialog.of_server(request, "x")
    newer, older = invite(8), invite(7)
    newer.headers.set("Contact", "<sip:site@192.0.2.77>")
    assert asked.in_order(newer)
    assert not asked.in_order(older)
    asked.refresh(newer)
    assert str(asked.target) == "sip:site@192.0.2.77"


def test_the_far_ends_words_come_back_to_the_letter() -> None:
    request = invite()
    odd = ['<sip:p2.example.vn;lr;x=a+b!>, "A, <B>" <sip:p1.example.vn;lr;ftag=sip+1>']
    yes = response(request, 200, "sip+1+x!")
    yes.headers.set("Contact", "<sip:1000@192.0.2.9>")
    yes.headers.setlist("Record-Route", odd)
    yes.headers.set("Via", "SIP/2.0/UDP 192.0.2.1")
    there = again(yes)
    assert isinstance(there, Response)
    bye = Dialog.of_client(request, there).request("BYE")
    assert bye.headers["To"].endswith(";tag=sip+1+x!")
    assert bye.headers.getlist("Route") == [
        '"A, <B>" <sip:p1.example.vn;lr;ftag=sip+1>',
        "<sip:p2.example.vn;lr;x=a+b!>",
    ]


@pytest.mark.case("C5")
@pytest.mark.parametrize(
    "written",
    [
        "sip:10.0.0.1;lr",
        "<sip:10.0.0.1;LR>",
        "<sip:10.0.0.1;lr=on;ftag=a;did=7f.b>",
        "sip:a;lr=true",
    ],
)
def test_a_loose_router_that_is_written_in_another_way(written: str) -> None:
    answer = response(invite(), 200, "far")
    answer.headers.set("Record-Route", written)
    answer.headers.set("Contact", "<sip:mcu@10.0.0.9>")
    bye = Dialog.of_client(invite(), answer).request("BYE")
    assert str(bye.uri) == "sip:mcu@10.0.0.9"
    assert bye.headers["Route"].strip("<>") == written.strip("<>")
