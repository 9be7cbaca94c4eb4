"""What a subscriber has on which line, and when it is offered to it again."""

from typing import Any

import pytest
from aiortc.sdp import SessionDescription

from services.room.errors import VideoRoomError
from tests.room.people import BOTH, Person, line, rooms, session

ANSWER = session(line("audio", "0", direction="recvonly", setup="active"))


def lines(event: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Each line of a state: its mid, its kind, and the source that it carries."""
    return [
        (one["mid"], one["type"], one.get("feed_id"), one.get("feed_mid"))
        for one in event["streams"]
    ]


def directions(event: dict[str, Any]) -> list[str | None]:
    """The directions of the lines of the offer in it."""
    return [media.direction for media in SessionDescription.parse(event["sdp"]).media]


async def test_a_subscription_offers_the_lines_that_were_asked_for() -> None:
    room = rooms()
    one, viewer, listener = Person(room, 1), Person(room, 2), Person(room, 3)
    number = await one.publish("một")
    attached = await viewer.subscribe({"feed": number})
    assert attached["videoroom"] == "attached"
    assert lines(attached) == [("0", "audio", number, "0"), ("1", "video", number, "1")]
    assert directions(attached) == ["sendonly", "sendonly"]
    assert f"a=msid:feed{number} feed{number}-1" in attached["sdp"], "one stream, for lip sync"
    (sound,) = (await listener.subscribe({"feed": number, "mid": "0"}))["streams"]
    assert (sound["type"], sound["feed_mid"], sound["send"]) == ("audio", "0", True)
    for nothing in ({"feed": number, "mid": "7"}, {"feed": number + 1}):
        with pytest.raises(VideoRoomError) as refused:
            await Person(room, 4).subscribe(nothing)
        assert refused.value.code == 428
    await one.ask("leave")


async def test_a_freed_line_is_used_again_and_keeps_its_ssrc() -> None:
    room = rooms()
    one, two, viewer = Person(room, 1), Person(room, 2), Person(room, 3)
    first, second = await one.publish("một"), await two.publish("hai")
    await viewer.subscribe({"feed": first})
    await viewer.ask("start", ANSWER)
    ssrcs = [sink.ssrc for sink in viewer.subscription.media.sinks]
    gone = await viewer.ask("unsubscribe", streams=[{"feed": first, "mid": "1"}])
    assert lines(gone) == [("0", "audio", first, "0"), ("1", "video", None, None)]
    assert directions(gone) == ["sendonly", "inactive"]
    await viewer.ask("start", ANSWER)
    more = await viewer.ask("subscribe", streams=[{"feed": second}])
    assert lines(more) == [
        ("0", "audio", first, "0"),
        ("1", "video", second, "1"),
        ("2", "audio", second, "0"),
    ]
    assert [sink.ssrc for sink in viewer.subscription.media.sinks][:2] == ssrcs
    assert "sdp" not in await viewer.ask("subscribe", streams=[{"feed": second}]), "it has them"
    for person in (one, two, viewer):
        await person.ask("leave")


async def test_changes_wait_for_the_answer_to_the_open_offer() -> None:
    room = rooms()
    one, two, viewer = Person(room, 1), Person(room, 2), Person(room, 3)
    first, second = await one.publish("một"), await two.publish("hai")
    await viewer.subscribe({"feed": first})
    waiting = await viewer.ask("update", subscribe=[{"feed": second}])
    assert waiting["videoroom"] == "updating"
    assert "sdp" not in waiting
    assert viewer.received == []
    await viewer.ask("start", ANSWER)
    (offered,) = viewer.received
    assert offered["jsep"]["type"] == "offer"
    assert len(SessionDescription.parse(offered["jsep"]["sdp"]).media) == 4
    assert offered["plugindata"]["data"]["videoroom"] == "updated"
    viewer.received.clear()
    await viewer.ask("start", ANSWER)
    assert viewer.received == [], "nothing has changed since"
    for person in (one, two, viewer):
        await person.ask("leave")


async def test_what_ends_is_taken_off_the_lines_of_all_who_see_it() -> None:
    room = rooms()
    one, two, viewer, other = (Person(room, number) for number in (1, 2, 3, 4))
    first, second = await one.publish("một"), await two.publish("hai")
    await viewer.subscribe({"feed": first}, {"feed": second})
    await viewer.ask("start", ANSWER)
    await other.subscribe({"feed": second})
    await other.ask("start", ANSWER)
    viewer.received.clear()
    other.received.clear()
    await one.ask("leave")
    (offered,) = [one for one in viewer.received if "jsep" in one]
    kept = [feed for _, _, feed, _ in lines(offered["plugindata"]["data"])]
    assert kept == [None, None, second, second]
    assert other.received == [], "it saw the other one"
    for person in (two, viewer, other):
        await person.ask("leave")


async def test_a_switch_takes_another_source_on_the_same_line_without_an_offer() -> None:
    room = rooms()
    one, two, viewer = Person(room, 1), Person(room, 2), Person(room, 3)
    first, second = await one.publish("một"), await two.publish("hai")
    await viewer.subscribe({"feed": first})
    switched = await viewer.ask("switch", streams=[{"feed": second, "mid": "1", "sub_mid": "1"}])
    assert (switched["switched"], switched["changes"], "sdp" in switched) == ("ok", 1, False)
    assert lines(switched) == [("0", "audio", first, "0"), ("1", "video", second, "1")]
    assert one.participant.media is not None
    assert one.participant.media.sources["1"].sinks == []
    assert two.participant.media is not None
    assert len(two.participant.media.sources["1"].sinks) == 1
    for wrong in (
        {"feed": second, "mid": "1", "sub_mid": "0"},  # a picture on a line of sound
        {"feed": second, "mid": "1", "sub_mid": "9"},
        {"feed": second, "mid": "1"},
    ):
        with pytest.raises(VideoRoomError, match="Nothing to switch"):
            await viewer.ask("switch", streams=[wrong])
    for person in (one, two, viewer):
        await person.ask("leave")


async def test_a_paused_line_says_so_and_goes_on_when_resumed() -> None:
    room = rooms()
    one, viewer = Person(room, 1), Person(room, 2)
    await viewer.subscribe({"feed": await one.publish("một")})
    paused = await viewer.ask("configure", streams=[{"mid": "1", "send": False}])
    assert [stream["send"] for stream in paused["streams"]] == [True, False]
    again = await viewer.ask("configure", streams=[{"mid": "1"}])
    assert [stream["send"] for stream in again["streams"]] == [True, False], "nothing was said"
    resumed = await viewer.ask("configure", streams=[{"mid": "1", "send": True}])
    assert [stream["send"] for stream in resumed["streams"]] == [True, True]
    await viewer.ask("leave")
    await one.ask("leave")


async def test_a_subscriber_that_leaves_is_sent_and_offered_nothing_more() -> None:
    room = rooms()
    one, viewer = Person(room, 1), Person(room, 2)
    await viewer.subscribe({"feed": await one.publish("một")})
    assert one.participant.media is not None
    sources = list(one.participant.media.sources.values())
    assert [len(source.sinks) for source in sources] == [1, 1]
    assert (await viewer.ask("leave"))["left"] == "ok"
    assert [len(source.sinks) for source in sources] == [0, 0]
    await one.ask("leave")
    assert viewer.received == []


async def test_a_publisher_that_offers_again_keeps_its_viewers() -> None:
    room = rooms()
    one, viewer = Person(room, 1), Person(room, 2)
    await viewer.subscribe({"feed": await one.publish("một")})
    await viewer.ask("start", ANSWER)
    media = one.participant.media
    assert media is not None
    picture = media.sources["1"]
    picture._missing[5] = 0
    await one.ask("configure", session(line("audio", "0", ssrc=11), line("video", "1", ssrc=33)))
    assert media.sources["1"] is picture, "whom its viewers ask for a keyframe"
    assert (picture.ssrc, len(picture.sinks), picture.take_missing()) == (33, 1, [])
    assert viewer.received == [], "they see no change"
    await viewer.ask("leave")
    await one.ask("leave")


async def test_a_line_that_a_publisher_takes_back_is_offered_again_when_it_returns() -> None:
    room = rooms()
    one, viewer = Person(room, 1), Person(room, 2)
    number = await one.publish("một")
    await viewer.subscribe({"feed": number})
    await viewer.ask("start", ANSWER)
    sound_only = await one.ask("configure", session(line("audio", "0", ssrc=11)))
    assert [stream["mid"] for stream in sound_only["streams"]] == ["0"]
    (offered,) = viewer.received
    assert lines(offered["plugindata"]["data"])[1] == ("1", "video", None, None)
    await viewer.ask("start", ANSWER)
    await one.ask("configure", BOTH)
    again = await viewer.ask("subscribe", streams=[{"feed": number}])
    assert lines(again) == [("0", "audio", number, "0"), ("1", "video", number, "1")]
    assert directions(again) == ["sendonly", "sendonly"]
    assert one.participant.media is not None
    assert len(one.participant.media.sources["1"].sinks) == 1
    await viewer.ask("leave")
    await one.ask("leave")


@pytest.mark.parametrize(
    ("request_name", "body", "code"),
    [
        ("unsubscribe", {"streams": [{}]}, 0),
        ("unsubscribe", {"streams": [{"mid": "1"}]}, 0),
        ("unsubscribe", {"streams": [{"sub_mid": "77"}]}, 0),
        ("unsubscribe", {"streams": [{"feed": 5}]}, 0),
        ("update", {"unsubscribe": [{}]}, 0),
        ("unsubscribe", {"streams": []}, 430),
        ("unsubscribe", {}, 429),
        ("update", {}, 429),
        ("unsubscribe", {"streams": [{"sub_mid": 0}]}, 430),
        ("unsubscribe", {"streams": [{"feed": "x"}]}, 430),
        ("subscribe", {"streams": [{}]}, 429),
        ("switch", {"streams": [{}]}, 429),
    ],
)
async def test_a_change_that_names_nothing_drops_nothing(
    request_name: str, body: dict[str, Any], code: int
) -> None:
    """Each answer was asked of a real Janus 1.1."""
    room = rooms()
    one, viewer = Person(room, 1), Person(room, 2)
    number = await one.publish("một")
    await viewer.subscribe({"feed": number})
    await viewer.ask("start", ANSWER)
    if code:
        with pytest.raises(VideoRoomError) as refused:
            await viewer.ask(request_name, **body)
        assert refused.value.code == code
    else:
        assert (await viewer.ask(request_name, **body))["videoroom"] == "updated"
    feeds = [sink.feed for sink in viewer.subscription.media.sinks]
    assert feeds == [number, number]
    for person in (viewer, one):
        await person.ask("leave")
