"""Whole calls without a socket: two sessions, one wire, a clock that is set."""

import pytest
from sipmessage import Request, Response

from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.events import (
    AnswerReceived,
    Ended,
    Established,
    Failed,
    Incoming,
    Info,
    OfferReceived,
    OfferRefused,
    Progress,
)
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.message import carry, new_branch, response
from tests.dialers.sip.signalling.sessions import NEAR, Pair, only
from tests.dialers.sip.signalling.wire import ROOM, TCP_NEAR, UDP_FAR, UDP_NEAR, again, names


def test_a_call_rings_is_taken_and_ended_by_us() -> None:
    pair = Pair()
    pair.near.call(ROOM, "offer 1", 0.0)
    pair.wire.settle()
    assert only(pair.far.take_events(), Incoming).sdp == "offer 1"
    pair.far.ring(0.0)
    pair.wire.settle()
    assert only(pair.near.take_events(), Progress).code == 180
    pair.far.answer("answer 1", 0.0)
    pair.wire.settle()
    assert only(pair.near.take_events(), Established).sdp == "answer 1"
    assert only(pair.far.take_events(), Established).sdp == "offer 1"
    pair.near.hang_up(1.0)
    assert not pair.near.settled
    pair.wire.settle()
    assert pair.near.settled
    assert only(pair.far.take_events(), Ended).far
    assert pair.log == [
        "> INVITE", "< 100", "< 180", "< 200", "> ACK", "> BYE", "< 200",
    ]  # fmt: skip
    pair.near.hang_up(1.0)
    pair.wire.run(200.0)
    assert len(pair.log) == 7
    assert pair.near.take_events() == []


def test_the_far_end_hangs_up() -> None:
    pair = Pair().up()
    pair.far.hang_up(1.0, 'Q.850;cause=16;text="ended"')
    pair.wire.settle()
    ended = only(pair.near.take_events(), Ended)
    assert ended.far
    assert "ended" in ended.why
    assert pair.near.over


def test_every_third_message_lost_over_udp() -> None:
    count = [0]

    def lose(line: str) -> bool:
        count[0] += 1
        return count[0] % 3 == 0

    pair = Pair((UDP_NEAR, UDP_FAR), lose=lose)
    pair.near.call(ROOM, "offer 1", 0.0)
    pair.wire.run(10.0)
    pair.far.answer("answer 1", 10.0)
    pair.wire.run(60.0)
    only(pair.near.take_events(), Established)
    pair.near.offer("offer 2", 60.0)
    pair.wire.run(70.0)
    pair.far.answer("answer 2", 70.0)
    pair.wire.run(120.0)
    assert only(pair.near.take_events(), AnswerReceived).sdp == "answer 2"
    pair.near.hang_up(120.0)
    pair.wire.run(200.0)
    assert pair.near.settled
    kinds = [type(event) for event in pair.far.take_events()]
    assert kinds == [Incoming, Established, OfferReceived, Ended]


@pytest.mark.parametrize("code", [404, 486, 488, 603])
def test_a_refused_call(code: int) -> None:
    pair = Pair()
    pair.near.call(ROOM, "offer 1", 0.0)
    pair.wire.settle()
    pair.far.refuse(code, 0.0)
    pair.wire.run(100.0)
    failed = only(pair.near.take_events(), Failed)
    assert failed.response is not None
    assert failed.response.code == code
    assert pair.near.over
    assert pair.log == ["> INVITE", "< 100", f"< {code}", "> ACK"]


def test_given_up_while_it_rings() -> None:
    pair = Pair()
    pair.near.call(ROOM, "offer 1", 0.0)
    pair.wire.settle()
    pair.near.hang_up(5.0)
    pair.wire.settle()
    assert pair.log == ["> INVITE", "< 100", "> CANCEL", "< 200", "< 487", "> ACK"]
    assert pair.near.settled
    events = pair.far.take_events()
    assert isinstance(events[-1], Ended)


