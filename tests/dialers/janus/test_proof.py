"""A proof holds for one participant of one room, in one meeting, by one site's key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialers.janus.display import MAX_PROOF_LENGTH, Display
from appliance.dialers.janus.proof import proved_site, site_proof
from appliance.wire.room_keys import RoomKeys, room_keys
from services.province.schedule.room_keys import console_key, new_secret, site_key

pytestmark = pytest.mark.case("U5")

SECRET = "5e" * 32
MEETING = "a@x/20261130T070000Z"
KEY = site_key(SECRET, "ia-kly")
KEYS = RoomKeys(MEETING, KEY)
PROOF = site_proof(KEYS, 1234, 77)


def proved(proof: str, meeting: str = MEETING, room: int | str = 1234, number: int = 77) -> str:
    return proved_site(proof, meeting, room, number, lambda site: site_key(SECRET, site))


def test_a_site_is_proved() -> None:
    assert proved(PROOF) == "ia-kly"
    assert len(PROOF) <= MAX_PROOF_LENGTH
    assert Display.parse(str(Display("Xã", proof=PROOF))).proof == PROOF
    longest = site_key(SECRET, "x" * 63)
    assert len(site_proof(RoomKeys(MEETING, longest), "a-room", 2**53)) <= MAX_PROOF_LENGTH


def test_the_proof_holds_nowhere_else() -> None:
    assert proved(PROOF, number=78) == ""
    assert proved(PROOF, room=1235) == ""
    assert proved(PROOF, meeting="a@x/20261207T070000Z") == ""
    assert proved(PROOF.replace("ia-kly", "ia-o")) == ""
    assert site_key(new_secret(), "ia-kly") != KEY
    assert proved_site(PROOF, MEETING, 1234, 77, lambda _: "") == "", "not invited"


@given(st.text(max_size=120))
def test_no_text_breaks_it(text: str) -> None:
    assert proved(text) == ""
    assert proved(f"ia-kly/{text}") == ""


def test_an_id_may_be_a_text() -> None:
    proof = site_proof(KEYS, "phòng", "a-b-c")
    assert proved_site(proof, MEETING, "phòng", "a-b-c", lambda _: KEY) == "ia-kly"


def test_an_older_province_gives_no_keys() -> None:
    assert site_key("", "ia-kly") == console_key("") == ""
    assert room_keys(MEETING, "", "") is None
    assert site_proof(RoomKeys(MEETING, "", console_key(SECRET)), 1234, 77) == ""


@pytest.mark.parametrize(
    "text", ["x", "ia-kly", "ia-kly/short", "/" + "A" * 43, "IA/" + "A" * 43, "ia-kly/" + "!" * 43]
)
def test_a_malformed_key_counts_as_none(text: str) -> None:
    assert room_keys(MEETING, text, text) is None
    found = room_keys(MEETING, f" {KEY} ", text)
    assert found is not None
    assert (found.site_key, found.console_key) == (KEY, "")


def test_no_key_is_shown() -> None:
    keys = room_keys(MEETING, KEY, console_key(SECRET))
    assert KEY.partition("/")[2] not in repr(keys)
