"""Who of a room gets which event, and what the room says of itself."""

import pytest

from services.room.errors import VideoRoomError
from services.room.signalling.meeting import (
    MAX_PARTICIPANTS,
    MAX_SILENT,
    UNANSWERED_TIMEOUT_S,
    YIELD_S,
)
from services.room.signalling.videoroom import MAX_DISPLAY_LENGTH
from tests.room.people import BOTH, CHAIR_PIN, ROOM, Person, line, rooms, session

CHAIR = '{"name":"tỉnh","chair":true,"floor":null}'


async def test_what_is_published_is_told_once_it_flows_and_once_it_ends() -> None:
    room = rooms()
    first, second = Person(room, 1), Person(room, 2)
    await first.ask("join", display="một")
    joined = await second.ask("joinandconfigure", BOTH, display="hai")
    number = joined["id"]
    assert first.events() == [{"joining": {"id": number, "display": "hai"}}]
    second.participant._on_connected()
    streams = [
        {"type": "audio", "mindex": 0, "mid": "0", "codec": "opus"},
        {"type": "video", "mindex": 1, "mid": "1", "codec": "h264"},
    ]
    entry = {"id": number, "display": "hai", "streams": streams}
    assert first.events() == [{"publishers": [entry]}]
    assert second.received == [{"janus": "webrtcup", "sender": 2}]
    late = await Person(room, 3).ask("join", display="ba")
    assert late["publishers"] == [entry]
    assert [one["display"] for one in late["attendees"]] == ["một"]
    assert (await second.ask("unpublish"))["unpublished"] == "ok"
    assert first.events()[-1] == {"unpublished": number}
    assert second.participant.streams() == []
    with pytest.raises(VideoRoomError, match="not published"):
        await second.ask("unpublish")
    await second.ask("leave")
    assert first.events() == [{"leaving": number}]


async def test_the_chair_removes_one_and_all_learn_of_it() -> None:
    room = rooms()
    chair, one = Person(room, 1), Person(room, 2)
    await chair.ask("join", display=CHAIR, chair_pin=CHAIR_PIN)
    number = await one.publish("một")
    chair.received.clear()
    one.received.clear()
    kick = {"request": "kick", "room": ROOM, "id": number}
    for secret in ("", "432", None, 4320):
        with pytest.raises(VideoRoomError, match="wrong secret") as refused:
            await room.handle_synchronous({**kick, "secret": secret})
        assert refused.value.code == 433
    assert await room.handle_synchronous({**kick, "secret": CHAIR_PIN}) == {"videoroom": "success"}
    assert one.events() == [{"leaving": "ok", "reason": "kicked"}]
    assert chair.events() == [{"kicked": number}, {"unpublished": number}, {"leaving": number}]
    assert one.handle.role is None
    with pytest.raises(VideoRoomError) as again:
        await room.handle_synchronous({**kick, "secret": CHAIR_PIN})
    assert again.value.code == 428


async def test_a_room_that_is_destroyed_is_left_by_all_and_is_no_more() -> None:
    room = rooms()
    people = [Person(room, number) for number in (1, 2)]
    for person in people:
        await person.publish("x")
        person.received.clear()
    body = {"request": "destroy", "room": ROOM, "secret": CHAIR_PIN}
    assert (await room.handle_synchronous(body))["videoroom"] == "destroyed"
    for person in people:
        data = [one["plugindata"]["data"] for one in person.received if "plugindata" in one]
        assert {"videoroom": "destroyed", "room": ROOM} in data
        assert person.handle.role is None
    with pytest.raises(VideoRoomError, match="No such room"):
        await Person(room, 3).ask("join")


async def test_a_room_without_a_chairs_pin_has_no_chair() -> None:
    room = rooms()
    settings = room.meetings[ROOM].settings
    object.__setattr__(settings, "chair_pin", "")
    with pytest.raises(VideoRoomError, match="chair's PIN"):
        await Person(room, 1).ask("join", display=CHAIR, chair_pin="")
    with pytest.raises(VideoRoomError, match="wrong secret"):
        await room.handle_synchronous({"request": "destroy", "room": ROOM, "secret": ""})


async def test_no_more_publishers_and_participants_than_the_bounds() -> None:
    room = rooms(publishers=1)
    first, second = Person(room, 1), Person(room, 2)
    await first.publish("một")
    await second.ask("join", display="hai")
    with pytest.raises(VideoRoomError, match=r"publishers \(1\)") as full:
        await second.ask("publish", BOTH)
    assert full.value.code == 432
    assert (await first.ask("configure", BOTH))["configured"] == "ok", "it has its place already"
    await first.ask("unpublish")
    assert (await second.ask("publish", BOTH))["configured"] == "ok"
    for number in range(3, MAX_SILENT + 2):
        await Person(room, number).ask("join", display="x")
    with pytest.raises(VideoRoomError, match="room is full"):
        await Person(room, 999).ask("join", display="x")
    await first.ask("leave")
    assert (await Person(room, 999).ask("join", display="x"))["videoroom"] == "joined"
    await second.ask("leave")


