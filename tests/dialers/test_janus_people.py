"""Who is seen and heard, from events of a room."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialers.janus.display import MAX_NAME, Display
from appliance.dialers.janus.people import MAX_GONE, MAX_HEARD, People, Trust
from appliance.dialers.janus.proof import ConsoleSigner
from appliance.wire.room_keys import RoomKeys


def publisher(number: int, display: str | Display, *kinds: str) -> dict[str, Any]:
    streams = [{"type": kind, "mid": str(i)} for i, kind in enumerate(kinds or ("audio", "video"))]
    return {"id": number, "display": str(display), "streams": streams}


CHECKED = Trust(checks_chair=True)


def joined(*publishers: dict[str, Any], trust: Trust = CHECKED) -> People:
    """In a room that itself checks who calls themselves the chair."""
    people = People(trust=trust)
    people.take({"videoroom": "joined", "id": 1, "publishers": list(publishers)})
    return people


def event(people: People, **data: Any) -> None:
    people.take({"videoroom": "event", "room": 1234, **data})


def test_the_first_is_seen_where_there_is_no_chair() -> None:
    people = joined(publisher(2, "hai"), publisher(3, "ba"))
    seen = people.seen()
    assert seen is not None
    assert seen.display.name == "hai"
    assert {s.feed for s in people.heard()} == {2, 3}


def test_who_came_in_the_same_moment_is_kept() -> None:
    people = People()
    event(people, publishers=[publisher(2, "hai")])
    people.take({"videoroom": "joined", "id": 1, "publishers": []})
    assert [s.feed for s in people.wanted()] == [2, 2]


def test_the_chair_is_seen_then_who_has_the_floor() -> None:
    chair = Display("Chủ trì", chair=True)
    people = joined(publisher(2, "hai"), publisher(3, "ba"), publisher(4, chair))
    assert people.wanted()[0].feed == 4
    event(people, id=4, display=str(Display("Chủ trì", chair=True, floor=3)))
    assert people.wanted()[0].feed == 3
    assert not people.given
    event(people, id=4, display=str(Display("Chủ trì", chair=True, floor=1)))
    assert people.given
    assert people.wanted()[0].feed == 4, "who speaks sees the chair"
    event(people, id=4, display=str(chair))
    assert not people.given


def test_only_a_chair_gives_the_floor() -> None:
    people = joined(publisher(2, '{"name":"hai","floor":1}'))
    assert not people.given


def test_the_console_gives_the_floor_and_the_person_in_the_chair_is_seen() -> None:
    person = Display("Chủ tịch", chair=True)
    people = joined(publisher(2, "hai"), publisher(5, person))
    event(people, joining={"id": 4, "display": str(Display("Trung tâm", chair=True))})
    assert people.wanted()[0].feed == 5
    event(people, id=4, display=str(Display("Trung tâm", chair=True, floor=1)))
    assert people.given
    assert people.wanted()[0].feed == 5
    event(people, id=4, display=str(Display("Trung tâm", chair=True, floor=2)))
    assert people.wanted()[0].feed == 2


def test_an_event_that_overtakes_our_coming_in_is_not_lost() -> None:
    people = People()
    event(people, id=2, display=str(Display("hai", hand=True, mic=False)))
    event(people, leaving=3)
    assert people.persons == {}
    known = [publisher(2, Display("hai", mic=False)), publisher(3, "ba")]
    people.take({"videoroom": "joined", "id": 1, "publishers": known})
    assert list(people.persons) == [2]
    assert people.persons[2].display.hand


def test_a_chair_without_a_camera_leads_all_the_same() -> None:
    people = joined(publisher(2, "hai"))
    event(people, joining={"id": 4, "display": str(Display("Chủ trì", chair=True))})
    event(people, id=4, display=str(Display("Chủ trì", chair=True, floor=1)))
    assert people.given
    assert people.wanted()[0].feed == 2


def test_who_leaves_or_stops_sending_is_not_wanted() -> None:
    people = joined(publisher(2, "hai"), publisher(3, "ba"))
    event(people, unpublished=2)
    assert {s.feed for s in people.wanted()} == {3}
    event(people, leaving=3)
    assert people.wanted() == []


def test_of_many_the_open_microphones_are_heard() -> None:
    silent = [publisher(n, Display(str(n), mic=False)) for n in range(2, 2 + 2 * MAX_HEARD)]
    speaker = publisher(99, Display("nói", mic=True))
    people = joined(*silent, speaker)
    heard = [s.feed for s in people.heard()]
    assert len(heard) == MAX_HEARD
    assert heard[0] == 99


def test_a_disabled_stream_is_none() -> None:
    one = publisher(2, "hai")
    one["streams"][1]["disabled"] = True
    assert joined(one).seen() is None


SIGNER = ConsoleSigner(bytes(range(32)))
KEYS = RoomKeys("m1/20261130T070000Z", "ia-kly/" + "A" * 43, SIGNER.public)
JANUS = Trust(1234, KEYS)


def console(number: int, floor: int | None = None, *, leads: int | None = None, at: float = 5.0,
            meeting: str = KEYS.meeting, room: int = 1234) -> dict[str, Any]:  # fmt: skip
    """The console's entry, signed as that participant."""
    display = Display("Trung tâm", chair=True, floor=floor, leads=leads, at=at)
    signature = SIGNER.sign(display, meeting, room, number)
    return {"id": number, "display": str(replace(display, signature=signature))}


