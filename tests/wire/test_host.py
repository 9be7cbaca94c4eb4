"""What names a machine of the network, and what makes the libraries raise when it is dialled."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.address import Address, AddressError
from appliance.wire.host import HostProblem, host_problem, is_port, url_problem

IMPOSSIBLE = [
    ("xn--", HostProblem.PUNYCODE), ("xn--.vn", HostProblem.PUNYCODE), ("", HostProblem.EMPTY),
    ("hop.xn--.vn", HostProblem.PUNYCODE), ("xn--a-\u00ff", HostProblem.PUNYCODE),
    ("a..vn", HostProblem.LETTERS), (".vn", HostProblem.LETTERS), ("vn.", HostProblem.LETTERS),
    ("-a.vn", HostProblem.LETTERS), ("a-.vn", HostProblem.LETTERS), ("a b", HostProblem.LETTERS),
    ("h\u200b.vn", HostProblem.LETTERS), ("hộp.vn", HostProblem.LETTERS),
    ("a" * 64 + ".vn", HostProblem.LETTERS), ("a." * 130 + "vn", HostProblem.LONG),
    ("[::1", HostProblem.BRACKETS), ("::1]", HostProblem.BRACKETS), ("[x]", HostProblem.BRACKETS),
    ("[v1.x]", HostProblem.BRACKETS), ("[fe80::1%eth0]", HostProblem.BRACKETS),
    ("*.vn", HostProblem.LETTERS), ("a@b.vn", HostProblem.LETTERS), ("a,b", HostProblem.LETTERS),
    ("10.20.30", HostProblem.DIGITS), ("10.0.0.256", HostProblem.DIGITS),
    ("010.20.30.40", HostProblem.DIGITS), ("724999", HostProblem.DIGITS),
    ("0x7f000001", HostProblem.DIGITS), ("127.1", HostProblem.DIGITS), ("a.1", HostProblem.DIGITS),
    ("mcu.vn:5061", HostProblem.LETTERS), ("https://mcu.vn", HostProblem.LETTERS),
]  # fmt: skip


@pytest.mark.case("K4", "P12")
@pytest.mark.parametrize(("host", "problem"), IMPOSSIBLE)
def test_a_host_that_cannot_be(host: str, problem: HostProblem) -> None:
    assert host_problem(host) is problem
    for text in (f"sip:1@{host}", f"janus+wss://{host}/janus?room=1"):
        if ":5061" not in host and "@" not in host:
            with pytest.raises(AddressError):
                Address.parse(text)


@pytest.mark.parametrize(
    "host",
    ["mcu.gialai.gov.vn", "MCU.vn", "rmx_2000", "10.0.0.7", "[::1]", "[2001:db8::1]", "localhost",
     "xn--hp-gua.vn", "1.vn", "a" * 63],
)  # fmt: skip
def test_a_host(host: str) -> None:
    assert host_problem(host) is None
    assert Address.parse(f"sip:1@{host}:5061").host == host.lower()


@pytest.mark.case("K4")
@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://h.vn:99999/a", HostProblem.PORT), ("https://h.vn:-1/", HostProblem.PORT),
        ("https://h.vn:65536", HostProblem.PORT), ("https://h.vn:0/", HostProblem.PORT),
        ("https://h.vn:abc/", HostProblem.PORT), ("https://h.vn:", HostProblem.PORT),
        ("https://[::1", HostProblem.BRACKETS), ("https://[::1/a", HostProblem.BRACKETS),
        ("https://::1]/", HostProblem.BRACKETS), ("https://[x]:1/", HostProblem.BRACKETS),
        ("https://xn--/a", HostProblem.PUNYCODE), ("https:///a", HostProblem.EMPTY),
        ("https://", HostProblem.EMPTY), ("https:", HostProblem.EMPTY), ("x", HostProblem.SCHEME),
        ("ftp://h.vn/", HostProblem.SCHEME), ("https://h.vn/\u200b", HostProblem.BLANK),
        ("https://h.vn /", HostProblem.BLANK), ("https://h.vn/a\nb", HostProblem.BLANK),
        ("https://h.vn:99999999999999999999/", HostProblem.PORT), ("", HostProblem.SCHEME),
        ("https://h.vn:\u0664/", HostProblem.PORT),
    ],
)  # fmt: skip
def test_an_address_that_nobody_can_connect_to(url: str, problem: HostProblem) -> None:
    assert url_problem(url, ("http", "https")) is problem


@pytest.mark.parametrize(
    "url", ["https://h.vn/a?b#c", "https://u:p@h.vn:8443/", "HTTPS://[::1]:1/", "http://h.vn:65535"]
)
def test_an_address(url: str) -> None:
    assert url_problem(url, ("http", "https")) is None


@pytest.mark.case("K4")
@given(st.text(max_size=60) | st.text("https:/[].@xn-:1%9", max_size=40).map("https://".__add__))
def test_any_text_is_judged_and_what_passes_has_a_port_and_a_host(url: str) -> None:
    if url_problem(url, ("http", "https")) is None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port is None or is_port(str(parts.port))
