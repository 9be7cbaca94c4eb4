"""The bounds of a site file: the last value that is taken, and the first that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.base.site_file import (
    FORMS,
    KNOWN_VALUES,
    RANGES,
    SiteFileError,
    SiteFileProblem,
    parse_site,
)

BASE = {"site.id": "'a'", "site.name": "'b'", "agenda.url": "'/x'"}


def written(full: str, value: str) -> bytes:
    """The smallest file with this key, and this value as TOML."""
    sections: dict[str, list[str]] = {}
    for key, text in {**BASE, full: value}.items():
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {text}")
    return "\n".join(f"[{name}]\n" + "\n".join(rows) for name, rows in sections.items()).encode()


def taken(full: str, value: str) -> object:
    """What the site has."""
    section, name = full.split(".")
    return getattr(getattr(parse_site(written(full, value)), section), name)


def problem(full: str, value: str) -> SiteFileProblem:
    """The one thing that is wrong."""
    with pytest.raises(SiteFileError) as told:
        parse_site(written(full, value))
    (found,) = told.value.problems
    assert found.key == full
    assert f"{written(full, value).decode().splitlines()[found.line - 1]}".startswith(
        full.split(".")[1]
    )
    return found


@pytest.mark.parametrize("full", RANGES)
def test_each_number_from_its_least_to_its_most(full: str) -> None:
    low, high = RANGES[full]
    for bound, beyond in ((low, low - 1), (high, high + 1)):
        assert taken(full, f"{bound:.0f}") == bound
        found = problem(full, f"{beyond:.0f}")
        assert found.remedy == f"between {low:g} and {high:g}"
        assert found.value == f"{beyond:.0f}"


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "60.001", "-0.001"])
def test_what_is_no_number_of_seconds_is_out_of_range(value: str) -> None:
    assert problem("call.spread", value).message == "is out of range"


def test_a_whole_number_where_a_broken_one_may_stand_and_not_the_reverse() -> None:
    assert taken("call.spread", "12") == 12
    assert taken("call.spread", "0.5") == 0.5
    assert problem("camera.fps", "30.0").remedy == "give a int"
    assert problem("call.spread", "true").message == "is of the wrong kind"
    assert problem("site.name", "5").remedy == "give a str"
    assert problem("sip.register", "1").remedy == "give a bool"


@pytest.mark.parametrize("full", KNOWN_VALUES)
def test_each_word_that_is_known_and_no_other(full: str) -> None:
    for word in KNOWN_VALUES[full]:
        assert taken(full, f"'{word}'") == word
        found = problem(full, f"'{word.upper()}'")
        assert found.remedy == "one of " + ", ".join(KNOWN_VALUES[full])
    assert problem(full, "''").message == "is unknown"


@pytest.mark.parametrize(
    ("full", "good", "wrong"),
    [
        ("site.id", ["a", "9-", "a" * 63], ["", "-a", "A", "a" * 64, "a_b", "xã", "a b"]),
        ("site.name", ["x", "Xã Ia Kly" * 6], ["", "x" * 61]),
        ("agenda.url", ["https://h/x", "http://h", "file:x", "/x"], ["", "h/x", "https://", "/"]),
        ("province.broker", ["", "mqtts://h", "mqtts://h:8883"],
         ["mqtt://h", "mqtts://", "mqtts://u@h", "mqtts://h/x"]),
        ("province.url", ["", "https://h"], ["http://h", "https://", "h"]),
        ("province.releases", ["", "https://h/x.raucb"],
         ["http://h/x.raucb", "https://h/x", "https://u@h/x.raucb", "https://h/x.raucb?v=1"]),
        ("camera.source", ["none", "v4l2:/dev/video0", "file:a b", "lavfi:testsrc"],
         ["", "None", "v4l2:", "/dev/video0", "alsa:default"]),
        ("microphone.source", ["none", "alsa:default"], ["", "v4l2:/dev/video0", "alsa:"]),
        ("sip.user", ["", "iakly", "x" * 64], ["a@b", "a:b", "a b", "<a>", "x" * 65]),
        ("sip.registrar", ["", "sip:h", "sips:h:5061;transport=tls"], ["h", "sip:u@h", "sip: h"]),
        ("sip.outbound_proxy", ["", "sip:h;lr"], ["sip:", "sip:a b", "<sip:h>"]),
        ("sip.hand", ["", "99", "*6", "A#", "1" * 16], ["e", "1" * 17, "9 9", "99\\n"]),
        ("sip.mic_on", ["#6"], ["+6"]),
        ("sip.mic_off", ["*6"], ["sáu"]),
        ("sip.entry_queue", ["", "wait 4", "1234#", "wait 4,1#", "wait 3.5 s , 99#", "wait 99s"],
         ["wait", "wait 100", "4 wait", "1,,2", ",1", "1,", "1" * 33, "wait .5"]),
    ],
)  # fmt: skip
def test_the_form_of_each_text(full: str, good: list[str], wrong: list[str]) -> None:
    assert full in FORMS
    for text in good:
        assert taken(full, f"'{text}'") == text
    for text in wrong:
        found = problem(full, f'"{text}"')
        assert (found.message, found.remedy) == ("has the wrong form", FORMS[full][1])


def test_every_form_and_bound_is_of_a_key_that_there_is() -> None:
    for full in [*FORMS, *RANGES, *KNOWN_VALUES]:
        section, name = full.split(".")
        assert hasattr(getattr(parse_site(written("site.id", "'a'")), section), name), full


def test_hosts_are_a_list_of_texts() -> None:
    assert taken("agenda.hosts", "['a', '.b']") == ("a", ".b")
    assert taken("agenda.hosts", "[]") == ()
    for wrong in ("'a'", "['a', 1]", "{ a = 1 }"):
        assert problem("agenda.hosts", wrong).message == "is of the wrong kind"


def test_a_pin_in_the_file_is_told_only_to_who_reads_the_file() -> None:
    found = problem("sip.hand", "'bimat'")
    assert "bimat" in str(found)
    assert "bimat" not in found.without_value()
    assert found.without_value().startswith(f"line {found.line}: sip.hand: has the wrong form; ")


def test_the_same_key_of_another_section_is_not_blamed() -> None:
    text = "[province]\nurl = 'https://h'\n[agenda]\nurl = 'h'\n[site]\nid='a'\nname='b'\n"
    with pytest.raises(SiteFileError, match=r"^line 4: agenda\.url: "):
        parse_site(text.encode())
    inline = "site = { id = 'A', name = 'b' }\nagenda = { url = '/x' }\n"
    with pytest.raises(SiteFileError, match=r"^site\.id: 'A' has the wrong form"):
        parse_site(inline.encode())


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "UTC", "Asia/Bangkok"])
def test_zones_of_the_tz_database(zone: str) -> None:
    assert taken("site.zone", f"'{zone}'") == zone


@pytest.mark.parametrize("zone", ["", "asia/ho_chi_minh", "../../etc/passwd", "GMT+7", "/UTC"])
def test_anything_else_is_no_zone(zone: str) -> None:
    assert problem("site.zone", f"'{zone}'").remedy == "e.g. Asia/Ho_Chi_Minh"


@pytest.mark.parametrize("raw", [b"x = " + b"[" * 5000, b"[a]\n" + b"x.y" * 3000, b"\0", b"= 1"])
def test_what_is_no_toml_is_a_problem_of_the_file(raw: bytes) -> None:
    with pytest.raises(SiteFileError) as told:
        parse_site(raw)
    assert [one.key for one in told.value.problems] == ["file"]


@given(st.text(max_size=80) | st.text("[]siteagnd.=\"'\n{}#1\\", max_size=60))
def test_any_text_is_a_site_or_a_list_of_problems(text: str) -> None:
    try:
        parse_site(text.encode())
    except SiteFileError as told:
        assert told.problems
        assert all(0 <= one.line <= text.count("\n") + 1 for one in told.problems)
        assert all(one.remedy for one in told.problems)