@pytest.mark.case("U5")
def test_where_the_server_checks_nobody_only_the_console_is_the_chair() -> None:
    people = joined(publisher(2, "hai"), publisher(5, Display("Chủ trì", chair=True, floor=1)),
                    trust=JANUS)  # fmt: skip
    assert (people.given, people.chair) == (False, None)
    assert people.wanted()[0].feed == 2, "a false chair is one of many"
    event(people, **console(9, floor=1))
    assert people.given
    event(people, **console(9))
    assert not people.given
    event(people, **console(9, leads=5))
    assert people.wanted()[0].feed == 5, "whom the console names is in the chair"


@pytest.mark.case("U5")
@pytest.mark.parametrize(
    "false",
    [
        {**console(9, floor=1), "id": 8},  # a copy
        console(8, floor=1, meeting="m1/20261123T070000Z"),  # of last week
        console(8, floor=1, room=99),
        {"id": 8, "display": str(Display("x", chair=True, floor=1, at=9.0, signature="A" * 86))},
        {"id": 8, "display": console(8)["display"].replace('"floor":null', '"floor":1')},
        {"id": 8, "display": console(8, floor=1)["display"].replace("5.0", "6.0")},
    ],
)
def test_what_is_no_word_of_the_console(false: dict[str, Any]) -> None:
    people = joined(publisher(2, "hai"), trust=JANUS)
    event(people, **false)
    assert (people.given, people.chair) == (False, None)


@pytest.mark.case("U5")
def test_the_id_of_a_console_that_left_is_believed_no_more() -> None:
    people = joined(publisher(2, "hai"), trust=JANUS)
    said = console(9, floor=1)
    event(people, **said)
    event(people, leaving=9)
    event(people, **said)
    assert not people.given
    event(people, **console(10, floor=1, at=6.0))
    assert people.given, "another copy of the console is there"
    for number in range(100, 101 + MAX_GONE):
        event(people, **console(number))
        event(people, leaving=number)
    assert len(people._gone) == MAX_GONE


@pytest.mark.case("U5")
def test_of_two_consoles_the_one_that_spoke_last_counts() -> None:
    people = joined(publisher(2, "hai"), trust=JANUS)
    event(people, **console(9, floor=1, at=5.0))
    event(people, **console(10, at=6.0))
    assert not people.given


