"""A refresh that is refused: by re-INVITE instead of UPDATE, and once more before the end."""

from collections import deque

import pytest
from sipmessage import Request, Response

from appliance.dialers.sip.signalling.events import Ended
from appliance.dialers.sip.signalling.message import response
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from tests.dialers.sip.signalling.sessions import Pair, only
from tests.dialers.sip.signalling.wire import (
    TCP_FAR,
    TCP_NEAR,
    UDP_FAR,
    UDP_NEAR,
    again,
    invite,
    names,
)

pytestmark = pytest.mark.case("C9")
INTERVAL_S = 90


class Refusing:
    """A call whose far end refuses what ``code`` says, and is else as any."""

    def __init__(self, code: dict[str, list[int]], *, udp: bool = False) -> None:
        local = (UDP_NEAR, UDP_FAR) if udp else (TCP_NEAR, TCP_FAR)
        self.pair = Pair(local, near_timer=SessionTimer(wanted=INTERVAL_S)).up()
        self.code = code
        self.asked: list[str] = []
        self.now = 0.0

    def run(self, until: float) -> None:
        """Let the time pass; 0 of ``code`` is no answer, nothing left of it is a 200."""
        near = self.pair.near
        while True:
            self._carry()
            due = near.next_timer()
            if due is None or due > until:
                return
            self.now = max(self.now, due)
            near.on_timer(self.now)

    def _carry(self) -> None:
        messages = deque(self.pair.near.outgoing())
        while messages:
            message = messages.popleft()
            if not isinstance(message, Request) or message.method == "ACK":
                continue
            self.asked.append(f"{message.method} {self.now:.0f}")
            codes = self.code.get(message.method, [])
            code = (codes.pop(0) if len(codes) > 1 else codes[0]) if codes else 200
            if not code:
                continue
            answer = response(again(message), code, "")  # type: ignore[arg-type]
            answer.headers.set("Allow", "INVITE, ACK, BYE, UPDATE")
            if code == 200 and message.method != "BYE":
                answer.headers.set("Session-Expires", f"{INTERVAL_S};refresher=uac")
            there = again(answer)
            assert isinstance(there, Response)
            self.pair.near.receive(there, self.now)
            messages += self.pair.near.outgoing()


@pytest.mark.parametrize("code", [400, 403, 405, 408, 415, 420, 481, 488, 500, 501, 503, 603])
def test_an_update_that_is_refused_is_followed_by_a_re_invite(code: int) -> None:
    one = Refusing({"UPDATE": [code]})
    one.run(200.0)
    assert one.asked == ["UPDATE 45", "INVITE 45", "INVITE 90", "INVITE 135", "INVITE 180"]
    assert not one.pair.near.over
    assert one.pair.near.take_events() == []


def test_an_update_that_nobody_answers_is_followed_by_a_re_invite() -> None:
    one = Refusing({"UPDATE": [0]})
    one.run(130.0)
    assert one.asked == ["UPDATE 45", "INVITE 77", "INVITE 122"]
    assert not one.pair.near.over


@pytest.mark.parametrize("code", [403, 488, 500, 503])
def test_what_is_refused_is_tried_again_before_the_session_ends(code: int) -> None:
    one = Refusing({"UPDATE": [405], "INVITE": [code, code, 200]})
    one.run(89.0)
    assert [line.split()[0] for line in one.asked] == ["UPDATE", "INVITE", "INVITE", "INVITE"]
    one.run(100.0)
    assert not one.pair.near.over


def test_a_far_end_that_refuses_all_ends_at_the_interval_after_a_few_tries() -> None:
    one = Refusing({"UPDATE": [501], "INVITE": [500]})
    one.run(200.0)
    assert not only(one.pair.near.take_events(), Ended).far
    assert one.asked[-1] == "BYE 90"
    assert 3 <= len(one.asked) <= 12


def test_a_far_end_that_forgot_the_call_ends_it() -> None:
    one = Refusing({"UPDATE": [481], "INVITE": [481]})
    one.run(50.0)
    assert "481" in only(one.pair.near.take_events(), Ended).why


def test_another_request_that_is_sent_again_frees_no_open_offer() -> None:
    """An INFO that wants a password once let a second re-INVITE out beside the first."""
    pair = Pair().up()
    pair.near.offer("one", 1.0)
    (offer,) = pair.near.outgoing()
    pair.near.inform("application/dtmf", "1", 1.0)
    (info,) = pair.near.outgoing()
    assert isinstance(info, Request)
    no = response(again(info), 401, "")  # type: ignore[arg-type]
    no.headers.set("WWW-Authenticate", 'Digest realm="r", nonce="n"')
    pair.near.receive(again(no), 1.1)
    pair.near.offer("two", 1.2)
    assert names(pair.near.outgoing()) == [], "the first is still open"
    assert isinstance(offer, Request)
    yes = response(again(offer), 200, "")  # type: ignore[arg-type]
    pair.near.receive(again(yes), 1.3)
    pair.near.on_timer(3.0)
    assert names(pair.near.outgoing()) == ["ACK", "INVITE"]


def test_a_proxy_that_answers_for_a_far_end_that_takes_no_info_ends_nothing() -> None:
    one = Refusing({"INFO": [408]})
    one.pair.near.inform("application/dtmf", "1", 1.0)
    one.run(50.0)
    assert one.pair.near.take_events() == []
    assert not one.pair.near.over


@pytest.mark.parametrize("code", [408, 481])
def test_a_call_that_ends_by_a_refused_offer_leaves_no_ghost(code: int) -> None:
    one = Refusing({"INVITE": [code]})
    one.pair.near.offer("offer 2", 1.0)
    one.run(50.0)
    assert str(code) in only(one.pair.near.take_events(), Ended).why
    assert [line.split()[0] for line in one.asked] == ["INVITE", "BYE"]


@pytest.mark.parametrize("role", ['"uas"', " uas ", "UAS", "b2bua", "", "none"])
def test_whoever_is_named_to_refresh_somebody_does(role: str) -> None:
    asked = invite()
    asked.headers.set("Session-Expires", f"1800;refresher={role}")
    asked.headers.set("Supported", "timer")
    timer, answer = SessionTimer(), response(asked, 200, "")
    timer.answer(asked, answer, 0.0)
    said = answer.headers["Session-Expires"]
    assert said == f"1800;refresher={'uas' if timer.ours else 'uac'}"
    assert timer.ours is ("uas" in role.lower())
