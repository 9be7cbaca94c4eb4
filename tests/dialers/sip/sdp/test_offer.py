"""Offer and answer against what real far ends offer."""

import pytest

from appliance.dialers.sip.sdp.description import Description, SdpError
from appliance.dialers.sip.sdp.formats import payloads
from appliance.dialers.sip.sdp.offer import accept, answer
from appliance.dialers.sip.sdp.offer_lines import (
    Agreed,
    Agreement,
    Encryption,
    Ours,
    Role,
    first_offer,
)
from appliance.media.rtp.srtp import SUITES, MasterKey
from tests.dialers.sip.sdp.recorded import NAMES, offer

OFF, OPTIONAL, REQUIRED = Encryption.OFF, Encryption.OPTIONAL, Encryption.REQUIRED
PORTS = {Role.AUDIO: 20_000, Role.VIDEO: 20_002, Role.CONTENT: 20_004}


def ours(encryption: Encryption) -> Ours:
    keys = {(role, suite): MasterKey.fresh() for role in Role for suite in SUITES}
    return Ours("192.0.2.9", PORTS, keys, encryption)


def answered(name: str, encryption: Encryption = OPTIONAL) -> Agreement:
    return answer(ours(encryption), Description.parse(offer(name)))


def role(agreement: Agreement, wanted: Role) -> Agreed:
    return next(medium for medium in agreement.media if medium.role is wanted)


# name: sound, picture's payload type and mode, content, encrypted
EXPECTED = {
    "asterisk-22": ("G722", 99, 1, False, False),
    "asterisk-22-avpf": ("G722", 99, 1, False, False),
    "asterisk-22-sdes": ("G722", 99, 1, False, True),
    "audio-only-phone": ("PCMA", None, 0, False, False),
    "avaya-scopia": ("G722", 97, 1, False, False),
    "baresip-1.1": ("G722", 97, 0, False, False),
    "baresip-srtp-mand": ("G722", None, 0, False, True),
    "cisco-cms": ("G722", 97, 1, False, True),
    "cisco-cucm-early": ("G722", 97, 1, False, False),
    "cisco-sx20": ("G722", 126, 1, True, False),
    "cisco-sx20-best-effort": ("G722", 126, 1, True, True),
    "cisco-sx20-srtp": ("G722", 126, 1, True, True),
    "freeswitch-1.10": ("G722", 104, 0, False, False),
    "freeswitch-1.10-srtp": ("G722", 104, 0, False, True),
    "gateway-two-audio": ("PCMA", None, 0, False, True),
    "huawei-te40": ("G722", 105, 1, True, False),
    "ipv6-codec": ("G722", 97, 1, False, False),
    "lifesize-icon": ("G722", 108, 1, False, False),
    "linphone-5": ("opus", 97, 0, False, False),
    "linphone-5-savpf": ("opus", 97, 0, False, True),
    "pexip-infinity": ("G722", 97, 1, False, True),
    "polycom-dma-vmr": ("G722", 110, 1, False, False),
    "polycom-group-500": ("G722", 110, 1, False, False),
    "polycom-group-500-srtp": ("G722", 110, 1, False, True),
    "polycom-hdx-8000": ("G722", 109, 0, False, False),
    "polycom-rmx-content-reinvite": ("G722", 110, 1, True, False),
    "polycom-rmx-entry-queue": ("G722", 110, 1, True, True),
    "polycom-rmx-reduced": ("G722", 109, 0, False, False),
    "polycom-vvx-600": ("G722", 109, 0, False, False),
    "tandberg-c20-vcs": ("G722", 97, 0, False, False),
    "tandberg-mxp-old": ("G722", None, 0, False, False),
    "yealink-t58-srtp": ("G722", 99, 0, False, True),
    "yealink-vc800": ("G722", 106, 1, False, False),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_chosen(name: str) -> None:
    sound, number, mode, content, encrypted = EXPECTED[name]
    agreement = answered(name)
    audio = role(agreement, Role.AUDIO)
    assert audio.sending is not None
    assert audio.sending.codec == sound
    assert audio.sending.rate == (48_000 if sound == "opus" else 8_000)
    roles = {medium.role for medium in agreement.media}
    assert (Role.VIDEO in roles) is (number is not None)
    assert (Role.CONTENT in roles) is content
    if number is not None:
        video = role(agreement, Role.VIDEO)
        assert video.sending is not None
        assert (video.sending.payload_type, video.sending.mode) == (number, mode)
    assert all((medium.secured is not None) is encrypted for medium in agreement.media)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "browser-dtls-only"])
