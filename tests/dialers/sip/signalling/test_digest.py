"""Digest by the examples of RFC 7616 and by servers' habits."""

import hashlib
import re

import pytest
from sipmessage import Request, Response

from appliance.dialers.sip.signalling.digest import Authenticator, Challenge
from appliance.dialers.sip.signalling.message import response
from tests.dialers.sip.signalling.wire import invite

MD5 = 'Digest realm="mcu", nonce="n1", qop="auth,auth-int", algorithm=MD5, opaque="o,=\\"x"'
SHA = 'Digest realm="mcu",nonce="n2",qop="auth",algorithm=SHA-256'


def refusal(code: int = 401, www: tuple[str, ...] = (), proxy: tuple[str, ...] = ()) -> Response:
    one = response(invite(), code, "far")
    one.headers.setlist("WWW-Authenticate", list(www))
    one.headers.setlist("Proxy-Authenticate", list(proxy))
    return one


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def signed(authenticator: Authenticator, header: str = "Authorization") -> dict[str, str]:
    request: Request = invite()
    authenticator.authorise(request)
    text = request.headers.get(header) or ""
    return {k: v.strip('"') for k, v in re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)', text)}


def test_a_challenge_with_commas_in_quotes() -> None:
    one = Challenge.parse(MD5)
    assert one == Challenge("mcu", "n1", "MD5", 'o,="x', qop=True)


@pytest.mark.parametrize(
    "text",
    [
        'Basic realm="x"',
        'Digest realm="x"',
        'Digest realm="x",nonce="n",algorithm=ROT13',
        'Digest realm="x",nonce="n",qop="auth-int"',
        "",
    ],
)
def test_what_cannot_be_answered(text: str) -> None:
    assert Challenge.parse(text) is None


def test_the_strongest_is_answered_and_uses_are_counted() -> None:
    one = Authenticator("site", "secret")
    assert one.challenged(refusal(www=(MD5, SHA)), 0)
    first, second = signed(one), signed(one)
    assert (first["algorithm"], first["nc"], second["nc"]) == ("SHA-256", "00000001", "00000002")
    assert first["cnonce"] != second["cnonce"]


def test_the_sum_is_the_one_of_rfc_2617() -> None:
    one = Authenticator("site", "secret")
    assert one.challenged(refusal(www=('Digest realm="mcu", nonce="n1"',)), 0)
    found = signed(one)
    ha1 = md5("site:mcu:secret")
    ha2 = md5("INVITE:sip:1000@mcu.example.vn")
    assert found["response"] == md5(f"{ha1}:n1:{ha2}")
    assert "qop" not in found


def test_a_stale_nonce_is_replaced_and_a_wrong_password_is_not_tried_again() -> None:
    one = Authenticator("site", "secret")
    assert one.challenged(refusal(www=(SHA,)), 0)
    assert one.challenged(refusal(www=(SHA.replace("n2", "n3") + ",stale=TRUE",)), 1)
    assert signed(one)["nonce"] == "n3"
    assert not one.challenged(refusal(www=(SHA.replace("n2", "n4"),)), 2)
    assert not Authenticator().challenged(refusal(www=(SHA,)), 0)


def test_a_nonce_that_ran_out_between_two_requests_is_replaced() -> None:
    one = Authenticator("site", "secret")
    assert one.challenged(refusal(www=(SHA,)), 0)
    assert one.challenged(refusal(www=(SHA.replace("n2", "n9"),)), 0)
    assert signed(one)["nonce"] == "n9"


def test_a_proxy_and_the_server_behind_it() -> None:
    one = Authenticator("site", "secret")
    assert one.challenged(refusal(407, proxy=(SHA.replace("mcu", "proxy"),)), 0)
    assert one.challenged(refusal(401, www=(MD5,)), 1)
    assert signed(one)["realm"] == "mcu"
    assert signed(one, "Proxy-Authorization")["realm"] == "proxy"
    assert one.challenged(refusal(www=(MD5,), proxy=(SHA,)), 0)


def test_no_secret_is_shown() -> None:
    one = Authenticator("site", "secret")
    one.challenged(refusal(www=(MD5,)), 0)
    signed(one)
    assert "secret" not in repr(one)
    assert "response" not in repr(one)
