"""Transactions by lists of messages and times."""

import pytest
from sipmessage import Address, Message, Parameters, Request

from appliance.dialers.sip.signalling.message import Local, new_branch, response
from appliance.dialers.sip.signalling.transactions import (
    AckReceived,
    AckTimeout,
    CancelReceived,
    RequestReceived,
    ResponseReceived,
    TransactionEvent,
    Transactions,
    TransactionTimeout,
)
from tests.dialers.sip.signalling.wire import (
    ROOM,
    TCP_FAR,
    TCP_NEAR,
    UDP_FAR,
    UDP_NEAR,
    again,
    invite,
    names,
    other,
)


def client(local: Local, request: Request) -> Transactions:
    """Transactions that have sent ``request``."""
    one = Transactions(local)
    one.send(request, 0.0)
    return one


def server(local: Local, request: Request) -> tuple[Transactions, Request]:
    """Transactions that were asked ``request``, as the far end sees it."""
    one = Transactions(local)
    if not request.via:
        request.via = [UDP_NEAR.via(new_branch())]
    events = one.receive(again(request), 0.0)
    assert [type(event) for event in events] == [RequestReceived]
    assert isinstance(events[0], RequestReceived)
    return one, events[0].request


def sent(one: Transactions, until: float) -> tuple[list[tuple[float, str]], list[TransactionEvent]]:
    """Everything that goes out until then, with its second, and the events."""
    times = [(0.0, name) for name in names(one.outgoing())]
    events: list[TransactionEvent] = []
    while (at := one.next_timer()) is not None and at <= until:
        events += one.on_timer(at)
        times += [(at, name) for name in names(one.outgoing())]
    return times, events


def test_an_unanswered_invite_is_repeated_for_32_seconds() -> None:
    one = client(UDP_NEAR, invite())
    times, events = sent(one, 100.0)
    assert [at for at, _ in times] == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert [type(event) for event in events] == [TransactionTimeout]
    assert one.next_timer() is None


def test_an_unanswered_bye_is_repeated_every_four_seconds() -> None:
    times, events = sent(client(UDP_NEAR, other("BYE")), 100.0)
    assert [at for at, _ in times][:6] == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5]
    assert times[-1][0] == 31.5
    assert [type(event) for event in events] == [TransactionTimeout]


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_over_tcp_nothing_is_repeated(method: str) -> None:
    one = client(TCP_NEAR, invite() if method == "INVITE" else other(method))
    times, events = sent(one, 100.0)
    assert [name for _, name in times] == [method]
    assert [type(event) for event in events] == [TransactionTimeout]


def test_a_far_end_may_ring_for_long() -> None:
    request = invite()
    one = client(UDP_NEAR, request)
    one.outgoing()
    assert one.receive(again(response(request, 180, "far")), 1.0)
    assert sent(one, 500.0) == ([], [])


def test_a_refused_invite_is_acknowledged_as_often_as_refused() -> None:
    request = invite()
    one = client(UDP_NEAR, request)
    one.outgoing()
    no = response(request, 486, "far")
    assert [type(event) for event in one.receive(again(no), 1.0)] == [ResponseReceived]
    assert one.receive(again(no), 1.5) == []
    acks = one.outgoing()
    assert names(acks) == ["ACK", "ACK"]
    for ack in acks:
        assert ack.headers["Via"] == request.headers["Via"]
        assert "far" in ack.headers["To"]
        assert ack.cseq.sequence == request.cseq.sequence
    assert sent(one, 33.0) == ([], [])
    assert one.receive(again(no), 40.0) == []
    assert one.outgoing() == []


def test_a_repeated_2xx_is_acknowledged_again() -> None:
    request = invite()
    one = client(TCP_NEAR, request)
    one.outgoing()
    yes = response(request, 200, "far")
    assert [type(event) for event in one.receive(again(yes), 1.0)] == [ResponseReceived]
    ack = other("ACK")
    ack.to_address = Address(ROOM, parameters=Parameters(tag="far"))
    one.acknowledge(request, ack)
    branch = ack.headers["Via"]
    assert one.receive(again(yes), 2.0) == []
    acks = one.outgoing()
    assert names(acks) == ["ACK", "ACK"]
    assert {one.headers["Via"] for one in acks} == {branch}
    assert branch != request.headers["Via"]


def test_a_2xx_of_another_branch_of_a_fork_is_news() -> None:
    request = invite()
    one = client(UDP_NEAR, request)
    assert one.receive(again(response(request, 200, "first")), 1.0)
    ack = other("ACK")
    ack.to_address = Address(ROOM, parameters=Parameters(tag="first"))
    one.acknowledge(request, ack)
    events = one.receive(again(response(request, 200, "second")), 1.1)
    assert [type(event) for event in events] == [ResponseReceived]