def test_every_line_keeps_its_place(name: str) -> None:
    remote = Description.parse(offer(name))
    local = Description.parse(str(answered(name).local))
    assert len(local.media) == len(remote.media)
    for mine, theirs in zip(local.media, remote.media, strict=True):
        assert (mine.kind, mine.protocol) == (theirs.kind, theirs.protocol)
        assert mine.formats
        assert set(mine.formats) <= set(theirs.formats)
        assert mine.value("rtcp") is mine.value("rtcp-mux") is None
        if not mine.port:
            assert not mine.attributes
        spoken, offered = set(mine.values("rtcp-fb")), " ".join(theirs.values("rtcp-fb"))
        assert all(line.removeprefix("* ") in offered for line in spoken)
    ports = [medium.port for medium in local.media if medium.port]
    assert len(set(ports)) == len(ports)


def test_bfcp_and_camera_control_are_refused_cleanly() -> None:
    lines = [
        str(line[1]) for media in answered("polycom-dma-vmr").local.media for line in media.lines()
    ]
    assert "application 0 RTP/AVP 100" in lines
    assert "application 0 UDP/BFCP *" in lines


def test_h264_is_answered_with_sizes_and_the_same_profile() -> None:
    (video,) = [m for m in answered("polycom-group-500").local.media if m.kind == "video"]
    (payload,) = payloads(video)
    assert payload.parameters["profile-level-id"] == "42801f"
    assert payload.parameters["packetization-mode"] == "1"
    assert payload.parameters["max-fs"] == "3600"
    assert payload.parameters["max-mbps"] == "108000"


def test_a_small_receiver_gets_small_pictures() -> None:
    small = role(answered("polycom-rmx-reduced"), Role.VIDEO).sending
    large = role(answered("cisco-sx20"), Role.VIDEO).sending
    assert small is not None
    assert large is not None
    assert 80_000 <= small.bps < 140_000  # the ladder's 320x180 at 15: CIF is 396 macroblocks
    assert large.bps > 2_000_000


def test_line_rates_are_kept() -> None:
    video = role(answered("cisco-cucm-early"), Role.VIDEO).sending
    assert video is not None
    assert video.bps == 384_000 - 80_000
    assert "b=AS:2080\r\n" in str(answered("cisco-cucm-early").local)


def test_hold_in_three_ways() -> None:
    for name in ("polycom-rmx-hold", "old-hold"):
        for medium in answered(name).media:
            assert medium.sending is None
    held = offer("asterisk-22").replace("a=sendrecv", "a=sendonly")
    agreement = answer(ours(OFF), Description.parse(held))
    assert all(m.sending is None and m.receiving is not None for m in agreement.media)
    assert str(agreement.local).count("a=recvonly") == 2


def test_content_is_only_received() -> None:
    agreement = answered("polycom-rmx-content-reinvite")
    content = role(agreement, Role.CONTENT)
    assert content.sending is None
    assert content.receiving is not None
    line = agreement.local.media[4]
    assert (line.port, line.direction, line.value("content")) == (20_004, "recvonly", "slides")


def test_telephone_events_have_the_clock_of_the_sound() -> None:
    for name, number in (("polycom-group-500", 119), ("linphone-5", 101), ("ipv6-codec", None)):
        sending = role(answered(name), Role.AUDIO).sending
        assert sending is not None
        assert sending.event == number


