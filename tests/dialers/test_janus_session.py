"""The Janus protocol as lists of messages."""

import json

from hypothesis import given
from hypothesis import strategies as st

from appliance.dialers.janus.session import (
    KEEPALIVE_INTERVAL_S,
    Answered,
    HungUp,
    JanusSession,
    MediaUp,
    Notified,
    Over,
    Refused,
    SlowLink,
)

PLUGIN = "janus.plugin.videoroom"


def opened() -> JanusSession:
    session = JanusSession()
    request = session.create(0.0)
    (event,) = session.receive(
        {"janus": "success", "transaction": request["transaction"], "data": {"id": 7}}
    )
    assert isinstance(event, Answered)
    session.number = event.data["id"]
    return session


def test_a_request_is_acknowledged_and_answered_by_an_event() -> None:
    session = opened()
    request = session.message(9, {"request": "configure"}, 1.0, {"type": "offer", "sdp": "v=0"})
    assert request["session_id"] == 7
    assert request["handle_id"] == 9
    transaction = request["transaction"]
    assert session.receive({"janus": "ack", "transaction": transaction}) == []
    told = {"plugin": PLUGIN, "data": {"videoroom": "event", "configured": "ok"}}
    event = {"janus": "event", "sender": 9, "transaction": transaction, "plugindata": told}
    event["jsep"] = {"type": "answer", "sdp": "v=0 answer"}
    assert session.receive(event) == [Answered(transaction, told["data"], "v=0 answer")]  # type: ignore[arg-type]


def test_an_event_that_nobody_asked_for_is_told() -> None:
    data = {"videoroom": "event", "leaving": 5}
    event = {"janus": "event", "sender": 9, "plugindata": {"plugin": PLUGIN, "data": data}}
    assert opened().receive(event) == [Notified(9, data)]


def test_errors_of_the_gateway_and_of_the_room() -> None:
    session = opened()
    one = session.attach(0.0)["transaction"]
    error = {"code": 460, "reason": "No such plugin"}
    assert session.receive({"janus": "error", "transaction": one, "error": error}) == [
        Refused(one, 460, "No such plugin")
    ]
    two = session.message(9, {"request": "join"}, 0.0, None)["transaction"]
    data = {"videoroom": "event", "error_code": 426, "error": "No such room (1)"}
    event = {"janus": "event", "sender": 9, "transaction": two, "plugindata": {"data": data}}
    assert session.receive(event) == [Refused(two, 426, "No such room (1)")]


def test_notices() -> None:
    session = opened()
    slow = {"janus": "slowlink", "sender": 9, "uplink": True, "media": "video", "lost": 3}
    assert session.receive({"janus": "webrtcup", "sender": 9}) == [MediaUp(9)]
    assert session.receive({"janus": "hangup", "sender": 9, "reason": "x"}) == [HungUp(9, "x")]
    assert session.receive(slow) == [SlowLink(9, True, "video", 3)]
    assert isinstance(session.receive({"janus": "timeout", "session_id": 7})[0], Over)
    assert session.receive({"janus": "media", "sender": 9, "type": "video"}) == []


def test_keepalive_counts_from_the_last_thing_said() -> None:
    session = opened()
    session.attach(100.0)
    assert session.keepalive_at() == 100.0 + KEEPALIVE_INTERVAL_S
    session.keepalive(session.keepalive_at())
    assert session.keepalive_at() == 100.0 + 2 * KEEPALIVE_INTERVAL_S


def test_transactions_differ() -> None:
    session = opened()
    said = [session.keepalive(0.0), session.claim(0.0), session.destroy(0.0), session.attach(0.0)]
    assert len({one["transaction"] for one in said}) == len(said)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
KEYS = ("janus", "transaction", "sender", "jsep", "plugindata", "data", "error", "reason", "lost")
VERBS = st.sampled_from(["event", "success", "error", "hangup", "slowlink", "timeout", "ack"])


@given(st.dictionaries(st.sampled_from(KEYS), JSON), VERBS)
def test_no_message_breaks_it(message: dict[str, object], verb: str) -> None:
    message["janus"] = verb
    json.dumps(message)
    opened().receive(message)


def test_a_description_that_is_no_text_is_none() -> None:
    for sdp in (None, 5, ["v=0"]):
        event = {"janus": "event", "sender": 9, "jsep": {"type": "offer", "sdp": sdp}}
        assert opened().receive(event) == [Notified(9, {}, "")]
