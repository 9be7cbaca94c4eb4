"""Who is seen and heard, from events of a room."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from appliance.dialers.janus.display import MAX_NAME, Display
from appliance.dialers.janus.people import MAX_HEARD, People


def publisher(number: int, display: str | Display, *kinds: str) -> dict[str, Any]:
    streams = [{"type": kind, "mid": str(i)} for i, kind in enumerate(kinds or ("audio", "video"))]
    return {"id": number, "display": str(display), "streams": streams}


def joined(*publishers: dict[str, Any]) -> People:
    people = People()
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


NAMES = st.text(st.characters().filter(str.isprintable), max_size=60)


@given(NAMES, st.booleans(), st.booleans())
def test_a_site_display_goes_there_and_back(name: str, hand: bool, mic: bool) -> None:
    display = Display(name, hand=hand, mic=mic)
    assert Display.parse(str(display)) == display


@given(NAMES, st.none() | st.integers(1, 2**52))
def test_a_chair_display_goes_there_and_back(name: str, floor: int | None) -> None:
    display = Display(name, chair=True, floor=floor)
    assert Display.parse(str(display)) == display


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
