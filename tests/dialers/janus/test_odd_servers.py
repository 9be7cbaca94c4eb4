"""What a Janus or a proxy before it says wrongly costs itself: no error but DialError comes out."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from appliance.core.problems import ProblemKey
from appliance.dialers.api import DialError, EndReason
from appliance.dialers.registry import Dialers
from tests.dialers.far_ends import videoroom_address
from tests.dialers.sites import near, site, until
from tests.peers.janus import janus
from tests.peers.janus_proxy import janus_proxy
from tests.process.ports import free_port

Json = dict[str, Any]
Edit = Callable[[str], Any]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    number = free_port()
    with janus(tmp_path_factory.mktemp("janus"), number):
        yield number


def descriptions(kind: str, edit: Edit) -> Callable[[Json], Json]:
    """Changes the server's offers, or its answers."""

    def change(message: Json) -> Json:
        jsep = message.get("jsep")
        if isinstance(jsep, dict) and jsep.get("type") == kind:
            message["jsep"] = {"type": kind, "sdp": edit(jsep["sdp"])}
        return message

    return change


BROKEN: list[Edit] = [
    lambda sdp: "",
    lambda sdp: None,
    lambda sdp: "v=0\r\nm=video\r\n",
    lambda sdp: sdp.replace("a=ice-pwd", "a=x"),
    lambda sdp: sdp.replace("a=fingerprint:sha-256", "a=fingerprint:md2"),
    lambda sdp: sdp.replace("UDP/TLS/RTP/SAVPF", "\u20ac"),
    lambda sdp: sdp[: len(sdp) // 3],
]


@pytest.mark.case("K1", "K2")
@pytest.mark.parametrize("edit", BROKEN)
async def test_an_answer_that_cannot_be_taken_is_a_dial_error(port: int, edit: Edit) -> None:
    async with janus_proxy(port, descriptions("answer", edit)) as line:
        with pytest.raises(DialError) as caught:
            await Dialers(deadline_s=6.0).dial(
                videoroom_address(line, "janus"), near(1), name="site 1"
            )
    assert caught.value.reason in (EndReason.NO_MEDIA, EndReason.UNREACHABLE)


@pytest.mark.case("K1")
@pytest.mark.parametrize("edit", BROKEN[:4])
async def test_an_offer_that_cannot_be_taken_does_not_end_the_call(port: int, edit: Edit) -> None:
    """Its picture is passed over, then its sound; ours goes out all the while."""
    other = await site(Dialers(), videoroom_address(port, "janus"), 2)
    async with janus_proxy(port, descriptions("offer", edit)) as line:
        one = await site(Dialers(), videoroom_address(line, "janus"), 1)
        await until(lambda: other.sees == 1 and other.hears() == {1}, "our picture and sound")
        await until(lambda: ProblemKey.FAR_VIDEO in one.call.problems, "that it is told")
        assert one.call.problems[ProblemKey.FAR_VIDEO].startswith("site 2 (")
        assert one.call.ended is None
        await one.leave()
    await other.leave()


@pytest.mark.case("K1")
async def test_a_picture_that_only_the_offer_shows_to_be_another_codec_is_passed_over(
    port: int,
) -> None:
    """An old server says no codec in its lists."""

    def change(message: Json) -> Json:
        text = message.get("plugindata", {}).get("data", {})
        for publisher in text.get("publishers", []):
            for stream in publisher.get("streams", []):
                stream.pop("codec", None)
        return descriptions("offer", lambda sdp: sdp.replace(" H264/90000", " VP9/90000"))(message)

    other = await site(Dialers(), videoroom_address(port, "janus"), 2)
    async with janus_proxy(port, change) as line:
        one = await site(Dialers(), videoroom_address(line, "janus"), 1)
        await until(lambda: one.hears() == {2}, "the sound")
        await until(lambda: ProblemKey.FAR_VIDEO in one.call.problems, "that it is told")
        assert one.call.video is None
        await one.leave()
    await other.leave()


ODD_LISTS: list[Callable[[Json], Json]] = [
    lambda data: {**data, "publishers": "none"},
    lambda data: {**data, "publishers": [7, None, {"id": [], "streams": 3}]},
    lambda data: {**data, "publishers": [{"id": 5, "display": 5, "streams": [{"codec": 3}, 4]}]},
    lambda data: {**data, "streams": [{"mid": None, "feed_id": {}, "type": 1}]},
    lambda data: {**data, "private_id": "x", "attendees": {}},
]


@pytest.mark.case("K1")
@pytest.mark.parametrize("odd", ODD_LISTS)
async def test_odd_lists_end_nothing(port: int, odd: Callable[[Json], Json]) -> None:
    def change(message: Json) -> Json:
        plugin = message.get("plugindata")
        if isinstance(plugin, dict) and plugin.get("data", {}).get("videoroom") in (
            "joined",
            "event",
            "attached",
        ):
            plugin["data"] = odd(plugin["data"])
        return message

    other = await site(Dialers(), videoroom_address(port, "janus"), 2)
    async with janus_proxy(port, change) as line:
        one = await site(Dialers(), videoroom_address(line, "janus"), 1)
        await until(lambda: other.sees == 1, "our picture")
        assert one.call.ended is None
        await one.leave()
    await other.leave()


@pytest.mark.case("K2")
@pytest.mark.parametrize("number", [None, "x", 0, [], True, 1.5])
async def test_a_session_without_a_number_is_a_dial_error(port: int, number: object) -> None:
    def change(message: Json) -> Json:
        return message | ({"data": {"id": number}} if "data" in message else {})

    async with janus_proxy(port, change) as line:
        with pytest.raises(DialError):
            await Dialers(deadline_s=6.0).dial(
                videoroom_address(line, "janus"), near(1), name="site 1"
            )


@pytest.mark.case("K2")
async def test_an_answer_that_rejects_everything_leaves_us_to_see_and_hear(port: int) -> None:
    def nothing(sdp: str) -> str:
        return sdp.replace("m=audio 9", "m=audio 0").replace("m=video 9", "m=video 0")

    other = await site(Dialers(), videoroom_address(port, "janus"), 2)
    async with janus_proxy(port, descriptions("answer", nothing)) as line:
        one = await site(Dialers(), videoroom_address(line, "janus"), 1)
        await until(lambda: one.sees == 2 and one.hears() == {2}, "the other's picture and sound")
        assert one.call.problems == {ProblemKey.ROOM_CODEC: "no picture, no sound"}
        assert not one.call.statistics().flowed
        assert one.call.ended is None
        await one.leave()
    assert one.call.ended is EndReason.OURS
    await other.leave()
