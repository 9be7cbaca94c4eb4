"""Addresses: the forms that can be dialled, what is wrong with others, and no secret ever shown."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.wire.address import Address, AddressError, addresses_in, shown

ROUND = [
    "sip:724999@mcu.gialai.gov.vn;transport=tls",
    "sips:hop@10.0.0.7:5071",
    "sip:mcu.gialai.gov.vn",
    "sip:1@[2001:db8::7]:5060;lr;transport=tcp",
    "janus+wss://hop.gialai.gov.vn/janus?room=1234",
    "janus+ws://localhost:8188/?room=1&pin=a%26b%20c",
    "janus+wss://hop:8989/a/b?room=ph%C3%B2ng%201&pin=1&token=x",
    "janus+ws://127.0.0.1:8188?room=1",
    "loopback:",
    "loopback:echo",
]
WRONG = {
    "https://meet.example/x": "no scheme that can be dialled",
    "": "no scheme",
    "724999": "no scheme",
    "sip:": "is no host",
    "sip:1@": "is no host",
    "sip:1@phòng.vn": "xn--",
    "sip:a:matkhau@mcu": "password",
    "sip:1@mcu:99999": "port 99999",
    "sip:1@mcu?Subject=x": "no headers",
    "sip:1@mcu;tr ansport=tls": "spaces",
    "sip:1@mcu;=tls": "malformed",
    "janus+wss://hop/janus": "no room",
    "janus+wss://hop/janus?room=": "no room",
    "janus+wss:hop?room=1": "after '://'",
    "janus+wss://a:b@hop?room=1": "without name",
    "janus+wss://[::1?room=1": "cannot be read",
    "janus+wss://hop:0/?room=1": "port 0",
    "loopback:a/b": "letters",
    "sip:" + "1" * 2000 + "@mcu": "too long",
}


@pytest.mark.parametrize("text", ROUND)
def test_round(text: str) -> None:
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize(("text", "part"), WRONG.items())
def test_wrong_says_what_and_what_is_right(text: str, part: str) -> None:
    with pytest.raises(AddressError, match=part) as caught:
        Address.parse(text)
    assert any(right in str(caught.value) for right in ("sip:", "janus+wss:", "loopback:"))
    assert "matkhau" not in str(caught.value)


def test_parts() -> None:
    sip = Address.parse(" SIP:724999@MCU.GiaLai.gov.vn:5061;Transport=tls ")
    assert (sip.scheme, sip.user, sip.host, sip.port) == (
        "sip",
        "724999",
        "mcu.gialai.gov.vn",
        5061,
    )
    assert sip.parameter("transport") == "tls"
    assert sip.parameter("maddr", "none") == "none"
    assert not sip.url
    janus = Address.parse("janus+wss://hop.vn:8989/janus?pin=99&room=12&x=1")
    assert (janus.room, janus.pin, janus.url) == ("12", "99", "wss://hop.vn:8989/janus")
    assert janus.parameter("X") == "1"


def test_no_secret_is_shown() -> None:
    text = "janus+wss://hop.vn/janus?room=12&pin=bimat&token=bimat"
    address = Address.parse(text)
    assert str(address) == text
    assert "bimat" not in repr(address) + address.shown + shown(text)
    assert address.shown == "janus+wss://hop.vn/janus?room=12&pin=***&token=***"
    assert shown("https://hop.vn/x?pwd=bimat") == "https://hop.vn/x"
    assert not shown("")


def test_addresses_in_a_sentence() -> None:
    text = (
        "Gọi sip:1@mcu.vn, hoặc (janus+ws://hop:8188/?room=7). Không gọi https://x.vn, gossip:2@mcu"
    )
    assert [str(a) for a in addresses_in(text)] == ["sip:1@mcu.vn", "janus+ws://hop:8188/?room=7"]
    assert addresses_in("sip:@ và janus+ws://hop") == []


label = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
MCU = "sip:7249@mcu.gialai.gov.vn"


@pytest.mark.case("P4")
@pytest.mark.parametrize(
    "text",
    ["sip:7249%40mcu.gialai.gov.vn", "sip:7249 @mcu.gialai.gov.vn", "sip:7249 @ mcu.gialai.gov.vn",
     "sip:phòng@mcu.gialai.gov.vn", "sip:p.họp@mcu.gialai.gov.vn", "sip:7249@họp.gialai.gov.vn",
     "sip:a.b%40mcu.gialai.gov.vn", "sip:a.b @mcu.gialai.gov.vn", "sip:72 49 99@mcu.gialai.gov.vn",
     "sip:7249", "sip:7249#1234@mcu.gialai.gov.vn", "sip:7249@10.20.30", "sip:7249@10.20.30.400",
     "sip:7249@010.020.030.040", "sip:7249@2130706433", "sip:abc, xem bên dưới",
     "sip:7249@phong.họp.gov.vn", "janus+wss://hop.vn/janus?room=Phòng",
     "janus+wss://hop.vn/janus?room=1&pin=Mật"],
)  # fmt: skip
def test_half_an_address_is_none(text: str) -> None:
    assert addresses_in(text) == []


@pytest.mark.case("P4")
@pytest.mark.parametrize(
    "text",
    ["sip：7249@mcu.gialai.gov.vn", "sip:7249＠mcu.gialai.gov.vn",
     "sip:7249@mcu.\u200bgialai.\u200bgov.vn", "sip:7249@\u2060mcu.gialai\u00ad.gov.vn",
     f"{MCU}.Mã PIN: 12", f"{MCU}.PIN: 1234", f"{MCU}.PIN:1234", f"{MCU}.mời dự", f"{MCU}ở",
     f"{MCU}, sip:9@b.vn", f"{MCU}\u200bPhòng 2", "sip:9@10.0, rồi " + MCU],
)  # fmt: skip
def test_the_whole_address_and_nothing_behind_it(text: str) -> None:
    assert str(addresses_in(text)[0]) == MCU


named = st.lists(label, min_size=1, max_size=4).map(".".join)
# Digits alone are no host; behind a name they would be taken for an address of four numbers.
host = named.map(lambda name: f"{name}.vn") | st.sampled_from(["[2001:db8::1]", "10.0.0.7", "mcu"])
port = st.none() | st.integers(1, 65535)
text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12
)
names = label.filter(lambda name: name not in ("room", "pin"))


@given(
    st.sampled_from(["sip", "sips"]),
    host,
    port,
    st.text(string.ascii_letters + string.digits + "-_.!~*'()&=+$,;?/", max_size=12),
    st.lists(st.tuples(names, st.text(string.ascii_letters + "-.", max_size=5)), max_size=3),
)
def test_sip_round_trip(
    scheme: str, host: str, port: int | None, user: str, parameters: list[tuple[str, str]]
) -> None:
    address = Address(scheme, host, port, user=user, parameters=tuple(parameters))
    assert Address.parse(str(address)) == address


@given(
    st.sampled_from(["janus+ws", "janus+wss"]),
    host,
    port,
    st.lists(label, max_size=3).map(lambda parts: "".join(f"/{part}" for part in parts)),
    text,
    st.just("") | text,
    st.lists(st.tuples(names, text), max_size=2),
)
@example("janus+ws", "hop", None, "", "&=?#%+ ", "é/", [])
def test_janus_round_trip(
    scheme: str,
    host: str,
    port: int | None,
    path: str,
    room: str,
    pin: str,
    others: list[tuple[str, str]],
) -> None:
    address = Address(scheme, host, port, path=path, room=room, pin=pin, parameters=tuple(others))
    if len(str(address)) <= 1024:
        again = Address.parse(str(address))
        assert again == address
        assert again.pin == pin  # compared too, though never shown


@given(
    st.text(max_size=60) | st.text("sip:janus+w/@?;=&.[]%1é \0", max_size=40).map("sip:".__add__)
)
def test_any_text_is_an_address_or_an_address_error(text: str) -> None:
    try:
        address = Address.parse(text)
    except AddressError:
        return
    assert Address.parse(str(address)) == address
