"""The fields of a payload at their bounds: the last value that is read, the first that is not."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.fields import (
    MAX_ITEMS,
    MAX_PAYLOAD_BYTES,
    MAX_TEXT_LENGTH,
    Fields,
    WireError,
    printed,
)
from tests.wire.golden import STORABLE

Read = Callable[[Fields], object]


def one(value: object) -> Fields:
    """A payload whose field ``x`` is this."""
    return Fields.read(json.dumps({"x": value}).encode())


@pytest.mark.parametrize(
    ("read", "last", "beyond"),
    [
        (lambda f: f.text("x"), "ư" * MAX_TEXT_LENGTH, "ư" * (MAX_TEXT_LENGTH + 1)),
        (lambda f: f.text("x", max_length=3), "abc", "abcd"),
        (lambda f: f.text("x"), "", None),
        (lambda f: f.text("x"), "1", 1),
        (lambda f: f.number("x", low=-2.5, high=7), 7, 7.001),
        (lambda f: f.number("x", low=-2.5, high=7), -2.5, -2.501),
        (lambda f: f.number("x"), 1, True),
        (lambda f: f.number("x"), 1e308, 10**400),
        (lambda f: f.number("x"), 0, "0"),
        (lambda f: f.whole("x"), 2**53 - 1, 2**53),
        (lambda f: f.whole("x"), 0, -1),
        (lambda f: f.whole("x", low=1, high=3), 3, 4),
        (lambda f: f.whole("x", low=1, high=3), 1, 0),
        (lambda f: f.whole("x"), 1, 1.0),
        (lambda f: f.whole("x"), 1, True),
        (lambda f: f.flag("x"), False, 0),
        (lambda f: f.flag("x"), True, "true"),
        (lambda f: list(f.items("x", max_items=2)), [], [{}, {}, {}]),
        (lambda f: list(f.items("x")), [], {}),
        (lambda f: f.words("x"), ["a"] * MAX_ITEMS, ["a"] * (MAX_ITEMS + 1)),
        (lambda f: f.words("x"), ["a" * MAX_TEXT_LENGTH], ["a" * (MAX_TEXT_LENGTH + 1)]),
        (lambda f: f.words("x"), [""], [None]),
        (lambda f: f.words("x"), [], "abc"),
        (lambda f: f.numbers("x", max_items=1), {"a": 1}, {"a": 1, "b": 2}),
        (lambda f: f.numbers("x"), {"a": -1.5}, {"a": False}),
        (lambda f: f.numbers("x"), {}, []),
        (lambda f: f.texts("x", max_items=1), {"vi": "a"}, {"vi": "a", "en": "b"}),
        (lambda f: f.texts("x"), {"vi": ""}, {"vi": None}),
    ],
)
def test_the_last_that_is_read_and_the_first_that_is_not(
    read: Read, last: object, beyond: object
) -> None:
    found = read(one(last))
    assert found == (tuple(last) if isinstance(found, tuple) else last)  # type: ignore[arg-type]
    with pytest.raises(WireError, match=r"^x(\.[ab]|\.vi)? is .*; expected "):
        read(one(beyond))


@pytest.mark.parametrize(
    "read",
    [
        lambda f: f.text("y", None),
        lambda f: f.number("y", None),
        lambda f: f.whole("y", None),
        lambda f: f.flag("y", None),
    ],
)
def test_what_must_be_there_is_missed_by_name(read: Read) -> None:
    with pytest.raises(WireError, match=r"^y is missing$"):
        read(one(1))


def test_what_may_be_missing_has_its_default() -> None:
    fields = one(1)
    assert fields.text("y", "down") == "down"
    assert (fields.number("y", 2.5), fields.whole("y", 2), fields.flag("y", True)) == (2.5, 2, True)
    assert (list(fields.items("y")), fields.words("y")) == ([], ())
    assert (fields.numbers("y"), fields.texts("y")) == ({}, {})
    assert fields.text("y") == ""


def test_a_complaint_names_the_way_to_the_field_and_is_short() -> None:
    values = {"a": [{"b": []}, {"b": [{"c": "x" * 400}]}]}
    outer = list(Fields.read(json.dumps(values).encode()).items("a"))
    (inner,) = outer[1].items("b")
    with pytest.raises(WireError, match=r"^a\[1\]\.b\[0\]\.c is 'xxx") as told:
        inner.number("c")
    assert len(str(told.value)) < 150
    with pytest.raises(WireError, match=r"^a\[1\]\.b\[0\]\.d is missing$"):
        inner.text("d", None)
    with pytest.raises(WireError, match=r"^a\[0\]\.b\.k+ is "):
        Fields({"b": {"k" * 400: "x"}}, "a[0].").numbers("b")


def test_a_payload_of_the_whole_length_is_read_and_one_byte_more_is_not() -> None:
    payload = b'{"x":1}'.ljust(MAX_PAYLOAD_BYTES)
    assert Fields.read(payload).whole("x") == 1
    with pytest.raises(WireError, match=f"{MAX_PAYLOAD_BYTES + 1} bytes"):
        Fields.read(payload + b" ")


@pytest.mark.case("K7")
@pytest.mark.parametrize(
    "payload",
    [
        rb'{"x":"\ud800"}', rb'{"x":["a\udfff"]}', rb'{"x":{"\udc00":1}}',
        rb'{"unknown":{"deep":["\ud83d"]},"x":"a"}',
    ],
)  # fmt: skip
def test_half_a_letter_is_no_text(payload: bytes) -> None:
    """Such a report was believed, and then no database took it: its batch was tried for ever."""
    with pytest.raises(WireError, match="surrogates"):
        Fields.read(payload)


@pytest.mark.case("K7")
@pytest.mark.parametrize(
    "payload",
    [
        rb'{"x":"\u0000"}', rb'{"x":"a\u0000b"}', rb'{"x":[["\u0000"]]}', rb'{"\u0000":1}',
        rb'{"x":{"a\u0000":1}}', rb'{"unknown":{"deep":["\u0000"]},"x":"a"}',
    ],
)  # fmt: skip
def test_a_zero_byte_is_no_text(payload: bytes) -> None:
    """PostgreSQL kept such a report and then refused to read any report of any site."""
    with pytest.raises(WireError, match="a zero byte in a text"):
        Fields.read(payload)


@pytest.mark.case("K7")
def test_a_report_of_great_depth_costs_no_more_than_itself() -> None:
    deep = 400
    assert Fields.read(b'{"x":' + b"[" * deep + b"]" * deep + b"}")
    with pytest.raises(WireError, match="not JSON"):
        Fields.read(b"[" * 30_000 + b"]" * 30_000)


@pytest.mark.case("K7")
@pytest.mark.parametrize("odd", ["a\u202eb", "\u200b", "a\u00adb", "\x1b[2J", "\x7f", "\ufeffa"])
def test_a_word_that_is_compared_has_no_letter_that_nobody_sees(odd: str) -> None:
    assert one(odd).text("x") == odd
    with pytest.raises(WireError, match=r"^x is .*; expected letters that can be seen"):
        one(odd).word("x")


@pytest.mark.case("K7")
def test_what_no_reader_takes_is_not_sent() -> None:
    """A camera's name with such a letter would silence its site."""
    sent = printed({"a\0": ["\ud800", {"b": ("c\0",)}], "n": 1})
    assert json.loads(sent) == {"a\ufffd": ["\ufffd", {"b": ["c\ufffd"]}], "n": 1}
    Fields.read(sent)


def test_a_letter_of_two_halves_is_one() -> None:
    assert Fields.read(rb'{"x":"\ud83d\ude00 \u1ec7"}').text("x") == "😀 ệ"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for_is_not_printed(number: float) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        printed({"x": number})
    with pytest.raises(WireError, match="no JSON number"):
        Fields.read(json.dumps({"x": number}).encode())


values: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.text(STORABLE, max_size=20),
    st.one_of(
        st.text(STORABLE, max_size=30), st.booleans(), st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    max_size=8,
)  # fmt: skip


@given(values)
def test_what_is_printed_is_read_back_in_its_order_and_kind(found: dict[str, Any]) -> None:
    fields = Fields.read(printed(found))
    for name, value in found.items():
        if isinstance(value, bool):
            assert fields.flag(name, None) is value
        elif isinstance(value, str):
            assert fields.text(name, None) == value
        else:
            assert fields.number(name, None) == value
    assert list(json.loads(printed(found))) == list(found)
    assert b"\\u" not in printed({"x": "Điểm Cầu"}), "letters are letters, for whoever reads along"
