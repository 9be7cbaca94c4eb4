"""Long calls without a socket: refreshed for hours, ended where the far end has vanished."""

from appliance.dialers.sip.signalling.events import Ended, Failed, Incoming
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from tests.dialers.sip.signalling.sessions import Pair, only
from tests.dialers.sip.signalling.wire import ROOM


def test_a_longer_session_is_asked_for_where_ours_is_too_short() -> None:
    pair = Pair(near_timer=SessionTimer(wanted=90), far_timer=SessionTimer(least=300))
    pair.near.call(ROOM, "offer 1", 0.0)
    pair.wire.settle()
    assert pair.log == ["> INVITE", "< 100", "< 422", "> ACK", "> INVITE", "< 100"]
    only(pair.far.take_events(), Incoming)


def test_the_session_is_refreshed_for_hours() -> None:
    pair = Pair(near_timer=SessionTimer(wanted=90)).up()
    pair.wire.run(4 * 3600.0)
    assert set(pair.log) == {"> UPDATE", "< 200"}
    assert pair.near.refreshes > 300
    assert not pair.near.over
    assert pair.near.take_events() == []


def test_the_session_is_refreshed_by_re_invite_where_update_is_not_known() -> None:
    pair = Pair(near_timer=SessionTimer(wanted=90)).up()
    assert pair.near._dialog is not None
    pair.near._dialog.takes_update = False
    pair.wire.run(50.0)
    assert pair.log[0] == "> INVITE"
    assert pair.far.take_events() == [], "an unchanged offer troubles nobody"
    assert pair.log[1:] == ["< 100", "< 200", "> ACK"]


def test_a_far_end_that_vanished_ends_the_call() -> None:
    gone = [False]
    pair = Pair(near_timer=SessionTimer(wanted=90), lose=lambda line: gone[0]).up()
    gone[0] = True
    pair.wire.run(200.0)
    assert not only(pair.near.take_events(), Ended).far
    assert pair.near.over


def test_a_lost_connection_ends_the_call_once() -> None:
    pair = Pair().up()
    pair.near.offer("offer 2", 1.0)
    pair.near.lost(2.0)
    assert not only(pair.near.take_events(), Ended).far


def test_nobody_there() -> None:
    pair = Pair(lose=lambda line: True)
    pair.near.call(ROOM, "offer 1", 0.0)
    pair.wire.run(100.0)
    assert only(pair.near.take_events(), Failed).response is None
