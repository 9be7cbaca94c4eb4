"""Whole media sessions with answers as far ends write them: own numbers, names, holds."""

import asyncio
import re
from collections.abc import Callable
from fractions import Fraction

import pytest
from av.packet import Packet

from appliance.core.problems import ProblemKey
from appliance.dialers.api import LocalTracks
from appliance.dialers.sip.media_hosts import MAX_HOSTS, MediaHosts, system_lookup
from appliance.dialers.sip.media_problems import MediaProblems
from appliance.dialers.sip.media_session import MediaSession
from appliance.dialers.sip.sdp.offer_lines import Agreed, Encryption, Role
from appliance.media.jitter.clock import FarClock
from appliance.media.rtp.send_rate import SendRate
from appliance.media.rtp.sender import MAX_UNSENT, Sending
from appliance.media.rtp.stream import RtpStream
from tests.dialers.sip.media_pair import HOST, End, agree, end, media_flow, media_pair, until
from tests.media.local_tracks import NumberedVideo, Tone

SEI = b"\x06\x05\x01\x00\x80"  # it holds nothing to see


def renumbered(sdp: str) -> str:
    """The same description with other dynamic numbers, those of sound's events too."""
    other = {"99": "109", "100": "120", "98": "116", "101": "96", "102": "97"}
    lines = []
    for line in sdp.split("\r\n"):
        if line.startswith("m="):
            head, formats = line.split("RTP/AVP ")
            words = [other.get(word, word) for word in formats.split()]
            line = f"{head}RTP/AVP {' '.join(words)}"  # noqa: PLW2901
        found = re.match(r"(a=(?:rtpmap|fmtp):)(\d+)(.*)", line)
        lines.append(found[1] + other.get(found[2], found[2]) + found[3] if found else line)
    return "\r\n".join(lines)


@pytest.mark.case("C8")
async def test_a_call_in_which_each_end_has_its_own_numbers() -> None:
    async with media_pair(offer=renumbered, answer=renumbered) as (a, b):
        await media_flow(a, b)
        await a.session.send_dtmf("12#")
        await until(lambda: "".join(b.keys) == "12#", "three keys")


@pytest.mark.case("C14")
async def test_media_go_to_a_host_that_is_a_name() -> None:
    asked: list[str] = []

    async def lookup(host: str) -> str | None:
        asked.append(host)
        return HOST

    video, audio = NumberedVideo(), Tone()
    session = MediaSession(
        LocalTracks(video, audio),
        encryption=Encryption.OFF,
        name="x",
        on_keyframe_wanted=lambda: None,
        lookup=lookup,
    )
    a, b = End(video, audio, session), end(Encryption.OFF, first=10_000, hertz=880.0)
    try:
        await session.open(HOST)
        await b.session.open(HOST)
        agree(a, b, answer=lambda sdp: re.sub("c=IN IP4 .*", "c=IN IP4 media.example.vn", sdp))
        a.watch()
        b.watch()
        await media_flow(a, b)
        assert asked == ["media.example.vn"]
    finally:
        await a.close()
        await b.close()


@pytest.mark.case("C14")
async def test_a_name_that_is_not_found_is_asked_for_again_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = [OSError("no such name"), UnicodeError("label too long"), None, HOST]
    found = asyncio.Event()

    async def lookup(host: str) -> str | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    hosts = MediaHosts(found.set, lookup, retry_s=0.01)
    try:
        assert hosts.address(None) is None
        assert hosts.address(("192.0.2.1", 5004)) == ("192.0.2.1", 5004)
        assert hosts.address(("mcu.example", 5004)) is None
        async with asyncio.timeout(10):
            await found.wait()
        assert hosts.address(("mcu.example", 5005)) == (HOST, 5005)
        assert "'mcu.example' has no address" in caplog.text
    finally:
        await hosts.close()