def test_the_200_that_crosses_our_cancel_is_ended() -> None:
    pair = Pair()
    pair.near.call(ROOM, "offer 1", 0.0)
    pair.wire.settle()
    pair.near.hang_up(5.0)
    pair.far.answer("answer 1", 5.0)
    pair.wire.settle()
    assert pair.log[-2:] == ["> BYE", "< 200"]
    assert pair.near.settled
    assert [type(event) for event in pair.near.take_events()] == []


def test_content_comes_and_goes_by_re_invite() -> None:
    pair = Pair().up()
    pair.far.offer("with slides", 10.0)
    pair.wire.settle()
    assert only(pair.near.take_events(), OfferReceived).sdp == "with slides"
    pair.near.answer("taken", 10.0)
    pair.wire.settle()
    assert only(pair.far.take_events(), AnswerReceived).sdp == "taken"
    assert pair.log == ["< INVITE", "> 100", "> 200", "< ACK"]
    pair.log.clear()
    pair.far.offer("with slides", 20.0)
    pair.wire.settle()
    assert pair.near.take_events() == []
    assert pair.log == ["< INVITE", "> 100", "> 200", "< ACK"]


def test_an_offer_that_we_cannot_take_leaves_the_call_as_it_was() -> None:
    pair = Pair().up()
    pair.far.offer("nonsense", 10.0)
    pair.wire.settle()
    only(pair.near.take_events(), OfferReceived)
    pair.near.refuse(488, 10.0)
    pair.wire.settle()
    assert only(pair.far.take_events(), OfferRefused).code == 488
    assert not pair.near.over
    assert not pair.far.over


def test_two_offers_that_collide_are_made_again_one_after_the_other() -> None:
    pair = Pair().up()
    pair.near.offer("ours", 10.0)
    pair.far.offer("theirs", 10.0)
    pair.wire.settle()
    assert "< 491" in pair.log
    assert "> 491" in pair.log
    pair.wire.run(12.0)
    assert only(pair.near.take_events(), OfferReceived).sdp == "theirs"
    pair.near.answer("taken", 12.0)
    pair.wire.run(16.0)
    events = pair.far.take_events()
    assert [type(event) for event in events] == [AnswerReceived, OfferReceived]
    pair.far.answer("taken too", 16.0)
    pair.wire.run(17.0)
    assert only(pair.near.take_events(), AnswerReceived).sdp == "taken too"


def test_info_in_both_directions_and_what_is_politely_refused() -> None:
    pair = Pair().up()
    pair.far.inform("application/media_control+xml", "<x/>", 1.0)
    pair.wire.settle()
    assert only(pair.near.take_events(), Info).body == "<x/>"
    pair.near.inform("application/dtmf-relay", "Signal=9\r\n", 2.0)
    pair.wire.settle()
    assert only(pair.far.take_events(), Info).kind == "application/dtmf-relay"
    pair.near.inform("text/plain", "hello", 3.0)
    pair.wire.settle()
    assert pair.far.take_events() == []
    assert pair.log == ["< INFO", "> 200", "> INFO", "< 200", "> INFO", "< 415"]


def ask(pair: Pair, method: str, **headers: str) -> Response:
    """What the near session answers to a request inside the dialog."""
    assert pair.far._dialog is not None
    one = pair.far._dialog.request(method)
    for name, value in headers.items():
        one.headers.set(name.replace("_", "-"), value)
    return outside(pair.near, one)


def outside(session: InviteSession, request: Request) -> Response:
    request.via = [UDP_FAR.via(new_branch())]
    session.receive(again(request), 5.0)
    answer = session.outgoing()[-1]
    assert isinstance(answer, Response)
    return answer


def test_requests_that_a_site_does_not_follow() -> None:
    pair = Pair().up()
    assert ask(pair, "REFER").code == 603
    assert ask(pair, "NOTIFY").code == 481
    assert ask(pair, "SUBSCRIBE").code == 489
    message = ask(pair, "MESSAGE")
    assert message.code == 405
    assert "INVITE" in message.headers["Allow"]
    assert ask(pair, "PRACK").code == 481
    extension = ask(pair, "INVITE", Require="timer, foo")
    assert extension.code == 420
    assert extension.headers["Unsupported"] == "foo"
    options = ask(pair, "OPTIONS")
    assert options.code == 200
    assert "UPDATE" in options.headers["Allow"]
    small = ask(pair, "UPDATE", Supported="timer", Session_Expires="30")
    assert (small.code, small.headers["Min-SE"]) == (422, "90")
    assert not pair.near.over


