"""Who of a room is passed over: a codec that we do not take, a picture of which nothing comes."""

from typing import Any

import pytest

from appliance.dialers.janus.people import (
    FORGIVEN_S,
    MAX_WAITED_FOR,
    UNDECODED_FORGIVEN_S,
    People,
    Stream,
    Trust,
)


def publisher(number: int, *streams: tuple[str, str], name: str = "") -> dict[str, Any]:
    """With streams of a kind and Janus's name of a codec; "" for none said."""
    listed = [
        {"type": kind, "mid": str(i), **({"codec": codec} if codec else {})}
        for i, (kind, codec) in enumerate(streams)
    ]
    return {"id": number, "display": name or f"site {number}", "streams": listed}


def joined(*publishers: dict[str, Any]) -> People:
    people = People()
    people.take({"videoroom": "joined", "id": 1, "publishers": list(publishers)})
    return people


GOOD = (("audio", "opus"), ("video", "h264"))


@pytest.mark.case("K1")
@pytest.mark.parametrize("codec", ["vp9", "av1", "h265", "VP9", "none", "something"])
def test_a_picture_of_another_codec_is_passed_over_and_its_sound_is_not(codec: str) -> None:
    people = joined(publisher(2, ("audio", "opus"), ("video", codec)), publisher(3, *GOOD))
    assert [(s.feed, s.kind) for s in people.wanted()] == [(3, "video"), (2, "audio"), (3, "audio")]
    assert people.passed_over() == {"site 2": codec.upper()}


@pytest.mark.case("K1")
@pytest.mark.parametrize("codec", ["h264", "vp8", "H264", "VP8", ""])
def test_a_picture_that_we_take_is_not(codec: str) -> None:
    people = joined(publisher(2, ("audio", "opus"), ("video", codec)))
    assert [s.kind for s in people.wanted()] == ["video", "audio"]
    assert not people.passed_over()


@pytest.mark.case("K1")
@pytest.mark.parametrize("codec", ["multiopus", "isac16", "isac32", "l16-48"])
def test_a_sound_of_another_codec_is_passed_over_and_its_picture_is_not(codec: str) -> None:
    people = joined(publisher(2, ("audio", codec), ("video", "vp8")))
    assert [s.kind for s in people.wanted()] == ["video"]
    assert people.passed_over() == {"site 2": codec.upper()}


@pytest.mark.case("K1")
def test_of_two_pictures_the_one_that_can_be_taken_is_seen() -> None:
    people = joined(publisher(2, ("video", "vp9"), ("video", "h264"), ("audio", "opus")))
    assert people.shown() == Stream(2, "1", "video")
    assert not people.passed_over()


@pytest.mark.case("K1")
def test_who_has_sound_alone_is_heard_and_nothing_is_told() -> None:
    people = joined(publisher(2, ("audio", "opus")), publisher(3, *GOOD))
    assert [s.feed for s in people.wanted()] == [3, 2, 3]
    assert not people.passed_over()


@pytest.mark.case("K1")
@pytest.mark.parametrize("again", [("h264",), ("vp8", "vp9")])
def test_a_refused_picture_is_passed_over_until_something_else_is_sent(again: Any) -> None:
    people = joined(publisher(2, *GOOD), publisher(3, *GOOD))
    people.refuse({Stream(2, "1", "video")})
    seen = people.shown()
    assert seen is not None
    assert seen.feed == 3
    assert people.passed_over() == {"site 2": "H264"}
    people.take({"videoroom": "event", "publishers": [publisher(2, *GOOD)]})
    assert people.passed_over(), "the same streams are no news"
    codecs = [("video", codec) for codec in again]
    people.take({"videoroom": "event", "publishers": [publisher(2, ("audio", ""), *codecs)]})
    assert not people.passed_over()


@pytest.mark.case("C16")
def test_a_silent_picture_is_received_on_and_the_next_is_shown() -> None:
    people = joined(*(publisher(number, *GOOD) for number in range(2, 9)))
    silent: set[Stream] = set()
    for number in range(2, 7):
        shown = people.shown()
        assert shown == Stream(number, "1", "video")
        silent.add(shown)
        people.look(10.0 + number, set(people.wanted()), silent & set(people.wanted()), set())
    pictures = [s.feed for s in people.wanted() if s.kind == "video"]
    assert pictures == [2, 3, 4, 7]
    assert len(pictures) == MAX_WAITED_FOR + 1
    assert not people.passed_over(), "a camera that is off is no problem"
    silent.discard(Stream(2, "1", "video"))
    people.look(20.0, set(people.wanted()), silent & set(people.wanted()), set())
    assert [s.feed for s in people.wanted() if s.kind == "video"] == [2]
    everything = set(people.wanted())
    people.look(20.0 + 2 * FORGIVEN_S, everything, set(), set())
    assert people.shown() == Stream(2, "1", "video")


@pytest.mark.case("K1")
def test_a_picture_that_cannot_be_decoded_is_told_and_tried_again() -> None:
    people = joined(publisher(2, *GOOD), publisher(3, *GOOD))
    people.look(100.0, set(people.wanted()), set(), {Stream(2, "1", "video")})
    assert people.passed_over() == {"site 2": "H264"}
    seen = people.seen()
    assert seen is not None
    assert seen.number == 3
    people.look(100.0 + UNDECODED_FORGIVEN_S, set(people.wanted()), set(), set())
    assert not people.passed_over()


@pytest.mark.case("C16")
def test_a_server_with_string_ids() -> None:
    people = People(trust=Trust(checks_chair=True))
    chair = {**publisher(2, *GOOD), "id": "chair-7", "display": '{"name":"C","chair":true}'}
    people.take({"videoroom": "joined", "id": "me-1", "publishers": [chair]})
    assert people.shown() == Stream("chair-7", "1", "video")
    shown = '{"name":"C","chair":true,"floor":"me-1"}'
    people.take({"videoroom": "event", "id": "chair-7", "display": shown})
    assert people.given
    people.take({"videoroom": "event", "leaving": "chair-7"})
    assert not people.persons
