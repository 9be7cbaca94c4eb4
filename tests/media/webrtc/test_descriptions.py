"""Descriptions that aiortc does not take as they are: one medium costs itself alone."""

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.media.webrtc.connection import Connection, connection
from appliance.media.webrtc.descriptions import (
    Description,
    NegotiationError,
    TakenOffer,
    codec_of_offer,
)

HEAD = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE a v
"""
TRANSPORT = """c=IN IP4 192.0.2.1
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=fingerprint:sha-256 {finger}
a=setup:actpass
a=rtcp-mux
a=candidate:1 1 udp 1 127.0.0.1 9 typ host
""".format(finger=":".join(["AB"] * 32))
AUDIO = (
    f"m=audio 9 UDP/TLS/RTP/SAVPF 111\na=mid:a\na=sendonly\na=rtpmap:111 opus/48000/2\n{TRANSPORT}"
)


def video(codec: str, *more: str, numbers: str = "96", line: str = "m=video 9") -> str:
    maps = "".join(f"a=rtpmap:{number} {codec}\n" for number in numbers.split())
    lines = "".join(f"{one}\n" for one in more)
    return f"{line} UDP/TLS/RTP/SAVPF {numbers}\na=mid:v\na=sendonly\n{maps}{TRANSPORT}{lines}"


PROFILES = [
    "42001f", "42e01f", "42e034", "4d001f", "4d0032", "4d401f", "58a01e", "640028", "640c1f",
    "64001f", "6e0028", "7a0028", "f4001f", "53001f", "000000", "zz", "",
]  # fmt: skip


async def answered(offer: str) -> tuple[Description, frozenset[str], list[str]]:
    """Our answer, what it refuses, and the kinds of the tracks that there are then."""
    pc = connection()
    try:
        text = await pc.answer(offer)
        tracks = [t.kind for t in pc.getTransceivers() if t.receiver.track is not None]
        return Description.parse(text), pc.refused, tracks
    finally:
        await pc.close()


@pytest.mark.case("K1")
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("mode", ["packetization-mode=1;", "packetization-mode=0;", ""])
async def test_every_h264_profile_is_taken_and_confirmed_as_offered(
    profile: str, mode: str
) -> None:
    parameters = f"{mode}profile-level-id={profile};level-asymmetry-allowed=1"
    offer = HEAD + AUDIO + video("H264/90000", f"a=fmtp:96 {parameters}")
    answer, refused, tracks = await answered(offer)
    assert (refused, tracks) == (frozenset(), ["audio", "video"])
    assert answer.media[1].parameters() == {"96": parameters}
    assert answer.media[1].words[1] != "0"


@pytest.mark.case("K1")
async def test_an_h264_without_parameters_is_taken() -> None:
    answer, _, tracks = await answered(HEAD + AUDIO + video("h264/90000"))
    assert tracks == ["audio", "video"]
    assert answer.media[1].parameters() == {}


REFUSED = [
    video("VP9/90000", "a=fmtp:96 profile-id=2"),
    video("AV1/90000", "a=fmtp:96 level-idx=5;profile=0;tier=0"),
    video("H265/90000"),
    video("VP8/48000"),
    video("rtx/90000", "a=fmtp:96 apt=95"),
    video("rtx/90000", "a=fmtp:96 apt=x"),
    video("x").replace("a=rtpmap:96 x\n", ""),
    video("t140/1000", line="m=text 9"),
    video("t38/8000", line="m=image 9"),
]


@pytest.mark.case("K1")
@pytest.mark.parametrize("medium", REFUSED)
@pytest.mark.parametrize("first", [False, True])
async def test_a_medium_that_is_not_taken_is_rejected_and_the_others_go_on(
    medium: str, first: bool
) -> None:
    offer = HEAD + (medium + AUDIO if first else AUDIO + medium)
    answer, refused, tracks = await answered(offer)
    assert (refused, tracks) == (frozenset({"v"}), ["audio"])
    rejected = answer.media[0 if first else 1]
    assert rejected.words[:2] == [Description.parse(offer).media[0 if first else 1].kind, "0"]
    assert rejected.mid == "v"
    assert "a=group:BUNDLE a" in answer.session


@pytest.mark.case("K1")
async def test_of_two_codecs_in_one_medium_the_one_that_we_take_is_answered() -> None:
    both = video("H264/90000", "a=rtpmap:98 VP9/90000", "a=fmtp:98 profile-id=0")
    answer, refused, _ = await answered(HEAD + AUDIO + both.replace("SAVPF 96", "SAVPF 98 96"))
    assert not refused
    assert answer.media[1].codecs() == {"96": "h264/90000"}


@pytest.mark.case("K1")
@pytest.mark.parametrize(
    "audio", ["multiopus/48000/6", "isac/16000", "L16/48000", "red/48000/2", "opus/8000"]
)
async def test_a_sound_that_is_not_taken_costs_no_picture(audio: str) -> None:
    offer = HEAD + AUDIO.replace("opus/48000/2", audio) + video("VP8/90000")
    _, refused, tracks = await answered(offer)
    assert (refused, tracks) == (frozenset({"a"}), ["video"])


@pytest.mark.case("K1")
@pytest.mark.parametrize("number", ["0", "8", "9"])
async def test_a_payload_type_of_rfc_3551_needs_no_rtpmap(number: str) -> None:
    sound = AUDIO.replace("SAVPF 111", f"SAVPF {number}").replace("a=rtpmap:111 opus/48000/2\n", "")
    answer, refused, _ = await answered(HEAD + sound)
    assert not refused
    assert answer.media[0].words[3:] == [number]


ODD = [
    "a=extmap:4/recvonly urn:3gpp:video-orientation", "a=extmap:5 urn:x attribute=1", "a=extmap:z",
    "a=ssrc:12 cname", "a=ssrc:x cname:y", "a=ssrc-group:SIM 1 x", "a=rtcp:9 IN IP4 host.example",
    "c=IN IP4 host.example", "a=candidate:1 1 udp 1 host.example 9 typ host", "a=candidate:1",
    "a=candidate:2 1 udp x 127.0.0.1 9 typ host", "a=fmtp:96", "a=fmtp:200 apt=1", "a=rtcp-fb:96",
    "a=rtpmap:x", "a=rtpmap:96 VP8", "a=setup:holdconn", "a=fingerprint:", "k=clear:x", "b=TIAS:1",
    "a=simulcast:send 1;2", "a=rid:1 send", "a=fmtp:96 stereo=yes", "i=\u0111i\u1ec3m c\u1ea7u",
]  # fmt: skip


@pytest.mark.case("K1")
@pytest.mark.parametrize("odd", ODD)
async def test_an_attribute_in_another_form_costs_nothing(odd: str) -> None:
    answer, refused, tracks = await answered(HEAD + AUDIO + video("VP8/90000", odd))
    assert (refused, tracks, len(answer.media)) == (frozenset(), ["audio", "video"], 2)


HOPELESS = [
    "", "v=0", HEAD, "m=video", HEAD + "m=video x RTP/AVP 96", HEAD + video("VP9/90000"),
    HEAD + AUDIO.replace("a=ice-pwd", "a=x"), HEAD + AUDIO.replace("a=setup:actpass\n", ""),
    HEAD + AUDIO.replace("a=rtcp-mux\n", ""), HEAD + AUDIO.replace("m=audio 9", "m=audio 0"),
    HEAD + "m=video 9 RTP/AVP 96\n" * 100, "\0" * 300_000,
]  # fmt: skip


@pytest.mark.case("K1")
@pytest.mark.parametrize("offer", HOPELESS)
async def test_an_offer_of_which_nothing_is_left_is_one_error(offer: str) -> None:
    with pytest.raises(NegotiationError):
        await answered(offer)


LINES = st.sampled_from([*f"{HEAD}{AUDIO}{video('H264/90000')}".splitlines(), *ODD])


@pytest.mark.case("K1")
@settings(max_examples=60)
@given(st.lists(st.one_of(LINES, st.text(max_size=40)), max_size=30))
async def test_whatever_an_offer_holds_nothing_but_the_one_error_comes_out(
    lines: list[str],
) -> None:
    offer = "\r\n".join([*f"{HEAD}{AUDIO}".splitlines(), *lines])
    try:
        await answered(offer)
    except NegotiationError:
        return


async def offering() -> tuple[Connection, str]:
    """A connection of ours that has offered sound and picture, and a whole answer to it."""
    ours, far = connection(), RTCPeerConnection()
    ours.addTransceiver("audio", "sendonly")
    ours.addTransceiver("video", "sendonly")
    await ours.setLocalDescription(await ours.createOffer())
    await far.setRemoteDescription(ours.localDescription)
    await far.setLocalDescription(await far.createAnswer())
    answer = far.localDescription.sdp
    await far.close()
    return ours, answer


@pytest.mark.case("K2")
@pytest.mark.parametrize("bare", [True, False])
async def test_an_answer_that_rejects_a_medium_leaves_the_other(bare: bool) -> None:
    """Janus rejects the picture of a room of VP9 alone without transport or format."""
    ours, answer = await offering()
    start = answer.index("m=video")
    line = "m=video 0 UDP/TLS/RTP/SAVPF 0\r\n"
    rest = "" if bare else "c=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:1\r\n"
    await ours.setRemoteDescription(RTCSessionDescription(answer[:start] + line + rest, "answer"))
    assert ours.refused == {"video"}
    assert [t.currentDirection for t in ours.getTransceivers()] == ["sendonly", "inactive"]
    await ours.close()


@pytest.mark.case("K2")
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("m=audio 9", "m=audio 0").replace("m=video 9", "m=video 0"),
        lambda text: text[: text.index("m=video")],
        lambda text: text.replace("a=ice-ufrag", "a=x"),
        lambda text: "",
    ],
)
async def test_an_answer_of_which_nothing_is_left_is_the_same_error(change: object) -> None:
    ours, answer = await offering()
    changed = change(answer)  # type: ignore[operator]
    if changed == answer:
        changed = answer.replace("m=audio", "m=text")
    with pytest.raises(NegotiationError):
        await ours.setRemoteDescription(RTCSessionDescription(changed, "answer"))
    await ours.close()


def test_a_rewritten_offer_is_rewritten_to_itself() -> None:
    offer = HEAD + AUDIO + video("H264/90000", "a=fmtp:96 profile-level-id=4d001f")
    once = TakenOffer.of(offer).text
    assert TakenOffer.of(once).text == once


def test_what_a_medium_offers_first_is_named() -> None:
    offer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n"
    offer += "m=video 9 UDP/TLS/RTP/SAVPF 101 102\r\na=mid:1\r\na=rtpmap:102 rtx/90000\r\n"
    assert (codec_of_offer(offer, "0"), codec_of_offer(offer, "7")) == ("opus", "")
    assert codec_of_offer(offer + "a=rtpmap:101 VP9/90000\r\n", "1") == "vp9"
