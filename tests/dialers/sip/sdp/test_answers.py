"""Answers to our offer as far ends write them: other numbers, missing lines, small limits."""

import re
from pathlib import Path

import pytest

from appliance.dialers.sip.sdp.description import Description, SdpError
from appliance.dialers.sip.sdp.formats import Crypto
from appliance.dialers.sip.sdp.offer import accept, answer
from appliance.dialers.sip.sdp.offer_lines import Agreed, Encryption, Ours, Role, first_offer
from appliance.media.codecs.bitrate_ladder import BITRATE_LADDER, rung_for
from appliance.media.rtp.srtp import SUITES, MasterKey

PORTS = {Role.AUDIO: 20_000, Role.VIDEO: 20_002, Role.CONTENT: 20_004}
OURS = Ours("192.0.2.9", PORTS, {}, Encryption.OFF)
RECORDED = Path(__file__).parent / "answers"
LAST = BITRATE_LADDER[-1]


def written(name: str) -> str:
    return (RECORDED / f"{name}.sdp").read_text()


PLAIN = written("h264-no-fmtp")


def taken(text: str) -> dict[Role, Agreed]:
    agreement = accept(OURS, first_offer(OURS), Description.parse(text))
    return {medium.role: medium for medium in agreement.media}


def bps(medium: Agreed) -> int:
    assert medium.sending is not None
    return medium.sending.bps


@pytest.mark.case("C4")
@pytest.mark.parametrize(
    ("fmtp", "mode"),
    [
        ("", 1),
        ("a=fmtp:99 packetization-mode=1\n", 1),
        ("a=fmtp:99 max-br=1500\n", 0),
        ("a=fmtp:99 profile-level-id=;packetization-mode=1\n", 1),
        ("a=fmtp:99 profile-level-id=zz;packetization-mode=1\n", 1),
        ("a=fmtp:99 sprop-parameter-sets=Z0LAHtoCgL/lwFqAgICg,aM48gA==\n", 0),
    ],
)
def test_h264_without_a_profile_is_what_we_offered(fmtp: str, mode: int) -> None:
    video = taken(PLAIN + fmtp)[Role.VIDEO]
    assert video.sending is not None
    assert video.sending.mode == mode
    assert bps(video) >= BITRATE_LADDER[0].enter_bps


@pytest.mark.case("C4")
def test_an_offer_of_h264_without_a_profile_is_answered_with_ours() -> None:
    remote = Description.parse(PLAIN.replace("RTP/AVP 99", "RTP/AVP 96").replace(":99", ":96"))
    agreement = answer(OURS, remote)
    video = next(medium for medium in agreement.media if medium.role is Role.VIDEO)
    assert bps(video) >= BITRATE_LADDER[0].enter_bps
    assert "a=fmtp:96 profile-level-id=42e01f;" in str(agreement.local)


@pytest.mark.case("K1")
@pytest.mark.parametrize("profile", ["4d001f", "640028", "7a001f", "f4001e"])
def test_an_offer_of_a_higher_profile_alone_is_taken(profile: str) -> None:
    text = f"{PLAIN}a=fmtp:99 profile-level-id={profile};packetization-mode=1\n"
    agreement = answer(OURS, Description.parse(text))
    video = next(medium for medium in agreement.media if medium.role is Role.VIDEO)
    assert video.receiving is not None
    assert video.receiving.payloads[99] == ("H264", 90_000)
    assert f"profile-level-id={profile[:4]}" in str(agreement.local)
    assert taken(text)[Role.VIDEO].receiving is not None


@pytest.mark.case("C4")
@pytest.mark.parametrize("level", ["09", "0a", "0b", "0c", "0d", "14", "15", "16", "1e", "00"])
@pytest.mark.parametrize("profile", ["42e0", "4d00", "6400"])
def test_no_level_stops_the_picture(profile: str, level: str) -> None:
    text = f"{PLAIN}a=fmtp:99 profile-level-id={profile}{level};packetization-mode=1\n"
    limit = bps(taken(text)[Role.VIDEO])
    assert rung_for(limit, None) is not None  # also after it was stopped


@pytest.mark.case("C4")
@pytest.mark.parametrize(
    ("line", "flows"),
    [
        ("b=TIAS:90000", True),
        ("b=AS:90", True),
        ("b=AS:120", True),
        ("b=TIAS:79000", False),
        ("b=AS:64", False),
        ("b=AS:0", True),  # says nothing: the port would be 0
    ],
)
def test_a_rate_is_kept_or_the_picture_is_not_sent(line: str, flows: bool) -> None:
    head, video = PLAIN.split("m=video")
    first, rest = video.split("\n", 1)
    limit = bps(taken(f"{head}m=video{first}\n{line}\n{rest}")[Role.VIDEO])
    assert (rung_for(limit, None) is not None) is flows
    assert (limit >= LAST.leave_bps) is flows


