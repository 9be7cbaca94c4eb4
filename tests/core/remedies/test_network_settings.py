"""``[network]`` of the site file: what goes together, and the line of what does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.base.site_file import SiteFileError, parse_site
from appliance.core.remedies.network_settings import is_wifi_password

HEAD = '[site]\nid = "a"\nname = "A"\n[agenda]\nurl = "/a.ics"\n[network]\n'
FIRST = HEAD.count("\n") + 1
"""The line of the section's first key."""
ADDRESS = 'address = "10.20.30.40/24"\n'


def problems(text: str) -> list[tuple[int, str]]:
    try:
        parse_site((HEAD + text).encode())
    except SiteFileError as error:
        for one in error.problems:
            assert one.in_vietnamese() != str(one), "it has no Vietnamese"
        return [(one.line, one.key) for one in error.problems]
    return []


@pytest.mark.parametrize(
    "text",
    [
        "",
        ADDRESS,
        ADDRESS + 'gateway = "10.20.30.1"\ndns = ["10.20.30.1", "2001:db8::1"]\n',
        'address = "2001:db8::5/64"\ngateway = "2001:db8::1"\n',
        'address = "10.0.0.0/31"\ngateway = "10.0.0.1"\n',
        'dns = ["10.1.1.1"]\n',
        "vlan = 4094\n",
        "vlan = 20\n" + ADDRESS,
        f'wifi = "{"a" * 32}"\n',
        'wifi = "Nhà văn hóa xã"\nproxy = "http://proxy.tinh.vn:3128"\n',
    ],
)
def test_what_a_network_can_be_is_taken(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "at", "key"),
    [
        ('gateway = "10.20.30.1"\n', 0, "gateway"),
        ('address = "10.20.30.40"\n', 0, "address"),
        ('address = "10.20.30.0/24"\n', 0, "address"),
        ('address = "10.20.30.255/24"\n', 0, "address"),
        ('address = "127.0.0.1/8"\n', 0, "address"),
        ('address = "224.0.0.5/24"\n', 0, "address"),
        ('address = "0.0.0.0/24"\n', 0, "address"),
        ('address = "0.1.2.3/24"\n', 0, "address"),
        ('address = "255.255.255.254/24"\n', 0, "address"),
        ('address = "169.254.3.3/16"\n', 0, "address"),
        ('address = "fe80::1/64"\n', 0, "address"),
        ('address = "2001:db8::5%a/64"\n', 0, "address"),
        ('address = "10.20.30.40/33"\n', 0, "address"),
        (ADDRESS + 'gateway = "10.20.31.1"\n', 1, "gateway"),
        (ADDRESS + 'gateway = "10.20.30.40"\n', 1, "gateway"),
        (ADDRESS + 'gateway = "10.20.30.255"\n', 1, "gateway"),
        (ADDRESS + 'gateway = "2001:db8::1"\n', 1, "gateway"),
        (ADDRESS + "\n" + 'dns = ["0.0.0.0"]\n', 2, "dns"),
        ('dns = ["fe80::1%\\nDNS=6.6.6.6"]\n', 0, "dns"),
        ("vlan = 4095\n", 0, "vlan"),
        ('wifi = "a"\nvlan = 20\n', 1, "vlan"),
        (f'wifi = "{"ậ" * 11}"\n', 0, "wifi"),
        ('wifi = "a\\u200bb"\n', 0, "wifi"),
        ('wifi = "a\\nb"\n', 0, "wifi"),
        ('proxy = "http://ai:mat-khau@proxy:3128"\n', 0, "proxy"),
        ('proxy = "http://proxy:99999"\n', 0, "proxy"),
    ],
)
def test_what_would_strand_the_box_is_refused_with_its_line(text: str, at: int, key: str) -> None:
    assert problems(text) == [(FIRST + at, f"network.{key}")]


@pytest.mark.parametrize(
    ("password", "good"),
    [
        (b"12345678", True),
        (b'a"b#c\\d e', True),
        (b"x" * 63, True),
        (b"0123456789abcdefABCDEF" + b"0" * 42, True),
        (b"1234567", False),
        (b"x" * 64, False),
        (b"0" * 65, False),
        ("mật khẩu".encode(), False),
        (b"12345678\n", False),
        (b"", False),
    ],
)
def test_a_password_of_a_wifi(password: bytes, good: bool) -> None:
    assert is_wifi_password(password) is good


@given(
    st.dictionaries(
        st.sampled_from(["address", "gateway", "wifi", "proxy"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
        max_size=4,
    )
)
def test_whatever_is_written_is_taken_or_told(values: dict[str, str]) -> None:
    text = "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items()
    )
    if "\x7f" in text:  # the one control character that JSON keeps and TOML does not
        return
    for line, key in problems(text):
        assert line >= FIRST
        assert key.startswith("network.")