@pytest.mark.case("U5")
def test_without_a_key_nobody_can_give_the_floor() -> None:
    people = joined(publisher(5, Display("Chủ trì", chair=True, floor=1)), trust=Trust(1234))
    assert not people.given
    event(people, **console(9, floor=1))
    assert not people.given
    assert not people.trust.possible
    assert JANUS.possible
    assert CHECKED.possible


NAMES = st.text(st.characters().filter(str.isprintable), max_size=60)


@given(NAMES, st.booleans(), st.booleans())
def test_a_site_display_goes_there_and_back(name: str, hand: bool, mic: bool) -> None:
    display = Display(name, hand=hand, mic=mic)
    assert Display.parse(str(display)) == display
    proved = replace(display, proof="ia-kly/AB-_")
    assert Display.parse(str(proved)) == proved


@given(NAMES, st.none() | st.integers(1, 2**52) | st.text("abc", min_size=1), st.floats(0, 1e10))
def test_a_chair_display_goes_there_and_back(name: str, floor: int | str | None, at: float) -> None:
    display = Display(name, chair=True, floor=floor)
    assert Display.parse(str(display)) == display
    signed = replace(display, leads=floor, at=at, signature="AB-_")
    assert Display.parse(str(signed)) == signed


WHATEVER = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=120)
FIELDS = ("hand", "mic", "chair", "floor", "returned", "proof", "leads", "at", "signature")


@given(st.dictionaries(st.sampled_from(FIELDS), WHATEVER))
def test_no_display_breaks_it(value: dict[str, Any]) -> None:
    people = joined(publisher(2, json.dumps({"name": "x", "chair": True, **value})), trust=JANUS)
    assert not people.given
    assert people.chair is None


@given(st.text(max_size=500) | st.dictionaries(st.text(max_size=5), st.integers()).map(json.dumps))
def test_any_text_is_a_name(text: str) -> None:
    name = Display.parse(text).name
    assert len(name) <= MAX_NAME
    assert name.isprintable()


def test_what_no_database_and_no_sheet_can_hold_is_a_space() -> None:
    for text in (r'{"name":"\ud800\u0000\u000bx"}', "\ud800\x00\x0bx"):
        assert Display.parse(text).name == "   x"


@given(
    st.dictionaries(
        st.sampled_from(["id", "publishers", "joining", "leaving", "display"]),
        st.none() | st.integers() | st.text(max_size=4) | st.lists(st.none()),
    )
)
def test_no_event_breaks_it(data: dict[str, Any]) -> None:
    people = joined(publisher(2, "hai"))
    event(people, **data)
    people.wanted()


@pytest.mark.case("K1", "C16")
@pytest.mark.parametrize("codec", ["\ud800", "vp9\n\x1b[2J", "x" * 100_000, ["h264"]])
def test_a_codec_of_any_text_can_be_told(codec: Any) -> None:
    one = {"id": "\ud800\x1b", "streams": [{"type": "video", "mid": "0", "codec": codec}]}
    told = joined(one).passed_over()
    assert len(told) == 1
    for name, what in told.items():
        assert (name + what).isprintable()
        assert len(what) < 20


def test_a_codec_that_only_the_offer_names_is_told_with_who_sends_it() -> None:
    people = joined(publisher(2, "hai"), publisher(3, "ba"))
    (picture,) = people.persons[2].all("video")
    people.refuse({replace(picture, codec="vp9")})
    assert people.passed_over() == {"hai": "VP9"}
    seen = people.seen()
    assert seen is not None
    assert seen.display.name == "ba"


@pytest.mark.case("C16")
def test_a_participant_who_is_called_ok_may_leave() -> None:
    people = joined({"id": "ok", "display": "Xã Ok"})
    leaves = {"videoroom": "event", "room": "1234", "leaving": "ok"}
    assert not people.removes_us(leaves)
    people.take(leaves)
    assert people.persons == {}
    assert people.removes_us({**leaves, "reason": "kicked"})
