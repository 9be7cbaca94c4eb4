"""Letters that nothing stores or nobody sees are found; all of a language's own letters stay."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.letters import hidden, storable, unstorable, visible

pytestmark = pytest.mark.case("K7")
ORDINARY = "Xã Ia Kly, làng Brông: “84,2 °C” – 25 %\tđủ\r\n한국어 中文 العربية עברית 😀 e\u0301"


def test_ordinary_letters_stay() -> None:
    assert visible(ORDINARY) == ORDINARY == storable(ORDINARY)
    assert not hidden(ORDINARY)
    assert unstorable(ORDINARY) == ""


@pytest.mark.parametrize("odd", ["\0", "\ud800", "\udfff", "a\udc80b"])
def test_what_cannot_be_stored_is_named_and_replaced(odd: str) -> None:
    assert unstorable(odd)
    assert "\ufffd" in storable(odd)
    assert unstorable(storable(odd)) == unstorable(visible(odd)) == ""


@pytest.mark.parametrize("odd", ["\u202e", "\u2066", "\u200b", "\u00ad", "\x08", "\x9b", "\u3164"])
def test_what_nobody_sees_is_taken_out(odd: str) -> None:
    assert hidden(f"a{odd}b")
    assert visible(f"a{odd}b") == "ab"


@given(st.text(st.characters()))
def test_what_is_visible_can_be_sent_and_hides_nothing(text: str) -> None:
    seen = visible(text)
    seen.encode()
    assert visible(seen) == seen
    assert not {"Cc", "Cs"} & {unicodedata.category(one) for one in seen if one not in "\t\r\n"}
