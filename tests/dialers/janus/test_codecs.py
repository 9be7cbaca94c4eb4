"""A real Janus whose participants and rooms have other codecs than ours."""

from collections.abc import Iterator

import pytest

from appliance.core.problems import ProblemKey
from appliance.dialers.api import EndReason
from appliance.dialers.registry import Dialers
from tests.dialers.far_ends import videoroom_address
from tests.dialers.janus.publisher import Change, Publisher, only, profile, renamed
from tests.dialers.sites import Site, near, site, until
from tests.media.local_tracks import NumberedVideo
from tests.peers import janus as there
from tests.process.ports import free_port

VP9 = renamed("VP8", "VP9")
AV1 = renamed("VP8", "AV1")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    number = free_port()
    with there.janus(tmp_path_factory.mktemp("janus"), number):
        yield number


async def enter(port: int, room: int, number: int = 1) -> Site:
    return await site(Dialers(), videoroom_address(port, "janus", room), number)


@pytest.mark.case("K1")
@pytest.mark.parametrize(("codec", "change"), [("VP9", VP9), ("AV1", AV1)])
async def test_a_codec_that_we_cannot_take_is_passed_over_and_told(
    port: int, codec: str, change: tuple[Change, Change]
) -> None:
    """It ended the endpoint, six times in 45 s."""
    to, back = change
    strange = Publisher(port, "Chủ tọa", there=lambda t: to(only("video", "VP8")(t)), back=back)
    await strange.enter(there.ANY_ROOM)
    other = await enter(port, there.ANY_ROOM, 3)
    one = await enter(port, there.ANY_ROOM, 1)
    await until(lambda: one.sees == 3, "the picture of the other")
    await until(lambda: one.hears() == {2, 3}, "the sound of both")
    assert one.call.problems == {ProblemKey.FAR_VIDEO: f"Chủ tọa ({codec})"}
    assert one.call.floor.speaker == "site 3"
    await strange.leave()
    await until(lambda: not one.call.problems, "nobody passed over any more")
    assert one.call.ended is None
    for each in (one, other):
        await each.leave()


@pytest.mark.case("K1")
@pytest.mark.parametrize("level_id", ["4d001f", "4d0032", "640028"])
async def test_h264_main_and_high_are_shown(port: int, level_id: str) -> None:
    """In the documented room of h264, too, a chair of Main ended every site."""
    to, back = profile(level_id)
    video = NumberedVideo(first=20_000, profile="Main" if level_id[:2] == "4d" else "High")
    chair = Publisher(port, "Chủ tọa", video=video, there=to, back=back)
    await chair.enter(there.ROOM)
    one = await enter(port, there.ROOM)
    await until(lambda: one.sees == 2 and one.hears() == {2}, "picture and sound")
    assert not one.call.problems
    assert one.call.statistics().video.codec == "H264"
    await one.leave()
    await chair.leave()


@pytest.mark.case("K1")
async def test_alone_with_a_codec_that_we_cannot_take_the_sound_goes_on(port: int) -> None:
    to, back = VP9
    chair = Publisher(port, "Chủ tọa", there=lambda t: to(only("video", "VP8")(t)), back=back)
    await chair.enter(there.VP9_ROOM)
    one = await enter(port, there.VP9_ROOM)
    await until(lambda: one.hears() == {2}, "the sound")
    assert one.call.video is None
    assert set(one.call.problems) == {ProblemKey.FAR_VIDEO, ProblemKey.ROOM_CODEC}
    await one.leave()
    assert one.call.ended is EndReason.OURS
    await chair.leave()


@pytest.mark.case("K2")
@pytest.mark.parametrize(
    ("room", "picture", "sound"),
    [
        (there.VP8_ROOM, "VP8", "opus"),
        (there.VP8_FIRST_ROOM, "VP8", "opus"),
        (there.PCMU_ROOM, "H264", "PCMU"),
        (there.PCMA_ROOM, "H264", "PCMA"),
    ],
)
async def test_two_sites_meet_in_a_room_of_another_codec(
    port: int, room: int, picture: str, sound: str
) -> None:
    """VP8 is Janus's own default; nothing of a site went out there."""
    first, second = await enter(port, room, 1), await enter(port, room, 2)
    await until(lambda: first.sees == 2 and second.sees == 1, "each other's picture")
    await until(lambda: first.hears() == {2} and second.hears() == {1}, "each other's tone")
    statistics = first.call.statistics()
    assert statistics.flowed
    assert (statistics.video.codec, statistics.audio.codec) == (picture, sound)
    seen = len(second.numbers)
    await until(lambda: len(second.numbers) > seen + 30, "a picture that moves")
    assert second.numbers[seen:] == sorted(second.numbers[seen:])
    assert not first.call.problems
    for each in (first, second):
        await each.leave()


@pytest.mark.case("K2")
@pytest.mark.parametrize(
    ("room", "told"),
    [
        (there.VP9_ROOM, {ProblemKey.ROOM_CODEC: "no picture"}),
        (there.AV1_ROOM, {ProblemKey.ROOM_CODEC: "no picture"}),
        (there.STRANGE_ROOM, {ProblemKey.ROOM_CODEC: "no picture, no sound"}),
    ],
)
async def test_a_room_that_takes_nothing_of_ours_is_joined_all_the_same(
    port: int, room: int, told: dict[ProblemKey, str]
) -> None:
    call = await Dialers().dial(videoroom_address(port, "janus", room), near(1), name="site 1")
    assert call.problems == told
    assert call.ended is None
    await call.hang_up()
    assert call.ended is EndReason.OURS


@pytest.mark.case("K1")
async def test_packets_that_are_not_what_they_are_called_are_passed_over_and_told(
    port: int,
) -> None:
    to, back = renamed("VP8", "H264")
    false = Publisher(port, "A", there=lambda t: to(only("video", "VP8")(t)), back=back)
    await false.enter(there.ROOM)
    one = await enter(port, there.ROOM, 1)  # Janus lists who is in by no order: it sees A alone
    await until(lambda: bool(one.call.problems), "that it is told")
    assert one.call.problems == {ProblemKey.FAR_VIDEO: "A (H264)"}
    other = await enter(port, there.ROOM, 3)
    await until(lambda: one.sees == 3, "the picture of who sends one")
    await until(lambda: one.hears() == {2, 3}, "the sound of both")
    for each in (one, other, false):
        await each.leave()