@pytest.mark.case("C8")
def test_the_answers_own_numbers_for_the_picture() -> None:
    video = taken(written("other-number-video"))[Role.VIDEO]
    assert video.sending is not None
    assert (video.sending.payload_type, video.sending.mode) == (109, 1)
    assert video.receiving is not None
    assert set(video.receiving.payloads) == {99, 100, 109}
    assert set(video.receiving.payloads.values()) == {("H264", 90_000)}


def sound_answer(line: str, *attributes: str) -> str:
    """An answer with this sound line, and a picture."""
    head, rest = PLAIN.split("m=audio", 1)
    video = rest[rest.index("m=video") :]
    return head + "\n".join([f"m=audio 40000 RTP/AVP {line}", *attributes]) + "\n" + video


@pytest.mark.case("C8")
@pytest.mark.parametrize(
    ("line", "attributes", "number", "codec", "event"),
    [
        ("9", (), 9, "G722", None),
        ("8", (), 8, "PCMA", None),
        ("0 101", (), 0, "PCMU", 101),  # what we offered as 101 has no a=rtpmap
        ("9 96", ("a=rtpmap:96 telephone-event/8000",), 9, "G722", 96),
        ("9 102", ("a=rtpmap:102 telephone-event/8000",), 9, "G722", 102),  # ours: 48 kHz
        (
            "118 119",
            ("a=rtpmap:118 PCMA/8000", "a=rtpmap:119 telephone-event/8000"),
            118,
            "PCMA",
            119,
        ),
        ("98", ("a=rtpmap:98 PCMA/8000",), 98, "PCMA", None),  # ours: Opus
        ("98", (), 98, "opus", None),
        (
            "111 110",
            ("a=rtpmap:111 opus/48000/2", "a=rtpmap:110 telephone-event/48000"),
            111,
            "opus",
            110,
        ),
        ("9 101", ("a=rtpmap:9 G722/16000", "a=rtpmap:101 telephone-event/16000"), 9, "G722", 101),
        ("9 13 101", ("a=rtpmap:101 telephone-event/8000",), 9, "G722", 101),
    ],
)
def test_the_answers_own_numbers_for_sound_and_keys(
    line: str, attributes: tuple[str, ...], number: int, codec: str, event: int | None
) -> None:
    audio = taken(sound_answer(line, *attributes))[Role.AUDIO]
    assert audio.sending is not None
    assert audio.receiving is not None
    sending, payloads = audio.sending, audio.receiving.payloads
    assert (sending.payload_type, sending.codec, sending.event) == (number, codec, event)
    assert payloads[number][0] == codec
    own = {9: "G722", 8: "PCMA", 0: "PCMU"}
    assert {key: payloads[key][0] for key in own} == own  # those of our offer are taken, too
    if event is not None:
        assert payloads[event] == ("telephone-event", 48_000 if codec == "opus" else 8_000)


@pytest.mark.case("C8")
def test_a_sound_that_we_never_offered_is_none() -> None:
    text = re.sub(r"m=video.*", "", sound_answer("18", "a=rtpmap:18 G729/8000"), flags=re.DOTALL)
    with pytest.raises(SdpError, match="G729"):
        taken(text)


@pytest.mark.case("C2")
def test_sets_of_the_answer_and_of_an_offer_reach_the_receiver() -> None:
    fmtp = "packetization-mode=1;profile-level-id=42c01e; sprop-parameter-sets=Z0LAHg==,aM48gA=="
    text = f"{PLAIN}a=fmtp:99 {fmtp}\n"
    agreement = answer(OURS, Description.parse(text))
    offered = next(medium for medium in agreement.media if medium.role is Role.VIDEO)
    for video in (taken(text)[Role.VIDEO], offered):
        assert video.receiving is not None
        assert video.receiving.sets == (b"\x67\x42\xc0\x1e", b"\x68\xce\x3c\x80")


@pytest.mark.case("C14")
def test_the_address_may_be_a_name() -> None:
    media = taken(written("c-is-a-name"))
    assert media[Role.AUDIO].rtp == ("media.example.vn", 40_000)
    assert media[Role.VIDEO].rtcp == ("media.example.vn", 40_003)


@pytest.mark.case("C14")
@pytest.mark.parametrize(
    ("parameters", "is_taken"),
    [
        ("KDR=0", True),
        ("kdr=0", True),
        ("WSH=128 KDR=0", True),
        ("KDR=1", False),
        ("KDR=24", False),
        ("UNENCRYPTED_SRTP", False),
        ("UNAUTHENTICATED_SRTP KDR=0", False),
    ],
)
def test_session_parameters_that_change_nothing(parameters: str, is_taken: bool) -> None:
    key = "inline:" + "A" * 40
    crypto = Crypto.parse(f"1 AES_CM_128_HMAC_SHA1_80 {key}|2^31 {parameters}")
    assert (crypto is not None) is is_taken


