"""Registration by lists of messages."""

from sipmessage import URI, Request, Response

from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.message import response
from appliance.dialers.sip.signalling.registration import Registration, RegistrationState
from tests.dialers.sip.signalling.sessions import NEAR
from tests.dialers.sip.signalling.wire import TCP_NEAR, again


def registration() -> Registration:
    one = Registration(
        TCP_NEAR, NEAR, URI.parse("sip:example.vn"), Authenticator("ia-kly", "secret")
    )
    one.begin(0.0)
    return one


def sent(one: Registration) -> Request:
    (message,) = one.outgoing()
    assert isinstance(message, Request)
    return message


def reply(one: Registration, code: int, now: float, **headers: str) -> Request:
    """Answer the request that is out; gives that request."""
    asked = sent(one)
    answer = response(asked, code, "registrar")
    for name, value in headers.items():
        answer.headers.set(name.replace("_", "-"), value)
    there = again(answer)
    assert isinstance(there, Response)
    one.receive(there, now)
    return asked


def test_a_password_a_longer_time_a_refresh_and_the_end() -> None:
    one = registration()
    first = reply(one, 401, 0.0, WWW_Authenticate='Digest realm="r", nonce="n"')
    assert "Authorization" not in first.headers.keys()  # noqa: SIM118 - no mapping
    second = reply(one, 423, 0.1, Min_Expires="900")
    assert "Authorization" in second.headers.keys()  # noqa: SIM118 - no mapping
    contact = "<sip:ia-kly@192.0.2.1:5062;transport=tcp>;expires=100, <sip:x@y>;expires=5"
    third = reply(one, 200, 0.2, Contact=contact)
    assert third.headers["Expires"] == "900"
    assert third.cseq.sequence == 3
    assert one.state is RegistrationState.REGISTERED
    assert one.next_timer() == 75.2
    one.on_timer(75.2)
    reply(one, 200, 76.0, Expires="900")
    one.end(80.0)
    assert reply(one, 200, 80.0).headers["Expires"] == "0"
    assert str(one.state) == "ended"
    assert one.next_timer() is None


def test_refused_and_unheard() -> None:
    one = registration()
    reply(one, 403, 0.0)
    assert one.state is RegistrationState.REFUSED
    assert one.failure is not None
    other = registration()
    other.on_timer(40.0)
    assert other.state is RegistrationState.REFUSED
    assert other.failure is None


def test_a_refresh_that_fails_is_tried_again() -> None:
    one = registration()
    reply(one, 200, 0.0, Expires="600")
    one.on_timer(475.0)
    reply(one, 503, 475.0)
    assert one.state is RegistrationState.REGISTERED
    assert one.next_timer() == 505.0