@pytest.mark.case("K12")
async def test_those_who_send_nothing_take_no_place_of_a_site_or_the_chair() -> None:
    room = rooms(publishers=MAX_PARTICIPANTS)
    crowd = [Person(room, number, "192.0.2.9") for number in range(MAX_PARTICIPANTS)]
    for one in crowd[:MAX_SILENT]:
        await one.ask("join", display="x")
    with pytest.raises(VideoRoomError, match="room is full"):
        await crowd[MAX_SILENT].ask("join", display="x")
    villager = Person(room, 901, "198.51.100.1")
    assert (await villager.ask("join", display="dân"))["videoroom"] == "joined"
    assert crowd[MAX_SILENT - 1].events()[-1] == {"leaving": "ok", "reason": "the room is full"}
    assert len(room.meetings[ROOM].participants) == MAX_SILENT

    site = Person(room, 902, "198.51.100.2")
    await site.publish("Xã")
    chair = Person(room, 903, "198.51.100.3")
    joined = await chair.ask("join", display=CHAIR, chair_pin=CHAIR_PIN)
    assert joined["videoroom"] == "joined"
    for number in range(MAX_PARTICIPANTS):  # no more than all places, however many send
        if len(room.meetings[ROOM].participants) == MAX_PARTICIPANTS:
            break
        await Person(room, 1000 + number, "198.51.100.4").ask("joinandconfigure", BOTH)
    await Person(room, 2000, "198.51.100.5").ask("joinandconfigure", BOTH)
    assert len(room.meetings[ROOM].participants) == MAX_PARTICIPANTS
    assert villager.handle.role is not None
    assert chair.handle.role is not None
    for person in list(room.meetings[ROOM].participants.values()):
        await person.leave()


@pytest.mark.case("K12")
async def test_who_publishes_without_a_path_makes_place_for_who_comes() -> None:
    room = rooms(publishers=2)
    stuck, other, site = Person(room, 1), Person(room, 2), Person(room, 3)
    await stuck.ask("joinandconfigure", BOTH, display="x")
    await other.publish("một")
    with pytest.raises(VideoRoomError, match="publishers"):
        await site.ask("joinandconfigure", BOTH, display="Xã")
    stuck.participant.published_at -= YIELD_S + 1
    assert (await site.ask("joinandconfigure", BOTH, display="Xã"))["videoroom"] == "joined"
    assert stuck.participant.media is None
    for one in (stuck, other, site):
        await one.ask("leave")


@pytest.mark.case("K12")
async def test_a_subscription_that_nobody_answers_ends() -> None:
    room = rooms()
    one, viewer = Person(room, 1), Person(room, 2)
    await one.publish("một")
    await viewer.subscribe({"feed": one.participant.number})
    begun = viewer.subscription.begun_at
    meeting = room.meetings[ROOM]
    await room.sweep(begun + UNANSWERED_TIMEOUT_S)
    assert len(meeting.subscriptions) == 1
    await room.sweep(begun + UNANSWERED_TIMEOUT_S + 1)
    assert meeting.subscriptions == set()
    await one.ask("leave")


async def test_a_rename_is_told_only_where_it_is_one() -> None:
    room = rooms()
    first, second = Person(room, 1), Person(room, 2)
    number = (await first.ask("join", display="một"))["id"]
    await second.ask("join")
    first.received.clear()
    await first.ask("configure", display="một")
    assert second.events() == []
    await first.ask("configure", display="mới")
    assert second.events() == [{"id": number, "display": "mới"}]
    assert first.events() == [], "its own name it knows"
    for display in (5, "x" * (MAX_DISPLAY_LENGTH + 1)):
        with pytest.raises(VideoRoomError, match="display"):
            await first.ask("configure", display=display)
    assert first.participant.display == "mới"
    await first.ask("configure", display="x" * MAX_DISPLAY_LENGTH)


async def test_the_pin_opens_and_nothing_else_does() -> None:
    room = rooms(pin="1122")
    for pin in ("", "112", "11223", None, 0):
        with pytest.raises(VideoRoomError, match="wrong pin"):
            await Person(room, 1).ask("join", pin=pin)
    assert (await Person(room, 1).ask("join", pin="1122"))["videoroom"] == "joined"
    assert (await Person(room, 2).ask("join", pin=1122))["videoroom"] == "joined", "as a number"
    listed = (await room.handle_synchronous({"request": "list"}))["list"]
    assert [(one["pin_required"], one["num_participants"]) for one in listed] == [(True, 2)]


async def test_what_is_offered_in_another_codec_is_refused_and_leaves_no_trace() -> None:
    room = rooms()
    one = Person(room, 1)
    await one.ask("join", display="x")
    vp8 = session(line("video", "0").replace("H264/90000", "VP8/90000"))
    with pytest.raises(VideoRoomError, match="opus and h264") as refused:
        await one.ask("publish", vp8)
    assert refused.value.code == 437
    assert one.participant.media is None
    people = await room.handle_synchronous({"request": "listparticipants", "room": ROOM})
    assert [who["publisher"] for who in people["participants"]] == [False]


@pytest.mark.parametrize("request_", ["join", "joinandconfigure", "start", "switch", "dance", ""])
async def test_what_a_participant_is_refused(request_: str) -> None:
    one = Person(rooms(), 1)
    await one.ask("join", display="x")
    with pytest.raises(VideoRoomError) as refused:
        await one.ask(request_)
    assert refused.value.code == (425 if "join" in request_ else 423)
