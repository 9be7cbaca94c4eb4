"""Which lines of an offer the room takes, and what it answers to them."""

import pytest
from aiortc.sdp import SessionDescription

from services.room.errors import VideoRoomError
from services.room.media.descriptions import (
    ABS_SEND_TIME,
    accept_lines,
    make_answer,
    parse_description,
)
from services.room.media.transport import Transport
from tests.room.people import BOTH, FINGERPRINT, line, session

CODECS = {"audio": "opus", "video": "h264"}
PROFILES = (
    ("102", "0", "42e01f"),  # cannot be packed by FU-A
    ("103", "1", "640c1f"),
    ("104", "1", "42c01f"),
)


def with_profiles(*profiles: tuple[str, str, str]) -> str:
    """A line of video with H.264 in these: payload type, packetization mode, profile."""
    text = line("video", "0").replace("SAVPF 102", f"SAVPF {' '.join(p[0] for p in profiles)}")
    kept = [one for one in text.splitlines() if "rtpmap" not in one and "fmtp" not in one]
    for number, mode, profile in profiles:
        kept.append(f"a=rtpmap:{number} H264/90000")
        kept.append(f"a=fmtp:{number} packetization-mode={mode};profile-level-id={profile}")
    return session("".join(f"{one}\r\n" for one in kept))


def accepted(text: str) -> list[tuple[str, str, int, str, int | None]]:
    """What the room takes of an offer, in short."""
    lines = accept_lines(SessionDescription.parse(text), CODECS)
    return [(one.mid, one.kind, one.payload_type, one.codec, one.ssrc) for one in lines]


async def nothing(_: object) -> None:
    """Takes whatever comes."""


async def test_the_profile_that_everybody_decodes_is_taken_wherever_it_stands() -> None:
    assert accepted(with_profiles(*PROFILES)) == [("0", "video", 104, "h264", None)]
    assert accepted(with_profiles(*PROFILES[:2])) == [("0", "video", 103, "h264", None)]
    assert accepted(with_profiles(PROFILES[0])) == []


@pytest.mark.parametrize(
    ("direction", "taken"),
    [("sendonly", True), ("sendrecv", True), ("recvonly", False), ("inactive", False)],
)
def test_only_who_sends_is_listened_to(direction: str, taken: bool) -> None:
    assert bool(accepted(session(line("audio", "0", direction=direction)))) is taken


def test_a_line_that_was_refused_once_stays_refused() -> None:
    refused = line("video", "1", ssrc=5).replace("m=video 9", "m=video 0")
    assert accepted(session(line("audio", "0", ssrc=4), refused)) == [
        ("0", "audio", 111, "opus", 4)
    ]


async def test_the_answer_has_a_line_for_each_of_the_offer_in_its_order() -> None:
    extension = f"a=extmap:7 {ABS_SEND_TIME}"
    vp8 = line("video", "1").replace("H264/90000", "VP8/90000")
    text = session(vp8, line("audio", "0"), line("video", "2", more=(extension,)))
    offer, _ = parse_description(text)
    transport = Transport(nothing, nothing, controlling=False)
    await transport.gather()
    answer = make_answer(offer, accept_lines(offer, CODECS), transport, 3, 1_500_000)
    await transport.close()
    assert "a=group:BUNDLE 0 2\r\n" in answer
    assert "o=- 1 3 IN IP4" in answer
    assert "x-google-start-bitrate=1500\r\n" in answer
    read = SessionDescription.parse(answer).media
    assert [(one.rtp.muxId, one.port == 0, one.direction) for one in read] == [
        ("1", True, "inactive"),
        ("0", False, "recvonly"),
        ("2", False, "recvonly"),
    ]
    assert [one.id for one in read[2].rtp.headerExtensions] == [7], "as the offer numbers it"
    assert read[1].rtp.headerExtensions == []
    assert read[1].ice_candidates, "where to send"


@pytest.mark.parametrize(
    ("theirs", "ours"), [("actpass", "active"), ("active", "passive"), ("passive", "active")]
)
async def test_one_side_begins_dtls_and_the_other_waits(theirs: str, ours: str) -> None:
    offer, _ = parse_description(session(line("audio", "0", setup=theirs)))
    transport = Transport(nothing, nothing, controlling=False)
    answer = make_answer(offer, accept_lines(offer, CODECS), transport, 1, 0)
    assert f"a=setup:{ours}\r\n" in answer
    await transport.close()


def test_the_path_is_that_of_the_first_line_that_has_one() -> None:
    bare = "".join(
        f"{one}\r\n"
        for one in line("audio", "0").splitlines()
        if not one.startswith(("a=ice", "a=finger", "a=setup"))
    )
    host = "a=candidate:1 1 udp 2130706431 192.0.2.7 4000 typ host"
    _, path = parse_description(session(bare, line("video", "1", more=(host,))))
    assert path.ice.usernameFragment == "ufrg"
    assert [one.value for one in path.dtls.fingerprints] == [FINGERPRINT]
    assert [(one.ip, one.port) for one in path.candidates] == [("192.0.2.7", 4000)]
    assert not path.complete
    ended = line("video", "1", more=(host, "a=end-of-candidates"))
    assert parse_description(session(ended))[1].complete
    with pytest.raises(VideoRoomError, match="no path"):
        parse_description(session(bare))


@pytest.mark.parametrize("cut", range(0, len(BOTH), 37))
def test_half_a_description_is_read_or_refused(cut: int) -> None:
    try:
        offer, _ = parse_description(BOTH[:cut])
    except VideoRoomError as refused:
        assert refused.code == 437
    else:
        assert {one.mid for one in accept_lines(offer, CODECS)} <= {"0", "1"}