def test_cancel_waits_for_a_provisional_answer() -> None:
    request = invite()
    one = client(UDP_NEAR, request)
    one.cancel(request, 0.1)
    assert names(one.outgoing()) == ["INVITE"]
    one.receive(again(response(request, 180, "far")), 0.2)
    (cancel,) = one.outgoing()
    assert names([cancel]) == ["CANCEL"]
    assert cancel.headers["Via"] == request.headers["Via"]
    assert one.receive(again(response(again_request(cancel), 200, "x")), 0.3) == []
    events = one.receive(again(response(request, 487, "far")), 0.4)
    assert [type(event) for event in events] == [ResponseReceived]


def again_request(message: Message) -> Request:
    one = again(message)
    assert isinstance(one, Request)
    return one


def test_a_cancelled_invite_without_any_end_is_given_up() -> None:
    request = invite()
    one = client(TCP_NEAR, request)
    one.receive(again(response(request, 180, "far")), 1.0)
    one.cancel(request, 2.0)
    assert any(isinstance(event, TransactionTimeout) for event in sent(one, 100.0)[1])


def test_a_lost_connection_ends_what_is_open() -> None:
    one = client(TCP_NEAR, invite())
    assert [type(event) for event in one.abandon()] == [TransactionTimeout]
    assert one.next_timer() is None


def test_an_invite_is_answered_with_100_and_a_repetition_with_the_last_answer() -> None:
    one, request = server(UDP_FAR, invite())
    assert names(one.outgoing()) == ["100"]
    assert one.receive(again(request), 0.1) == []
    one.answer(request, response(request, 180, "far"), 0.2)
    assert one.receive(again(request), 0.3) == []
    assert names(one.outgoing()) == ["100", "180", "180"]


def test_a_refusal_is_repeated_until_its_ack() -> None:
    one, request = server(UDP_FAR, invite())
    one.answer(request, response(request, 486, "far"), 0.0)
    assert [at for at, _ in sent(one, 4.0)[0]] == [0.0, 0.0, 0.5, 1.5, 3.5]
    ack = other("ACK")
    ack.headers.set("Via", request.headers["Via"])
    assert one.receive(again(ack), 4.0) == []
    assert sent(one, 100.0) == ([], [])


@pytest.mark.parametrize("local", [UDP_FAR, TCP_FAR])
def test_a_2xx_is_repeated_until_its_ack_on_every_transport(local: Local) -> None:
    one, request = server(local, invite())
    one.answer(request, response(request, 200, "far"), 0.0)
    assert [at for at, _ in sent(one, 8.0)[0]] == [0.0, 0.0, 0.5, 1.5, 3.5, 7.5]
    ack = other("ACK")
    ack.via = [UDP_NEAR.via(new_branch())]
    events = one.receive(again(ack), 8.0)
    assert [type(event) for event in events] == [AckReceived]
    assert one.receive(again(ack), 8.1) == []
    assert sent(one, 100.0) == ([], [])


def test_a_2xx_without_ack_ends_the_session() -> None:
    one, request = server(UDP_FAR, invite())
    one.answer(request, response(request, 200, "far"), 0.0)
    assert [type(event) for event in sent(one, 100.0)[1]] == [AckTimeout]


def test_a_cancel_is_answered_and_told() -> None:
    one, request = server(UDP_FAR, invite())
    cancel = other("CANCEL")
    cancel.headers.set("Via", request.headers["Via"])
    assert [type(event) for event in one.receive(again(cancel), 0.1)] == [CancelReceived]
    one.answer(request, response(request, 487, "far"), 0.1)
    assert names(one.outgoing()) == ["100", "200", "487"]
    late = other("CANCEL", 9)
    late.via = [UDP_NEAR.via(new_branch())]
    assert one.receive(again(late), 0.2) == []
    assert names(one.outgoing()) == ["481"]


def test_a_repeated_bye_gets_the_same_answer() -> None:
    one, request = server(UDP_FAR, other("BYE"))
    one.answer(request, response(request, 200, "far"), 0.0)
    assert one.receive(again(request), 1.0) == []
    assert names(one.outgoing()) == ["200", "200"]


def test_a_flood_of_requests_is_bounded() -> None:
    one = Transactions(UDP_FAR)
    for number in range(1, 1000):
        request = other("OPTIONS", number)
        request.via = [UDP_NEAR.via(new_branch())]
        one.receive(again(request), 0.0)
    assert set(names(one.outgoing())) == {"503"}