def test_g722_is_clocked_at_8000_whatever_is_said() -> None:
    receiving = role(answered("ipv6-codec"), Role.AUDIO).receiving
    assert receiving is not None
    assert receiving.payloads[9] == ("G722", 8000)


def test_a_named_rtcp_port_is_used() -> None:
    assert role(answered("cisco-cms"), Role.AUDIO).rtcp == ("10.40.2.90", 33_001)
    assert role(answered("polycom-group-500"), Role.AUDIO).rtcp == ("10.33.4.17", 3_231)


@pytest.mark.parametrize(
    ("name", "encryption", "says"),
    [
        ("polycom-group-500", REQUIRED, "the far end offers none"),
        ("polycom-group-500-srtp", OFF, "encryption is off here"),
        ("browser-dtls-only", OPTIONAL, "UDP/TLS/RTP/SAVPF"),
        ("browser-dtls-only", REQUIRED, "UDP/TLS/RTP/SAVPF"),
    ],
)
def test_refusals_say_why(name: str, encryption: Encryption, says: str) -> None:
    with pytest.raises(SdpError, match=says):
        answered(name, encryption)


def test_nothing_common_is_told_with_names() -> None:
    text = "m=audio 4000 RTP/AVP 18\nc=IN IP4 192.0.2.1\n"
    with pytest.raises(SdpError, match="audio as G729, none of which"):
        answer(ours(OFF), Description.parse(text))


def test_the_suite_of_the_answer_is_the_one_that_is_used() -> None:
    mine, theirs = ours(REQUIRED), ours(REQUIRED)
    local = first_offer(mine)
    text = str(local)
    assert text.count("a=crypto") == 4
    assert "RTP/SAVP" in text
    only_short = "".join(line for line in text.splitlines(keepends=True) if "_80" not in line)
    reply = answer(theirs, Description.parse(only_short))
    agreement = accept(mine, local, Description.parse(str(reply.local)))
    for one, other in zip(agreement.media, reply.media, strict=True):
        assert one.secured is not None
        assert other.secured is not None
        assert one.secured.suite == "AES_CM_128_HMAC_SHA1_32"
        assert one.secured.far == (other.secured.own,)
        assert other.secured.far == (one.secured.own,)


@pytest.mark.parametrize("encryption", Encryption)
def test_an_answer_without_keys(encryption: Encryption) -> None:
    mine = ours(encryption)
    local = first_offer(mine)
    remote = Description.parse(
        str(answer(ours(OFF), Description.parse(str(first_offer(ours(OFF))))).local)
    )
    if encryption is REQUIRED:
        with pytest.raises(SdpError, match="brings no key"):
            accept(mine, local, remote)
    else:
        agreement = accept(mine, local, remote)
        assert all(medium.secured is None for medium in agreement.media)


def test_an_answer_that_refuses_all() -> None:
    mine = ours(OFF)
    local = first_offer(mine)
    text = str(local).replace("m=audio 20000", "m=audio 0").replace("m=video 20002", "m=video 0")
    with pytest.raises(SdpError, match="neither sound nor picture"):
        accept(mine, local, Description.parse(text))


def test_our_offer_has_what_room_systems_look_for() -> None:
    text = str(first_offer(ours(OFF)))
    audio = text.index("m=audio 20000 RTP/AVP 9 98 8 0 101 102")
    assert audio < text.index("m=video 20002 RTP/AVP 99 100")
    assert text.count("max-fs=3600") == text.count("max-mbps=108000") == 2
    assert "b=AS:2080" in text
    assert "b=TIAS:2000000" in text
    assert "a=rtcp-fb:* ccm tmmbr" in text
    assert "a=rtcp:" not in text
    assert "mux" not in text
    assert "crypto" not in text
    assert len(text) < 1300  # below a segment: some proxies still cut datagrams
