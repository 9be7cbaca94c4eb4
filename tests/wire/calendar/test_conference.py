"""Which address of an event a site dials, and which hosts it may."""

import unicodedata

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.address import Address
from appliance.wire.calendar.conference import allowed, choose_address

NOBODY: frozenset[str] = frozenset()


def chosen(*rows: str, hosts: frozenset[str] = NOBODY) -> tuple[str, list[str]]:
    """The address of an event with these lines, and why others were left out."""
    text = "\r\n".join(("BEGIN:VEVENT", "UID:a", *rows, "END:VEVENT", ""))
    problems: list[str] = []
    return choose_address(icalendar.Event.from_ical(text), hosts, problems), problems


def conference(feature: str, user: str, label: str = "") -> str:
    """One CONFERENCE line (RFC 7986)."""
    parameters = (f";FEATURE={feature}" if feature else "") + (f';LABEL="{label}"' if label else "")
    return f"CONFERENCE;VALUE=URI{parameters}:sip:{user}@mcu.vn"


@pytest.mark.parametrize(
    ("features", "user"),
    [
        (["PHONE", "", "AUDIO", "VIDEO"], "3"),
        (["PHONE", "", "AUDIO"], "2"),
        (["PHONE", ""], "1"),
        (["PHONE"], "0"),
        (["AUDIO", "AUDIO"], "0"),
        (["AUDIO", "PHONE,VIDEO"], "1"),
        (["video,moderator", "phone"], "1"),
        (["CHAT", "FEED", "SCREEN"], ""),
        (["CHAT,AUDIO", "SCREEN"], "0"),
        (["Video", "VIDEO"], "0"),
    ],
)
def test_the_best_feature_and_of_equals_the_first(features: list[str], user: str) -> None:
    rows = [conference(feature, str(number)) for number, feature in enumerate(features)]
    assert chosen(*rows) == (f"sip:{user}@mcu.vn" if user else "", [])


@pytest.mark.parametrize(
    ("label", "ours"),
    [
        ("Host", False), ("the HOST line", False), ("Hosted by", True), ("Chủ trì", False),
        (unicodedata.normalize("NFD", "CHỦ TỌA"), False), ("Chairperson", False),
        ("wheelchair", True), ("Điểm cầu xã", True), ("Moderator PIN", False), ("", True),
    ],
)  # fmt: skip
def test_the_chairs_own_line_is_not_a_sites(label: str, ours: bool) -> None:
    address, _ = chosen(conference("VIDEO", "1", label), "LOCATION:sip:2@mcu.vn")
    assert address == f"sip:{1 if ours else 2}@mcu.vn"


def test_the_order_of_places_and_what_anybody_may_write_only_among_known_hosts() -> None:
    rows = ["LOCATION:phòng họp\\, sip:1@mcu.vn", "URL:sip:2@mcu.vn"]
    assert chosen(*rows)[0] == "sip:1@mcu.vn"
    assert chosen(rows[1])[0] == "sip:2@mcu.vn"
    said = "DESCRIPTION:Gọi sip:3@mcu.vn"
    assert chosen(said) == ("", [])
    assert chosen(said, hosts=frozenset({"mcu.vn"}))[0] == "sip:3@mcu.vn"
    google = "X-GOOGLE-CONFERENCE:sip:4@mcu.vn"
    assert chosen(said, google, hosts=frozenset({"mcu.vn"}))[0] == "sip:4@mcu.vn"


def test_why_nothing_is_dialled_is_told_once_and_without_a_pin() -> None:
    rows = ["LOCATION:sip:1@evil.vn", "URL:sip:2@evil.vn"]
    address, problems = chosen(*rows, hosts=frozenset({"mcu.vn"}))
    assert (address, problems) == ("", ["the host evil.vn is not among the allowed hosts"])
    broken = "CONFERENCE;VALUE=URI;FEATURE=VIDEO:janus+wss://hop.vn/janus?pin=bimat"
    address, (problem,) = chosen(broken)
    assert address == ""
    assert "names no room" in problem
    assert "bimat" not in problem
    assert chosen(broken, rows[0]) == ("sip:1@evil.vn", []), "one was found, so nobody is told"


@pytest.mark.parametrize(
    ("host", "hosts", "may"),
    [
        ("mcu.vn", set(), True), ("mcu.vn", {"mcu.vn"}, True), ("mcu.vn", {"MCU.vn"}, True),
        ("a.mcu.vn", {"mcu.vn"}, False), ("a.mcu.vn", {".mcu.vn"}, True),
        ("a.b.mcu.vn", {".MCU.vn"}, True), ("mcu.vn", {".mcu.vn"}, False),
        ("evilmcu.vn", {".mcu.vn"}, False), ("mcu.vn.evil", {"mcu.vn", ".vn"}, False),
        ("mcu.vn", {"cu.vn"}, False), ("mcu.vn", {"x", "mcu.vn"}, True),
    ],
)  # fmt: skip
def test_a_host_is_allowed_by_its_whole_name_or_below_a_dot(
    host: str, hosts: set[str], may: bool
) -> None:
    assert allowed(Address("sip", host, user="1"), frozenset(hosts)) is may
    assert allowed(Address("loopback"), frozenset(hosts)), "it goes nowhere"


names = st.from_regex(r"[a-z]{1,5}(\.[a-z]{1,5}){0,2}", fullmatch=True)


@given(names, st.sets(names | names.map(".".__add__), min_size=1, max_size=4))
def test_no_other_host_is_ever_chosen(host: str, hosts: set[str]) -> None:
    address, problems = chosen(f"LOCATION:sip:1@{host}", hosts=frozenset(hosts))
    below = {host.split(".", n)[-1] for n in range(1, host.count(".") + 1)}
    may = host in hosts or any(f".{one}" in hosts for one in below)
    assert (address != "") is may
    assert (problems == []) is may