@pytest.mark.case("C7")
@pytest.mark.parametrize("name", ["hold-0.0.0.0", "hold-inactive"])
def test_a_hold_sends_nothing_and_is_no_refusal(name: str) -> None:
    media = taken(written(name))
    assert set(media) == {Role.AUDIO, Role.VIDEO}
    assert all(medium.sending is None for medium in media.values())


HEAD = "v=0\no=- 1 1 IN IP4 10.0.0.9\ns=-\nc=IN IP4 10.0.0.9\nt=0 0\n"
SOUND = "m=audio 4000 RTP/AVP 9\na=rtpmap:9 G722/8000\n"
PICTURE = "m=video 4002 RTP/AVP 99\na=rtpmap:99 H264/90000\na=fmtp:99 packetization-mode=1\n"
BOTH = {Role.AUDIO, Role.VIDEO}


@pytest.mark.case("C8", "C14")
@pytest.mark.parametrize(
    ("lines", "roles"),
    [
        ("m=video 0\n", {Role.AUDIO}),
        ("m=video\n", {Role.AUDIO}),
        ("m=\n", {Role.AUDIO}),
        ("m=video 70000 RTP/AVP 99\na=rtpmap:99 H264/90000\n", {Role.AUDIO}),
        (PICTURE + "c=IN IP4\n", {Role.AUDIO}),
        (PICTURE + "m=application 0\n", BOTH),
        (PICTURE + "m=application $ TCP/MSRP *\n", BOTH),
        (PICTURE + "m=application 4008 UDP/BFCP *\nc=IN\na=floorctrl:s-only\n", BOTH),
        (PICTURE.replace("99 ", "99\t"), BOTH),
    ],
)
def test_a_medium_that_cannot_be_read_costs_itself(lines: str, roles: set[Role]) -> None:
    remote = Description.parse(HEAD + SOUND + lines)
    assert {one.role for one in accept(OURS, first_offer(OURS), remote).media} == roles
    agreement = answer(OURS, remote)
    assert {one.role for one in agreement.media} == roles
    assert len(agreement.local.media) == len(remote.media), "each keeps its place"


@pytest.mark.case("C14")
@pytest.mark.parametrize("line", ["c=IN IP4", "c=nowhere"])
def test_a_session_address_that_cannot_be_read_costs_who_has_none_of_their_own(line: str) -> None:
    head = HEAD.replace("c=IN IP4 10.0.0.9", line)
    own = "\nc=IN IP4 10.0.0.8\na=rtpmap"
    assert set(taken(head + SOUND.replace("\na=rtpmap", own) + PICTURE)) == {Role.AUDIO}
    with pytest.raises(SdpError, match="connection line"):
        taken(head + SOUND + PICTURE)


@pytest.mark.case("C14")
@pytest.mark.parametrize(
    ("line", "host"),
    [("IP4 10.0.0.7", "10.0.0.7"), ("IN IP6 [2001:db8::9]", "2001:db8::9")],
)
def test_an_address_that_is_not_quite_written_as_it_should_be(line: str, host: str) -> None:
    media = taken(HEAD.replace("IN IP4 10.0.0.9\nt", f"{line}\nt") + SOUND + PICTURE)
    assert {medium.rtp and medium.rtp[0] for medium in media.values()} == {host}


@pytest.mark.case("C8")
def test_an_answer_in_an_order_of_its_own() -> None:
    media = taken(HEAD + PICTURE + SOUND)
    assert media[Role.AUDIO].rtp == ("10.0.0.9", 4000)
    assert media[Role.VIDEO].rtp == ("10.0.0.9", 4002)


@pytest.mark.case("C8")
@pytest.mark.parametrize("tag", [1, 2, 7])
@pytest.mark.parametrize("suite", SUITES)
def test_an_answer_that_numbers_its_keys_anew(tag: int, suite: str) -> None:
    """Without its keys such a call is silent: the far end encrypts all the same."""
    keys = {(role, one): MasterKey.fresh() for role in Role for one in SUITES}
    ours = Ours("192.0.2.9", PORTS, keys, Encryption.REQUIRED)
    crypto = f"a=crypto:{tag} {suite} inline:{'A' * 40}\n"
    text = (HEAD + SOUND + crypto + PICTURE + crypto).replace("RTP/AVP", "RTP/SAVP")
    for medium in accept(ours, first_offer(ours), Description.parse(text)).media:
        assert medium.secured is not None
        assert medium.secured.own == keys[medium.role, suite]
