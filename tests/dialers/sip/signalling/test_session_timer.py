"""Session timers in both roles."""

from sipmessage import Request, Response

from appliance.dialers.sip.signalling.message import response
from appliance.dialers.sip.signalling.session_timer import Due, SessionTimer
from tests.dialers.sip.signalling.wire import invite


def asked(expires: str, supported: str = "timer") -> Request:
    one = invite()
    one.headers.set("Supported", supported)
    one.headers.set("Session-Expires", expires)
    return one


def yes(expires: str = "") -> Response:
    one = response(invite(), 200, "far")
    if expires:
        one.headers.set("Session-Expires", expires)
    return one


def test_we_refresh_at_half_time() -> None:
    timer = SessionTimer()
    timer.agreed(yes("90;refresher=uac"), 0.0)
    assert timer.next_timer() == 45.0
    assert timer.due(44.0) is None
    assert timer.due(45.0) is Due.REFRESH
    timer.agreed(yes("90;refresher=uac"), 46.0)
    assert timer.next_timer() == 91.0
    assert timer.refreshes == 1
    assert timer.due(91.0) is Due.REFRESH
    assert timer.due(136.0) is Due.EXPIRED
    assert timer.next_timer() is None


def test_they_refresh_or_the_call_ends_early() -> None:
    timer = SessionTimer()
    timer.agreed(yes("90;refresher=uas"), 0.0)
    assert timer.next_timer() == 60.0
    timer.answer(asked("90;refresher=uac"), yes(), 50.0)
    assert timer.next_timer() == 110.0
    assert timer.due(110.0) is Due.EXPIRED


def test_a_far_end_without_timers() -> None:
    timer = SessionTimer()
    timer.agreed(yes(), 0.0)
    assert timer.next_timer() is None


def test_too_small_for_them_and_for_us() -> None:
    timer = SessionTimer(wanted=90)
    small = response(invite(), 422, "far")
    assert not timer.too_small(small)
    small.headers.set("Min-SE", "600")
    assert timer.too_small(small)
    again = invite()
    timer.ask(again, first=True)
    assert again.headers["Session-Expires"] == "600"
    assert again.headers["Min-SE"] == "600"
    assert not timer.too_small(small)
    assert SessionTimer().refuses(asked("60"))
    assert not SessionTimer().refuses(asked("90"))
    assert not SessionTimer().refuses(asked("60", supported="100rel"))


def test_who_is_asked_says_who_refreshes() -> None:
    for expires, supported, role in [
        ("1800", "timer", "uac"),
        ("1800;refresher=uas", "timer", "uas"),
        ("1800", "replaces", "uas"),
    ]:
        timer, answer = SessionTimer(), yes()
        timer.answer(asked(expires, supported), answer, 0.0)
        assert answer.headers["Session-Expires"] == f"1800;refresher={role}"
        assert timer.ours == (role == "uas")


def test_the_role_is_kept_in_a_refresh() -> None:
    timer = SessionTimer()
    timer.agreed(yes("90;refresher=uas"), 0.0)
    request = invite()
    timer.ask(request, first=False)
    assert request.headers["Session-Expires"] == "90;refresher=uas"