async def test_names_without_end_are_bounded() -> None:
    never = asyncio.Event()

    async def lookup(host: str) -> str | None:
        await never.wait()
        return None

    hosts = MediaHosts(lambda: None, lookup)
    for number in range(3 * MAX_HOSTS):
        assert hosts.address((f"host{number}.example", 5004)) is None
    assert len(asyncio.all_tasks()) == 1 + MAX_HOSTS
    await hosts.close()
    await hosts.close()
    assert len(asyncio.all_tasks()) == 1


async def test_the_systems_own_resolver() -> None:
    assert await system_lookup(HOST)("localhost") == HOST


@pytest.mark.case("C4")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda sdp: sdp, ""),
        (lambda sdp: re.sub("m=video [0-9]+", "m=video 0", sdp), "no picture"),
        (lambda sdp: sdp.replace("H264", "H265"), "no picture"),
        (lambda sdp: re.sub("b=TIAS:[0-9]+", "b=AS:64", sdp), "64 kbit/s"),
        (lambda sdp: sdp.replace("a=sendrecv", "a=inactive"), ""),  # a hold refuses nothing
    ],
)
async def test_a_refused_picture_has_a_word(change: Callable[[str], str], says: str) -> None:
    async with media_pair(answer=change) as (a, _):
        words = a.session.problems.get(ProblemKey.ROOM_CODEC, "")
        assert says in words
        assert bool(words) is bool(says)


@pytest.mark.case("C4")
async def test_packets_that_make_no_picture_are_told_and_then_not() -> None:
    async with media_pair() as (a, b):
        told: list[dict[ProblemKey, str]] = []
        a.session.changed = lambda: told.append(a.session.problems)
        stream = b.session._streams[Role.VIDEO]
        assert stream.sender is not None
        send, stream.path.send_rtp = stream.path.send_rtp, lambda packet: send(packet[:12] + SEI)  # type: ignore[method-assign]
        await until(lambda: bool(told), "a problem")
        assert told == [{ProblemKey.FAR_VIDEO: "H264"}]
        stream.path.send_rtp = send  # type: ignore[method-assign]
        b.video.request_keyframe()
        await until(lambda: len(told) > 1, "no problem any more")
        assert told[1] == {}


def test_a_camera_that_cuts_no_slices_is_told_where_the_far_end_needs_them() -> None:
    stream = RtpStream(
        "video",
        NumberedVideo(),
        clock=FarClock(),
        rate=SendRate(start=500_000, ceiling=1_000_000),
        name="x",
        ask=lambda: None,
    )
    assert stream.sender is not None
    sending = Sending(99, "H264", 90_000, mode=0)
    stream.sender.use(sending, 100.0)
    problems = MediaProblems(stream)
    problems.agree((Agreed(Role.VIDEO, ("192.0.2.1", 5004), None, sending, None),), 100.0)
    assert problems.found == {}
    for number in range(MAX_UNSENT):
        picture = Packet(b"\0\0\1\x65" + b"\x88" * 5_000)
        picture.pts, picture.time_base = number * 3_000, Fraction(1, 90_000)
        stream.sender._take(picture, 100.0 + number / 30)
    assert problems.see()
    assert "no slices" in problems.found[ProblemKey.ROOM_CODEC]
    assert not problems.see()


@pytest.mark.case("C7")
@pytest.mark.parametrize("way", ["a=sendonly", "a=inactive", "c=IN IP4 0.0.0.0"])
async def test_a_hold_is_known_as_one_and_rtcp_goes_on_where_it_can(way: str) -> None:
    def held(sdp: str) -> str:
        if way.startswith("c="):
            return re.sub("c=IN IP4 .*", f"{way}\r", sdp)
        return sdp.replace("a=sendrecv", way)

    async with media_pair() as (a, b):
        await until(lambda: bool(a.numbers), "a picture")
        assert not a.session.held
        agree(b, a, offer=held)
        assert a.session.held
        before = a.session.heard_at
        await until(lambda: a.session.heard_at > before + 2.0, "two seconds of reports")
        agree(b, a)
        assert not a.session.held
        await media_flow(a, b)