def test_requests_from_outside_the_call_and_out_of_order() -> None:
    pair = Pair().up()
    dialog = pair.far._dialog
    assert dialog is not None
    dialog.cseq = 50
    assert ask(pair, "INFO").code == 200
    dialog.cseq = 40
    assert ask(pair, "INFO").code == 500
    dialog.cseq, dialog.call_id = 60, "another"
    assert ask(pair, "BYE").code == 481
    assert ask(pair, "INFO").code == 481
    assert not pair.near.over
    stranger = Pair().far
    stranger.call(ROOM, "offer", 0.0)
    (invite,) = stranger.outgoing()
    assert isinstance(invite, Request)
    assert outside(pair.near, invite).code == 486


def test_a_password_is_asked_for_and_given() -> None:
    near = InviteSession(TCP_NEAR, NEAR, authenticator=Authenticator("site", "secret"))
    near.call(ROOM, "offer 1", 0.0)
    (invite,) = near.outgoing()
    assert isinstance(invite, Request)
    no = response(invite, 401, "far")
    no.headers.set("WWW-Authenticate", 'Digest realm="mcu", nonce="n", qop="auth,auth-int"')
    near.receive(again(no), 0.1)
    ack, second = near.outgoing()
    assert names([ack, second]) == ["ACK", "INVITE"]
    assert isinstance(second, Request)
    assert second.cseq.sequence == 2
    assert second.call_id == invite.call_id
    assert second.headers["Via"] != invite.headers["Via"]
    assert 'username="site"' in second.headers["Authorization"]
    wrong = response(second, 401, "far")
    wrong.headers.set("WWW-Authenticate", 'Digest realm="mcu", nonce="m"')
    near.receive(again(wrong), 0.2)
    failed = only(near.take_events(), Failed)
    assert failed.response is not None
    assert failed.response.code == 401
    yes = InviteSession(TCP_NEAR, NEAR, authenticator=Authenticator("site", "secret"))
    assert "secret" not in repr(yes)


def progress(invite: Request, tag: str, rseq: int) -> Response:
    one = response(invite, 183, tag)
    one.headers.set("Contact", f"<sip:{tag}@192.0.2.9>")
    one.headers.set("Require", "100rel")
    one.headers.set("RSeq", str(rseq))
    carry(one, f"sdp {tag}")
    return one


def test_a_fork_with_reliable_answers() -> None:
    near = InviteSession(TCP_NEAR, NEAR)
    near.call(ROOM, "offer", 0.0)
    (invite,) = near.outgoing()
    assert isinstance(invite, Request)
    for tag in ("one", "two"):
        near.receive(again(progress(invite, tag, 7)), 0.1)
        near.receive(again(progress(invite, tag, 7)), 0.1)
    pracks = near.outgoing()
    assert names(pracks) == ["PRACK", "PRACK"]
    assert pracks[0].headers["RAck"] == "7 1 INVITE"
    assert isinstance(pracks[1], Request)
    assert pracks[1].uri.user == "two"
    for prack in pracks:
        assert isinstance(prack, Request)
        near.receive(again(response(prack, 200, "x")), 0.2)
    for tag in ("two", "one"):
        yes = response(invite, 200, tag)
        yes.headers.set("Contact", f"<sip:{tag}@192.0.2.9>")
        near.receive(again(yes), 0.3)
    out = near.outgoing()
    assert names(out) == ["ACK", "ACK", "BYE"]
    assert isinstance(out[2], Request)
    assert out[2].uri.user == "one"
    established = [event for event in near.take_events() if isinstance(event, Established)]
    assert [event.sdp for event in established] == ["sdp two"]
