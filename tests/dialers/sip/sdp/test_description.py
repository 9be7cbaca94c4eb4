"""Session descriptions: every recorded offer round-trips, anything else ends in SdpError."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialers.sip.sdp.description import (
    Attribute,
    Bandwidth,
    Connection,
    Description,
    Media,
    Origin,
    SdpError,
)
from appliance.dialers.sip.sdp.formats import Crypto, cryptos, feedback, payloads
from tests.dialers.sip.sdp.recorded import NAMES, offer

KEY = bytes(range(30))
INLINE = "inline:" + base64.b64encode(KEY).decode()


@pytest.mark.parametrize("name", NAMES)
def test_recorded_offers_round_trip_byte_for_byte(name: str) -> None:
    text = offer(name)
    assert str(Description.parse(text)) == text


def test_there_are_enough_of_them() -> None:
    assert len(NAMES) >= 30


def test_a_polycom_offer_is_understood() -> None:
    parsed = Description.parse(offer("polycom-rmx-entry-queue"))
    assert len(str(parsed)) > 2000
    assert [m.kind for m in parsed.media] == [
        "audio",
        "video",
        "application",
        "application",
        "video",
    ]
    assert parsed.bandwidth("AS") == 1920
    audio, video, bfcp, _, content = parsed.media
    assert (bfcp.protocol, bfcp.formats) == ("UDP/BFCP", ("*",))
    assert content.value("content") == "slides"
    assert [p.name for p in payloads(audio)][3] == "G722"
    h264 = {p.number: p for p in payloads(video) if p.name == "H264"}
    # the blank after the semicolon is no part of the name
    assert h264[110].parameters["packetization-mode"] == "1"
    assert h264[109].parameter("packetization-mode", 0) == 0
    assert feedback(video, {110}) == {"nack pli", "ccm fir", "ccm tmmbr"}
    (crypto,) = cryptos(video)
    assert crypto.suite == "AES_CM_128_HMAC_SHA1_80"
    assert crypto.keys[0].mki == b"\0\0\0\1"


@pytest.mark.parametrize(
    "text",
    [
        "v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n",
        "v=0\r\no=-\r\ns= \r\nm=audio 4000 RTP/AVP 0 \r\n\r\n",
        "m=audio 4000 RTP/AVP 0\rb=AS:x\rq=?\ra=\r",
        " v=0\n m=AUDIO 4000/2 RTP/AVP 0\nz\n",
    ],
)
def test_what_is_malformed_but_clear_is_taken(text: str) -> None:
    parsed = Description.parse(text)
    assert parsed.media[0].port == 4000
    assert Description.parse(str(parsed)) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "v=0",
        "m=audio",
        "m=audio x RTP/AVP 0",
        "m=audio 70000 RTP/AVP 0",
        "m=audio 1 RTP/AVP 0\n" * 33,
        "a=x\n" * 20_000,
        "c=nowhere\nm=audio 1 RTP/AVP 0",
    ],
)
def test_what_makes_no_call_is_refused(text: str) -> None:
    with pytest.raises(SdpError):
        Description.parse(text)


def test_no_value_breaks_out_of_its_line() -> None:
    parsed = Description.parse(offer("asterisk-22"))
    for bad in ("x\r\na=sendrecv", "x\ny", "x\0"):
        with pytest.raises(ValueError, match="cannot hold"):
            str(replace(parsed, name=bad))
        with pytest.raises(ValueError, match="cannot hold"):
            str(replace(parsed, attributes=(Attribute("tool", bad),)))


word = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
name = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=10)
text = st.lists(word, min_size=1, max_size=4).map(" ".join)
hosts = st.ip_addresses().map(str)
connections = hosts.map(Connection.to)
attributes = st.builds(Attribute, name, st.none() | text)
bandwidths = st.builds(Bandwidth, st.sampled_from(["AS", "TIAS", "CT"]), st.integers(0, 10**9))
media = st.builds(
    Media,
    st.sampled_from(["audio", "video", "application", "image"]),
    st.integers(0, 65535),
    st.sampled_from(["RTP/AVP", "RTP/SAVP", "UDP/BFCP", "udptl"]),
    st.lists(word, min_size=1, max_size=5).map(tuple),
    st.integers(1, 9),
    st.just("") | text,
    st.none() | connections,
    st.lists(bandwidths, max_size=3).map(tuple),
    st.lists(attributes, max_size=6).map(tuple),
)
descriptions = st.builds(
    Description,
    st.builds(Origin, word, word, word, connections),
    text,
    st.none() | connections,
    st.lists(bandwidths, max_size=3).map(tuple),
    st.lists(st.tuples(st.sampled_from("iuep"), text), max_size=3).map(tuple),
    st.lists(st.tuples(st.sampled_from("trz"), text), min_size=1, max_size=3).map(tuple),
    st.lists(attributes, max_size=4).map(tuple),
    st.lists(media, min_size=1, max_size=5).map(tuple),
)


@given(descriptions)
def test_any_description_round_trips(description: Description) -> None:
    assert Description.parse(str(description)) == description


lines = st.builds("{}={}\n".format, st.sampled_from("vosiuepcbtrzkamq"), st.text(max_size=40))


@given(st.text(max_size=300) | st.lists(lines, max_size=30).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parsed = Description.parse(text)
    except SdpError:
        return
    assert Description.parse(str(parsed)) == parsed
    for medium in parsed.media:
        payloads(medium)
        cryptos(medium)
        feedback(medium, {99})


@given(st.text(st.characters(codec="ascii"), max_size=80))
def test_any_crypto_is_read_or_left_out(text: str) -> None:
    for value in (text, f"1 AES_CM_128_HMAC_SHA1_80 inline:{text}", f"1 {text} {INLINE}"):
        Crypto.parse(value)


@pytest.mark.parametrize(
    ("value", "mkis"),
    [
        (f"1 AES_CM_128_HMAC_SHA1_80 {INLINE}", [b""]),
        (f"7 aes_cm_128_hmac_sha1_32 {INLINE}|2^48", [b""]),
        (f"1 AES_CM_128_HMAC_SHA1_80 {INLINE}|2^31|1:4", [b"\0\0\0\1"]),
        (f"1 AES_CM_128_HMAC_SHA1_80 {INLINE}|300:2", [b"\1\x2c"]),
        (f"1 AES_CM_128_HMAC_SHA1_80 {INLINE}|2^31|1:1;{INLINE}|2^31|2:1", [b"\1", b"\2"]),
        (f"1 AES_CM_128_HMAC_SHA1_80 {INLINE} WSH=128", [b""]),
    ],
)
def test_keys(value: str, mkis: list[bytes]) -> None:
    crypto = Crypto.parse(value)
    assert crypto is not None
    assert [key.mki for key in crypto.keys] == mkis
    assert all(key.secret == KEY for key in crypto.keys)
    assert INLINE[7:] not in repr(crypto)
    assert repr(KEY) not in repr(crypto)


@pytest.mark.parametrize(
    "value",
    [
        f"1 F8_128_HMAC_SHA1_80 {INLINE}",
        f"1 AES_CM_128_HMAC_SHA1_80 {INLINE} UNENCRYPTED_SRTCP",
        f"1 AES_CM_128_HMAC_SHA1_80 {INLINE}|2^31|300:1",
        "1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=",
        f"x AES_CM_128_HMAC_SHA1_80 {INLINE}",
        "1 AES_CM_128_HMAC_SHA1_80",
    ],
)
def test_keys_that_cannot_be_used(value: str) -> None:
    assert Crypto.parse(value) is None
