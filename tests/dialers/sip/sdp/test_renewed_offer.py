"""Our offer in a call that was held: what we want now, in the lines and numbers of the call."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.dialers.sip.sdp.description import Attribute, Description, Media
from appliance.dialers.sip.sdp.formats import payloads
from appliance.dialers.sip.sdp.offer import accept, answer
from appliance.dialers.sip.sdp.offer_formats import clock
from appliance.dialers.sip.sdp.offer_lines import (
    Encryption,
    Ours,
    Role,
    first_offer,
)
from appliance.dialers.sip.sdp.renewed_offer import renewed
from appliance.media.rtp.srtp import SUITES, MasterKey
from tests.dialers.sip.sdp.recorded import NAMES, offer

pytestmark = pytest.mark.case("C3")
HOLDS = sorted((Path(__file__).parent / "holds").glob("*.sdp"))
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


def ours(first: int, encryption: Encryption = Encryption.OPTIONAL) -> Ours:
    ports = {role: first + 2 * number for number, role in enumerate(Role)}
    keys = {(role, suite): MasterKey.fresh() for role in Role for suite in SUITES}
    return Ours("192.0.2.9", ports, keys, encryption)


def held(description: Description, how: str) -> Description:
    """The far end's offer once more, as a hold of that kind."""
    media = []
    for one in description.media:
        kept = tuple(a for a in one.attributes if a.name.lower() not in DIRECTIONS)
        if how == "no picture" and one.kind == "video":
            media.append(replace(one, port=0))
        else:
            direction = how if how in DIRECTIONS else "sendrecv"
            media.append(replace(one, attributes=(*kept, Attribute(direction))))
    return replace(description, media=tuple(media), attributes=())


def numbers(media: Media) -> dict[tuple[str, int, int], int]:
    """The numbers of a line's formats."""
    return {
        (p.name.lower(), clock(p), p.parameter("packetization-mode", 0)): p.number
        for p in payloads(media)
    }


@pytest.mark.parametrize("how", ["sendonly", "recvonly", "inactive", "no picture"])
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"browser-dtls-only"}))  # no call at all
def test_after_a_hold_of_any_real_far_end(name: str, how: str) -> None:
    far = Description.parse(offer(name))
    site = ours(20_000)
    agreed = answer(site, far)
    try:
        before = answer(site, held(far, how)).local
    except ValueError:  # it had nothing else
        before = agreed.local
    again = renewed(site, before)
    assert Description.parse(str(again)) == again
    assert [line.kind for line in again.media] == [line.kind for line in far.media]
    kinds = {medium.role for medium in agreed.media}
    for line, was in zip(again.media, before.media, strict=True):
        role = next((role for role, port in site.ports.items() if port == line.port), None)
        assert line.port == (site.ports[role] if role is not None else 0)
        if role is None:
            continue
        kinds.discard(role)
        assert line.direction == ("recvonly" if role is Role.CONTENT else "sendrecv")
        if was.port:
            assert numbers(was).items() <= numbers(line).items()
        assert len(set(line.formats)) == len(line.formats)
    assert not kinds - {Role.CONTENT}, "sound and picture that went before are offered"
    # And who is offered that can take it.
    there = answer(ours(30_000), again)
    media = accept(site, again, there.local).media
    assert all(one.sending is not None for one in media if one.role is not Role.CONTENT)


@pytest.mark.parametrize("file", HOLDS, ids=lambda file: file.stem)
def test_the_recorded_holds_of_a_call_of_ours(file: Path) -> None:
    site = ours(20_000, Encryption.OFF)
    first = first_offer(site)
    before = answer(site, Description.parse(file.read_text())).local
    assert {line.direction for line in before.media} <= {"inactive", "recvonly"}
    again = renewed(site, before)
    assert [line.direction for line in again.media] == ["sendrecv", "sendrecv"]
    assert [numbers(line) for line in again.media] == [numbers(line) for line in first.media]


@pytest.mark.parametrize("encryption", Encryption)
def test_nothing_is_new_where_nothing_was_held(encryption: Encryption) -> None:
    """Who repeats its offer says so by the same text; a far end may ignore a known version."""
    site = ours(20_000, encryption)
    assert renewed(site, first_offer(site)) == first_offer(site)


def test_a_number_that_the_far_end_has_for_another_format_is_not_taken() -> None:
    """RFC 3264 section 8.3.2: its 99 is VP8 for as long as the call lasts."""
    site = ours(20_000, Encryption.OFF)
    text = offer("asterisk-22").replace("RTP/AVP 99", "RTP/AVP 99 97")
    text = text.replace("rtpmap:99 H264", "rtpmap:97 H264").replace("fmtp:99", "fmtp:97")
    text += "a=rtpmap:99 VP8/90000\r\na=sendonly\r\n"
    before = answer(site, Description.parse(text)).local
    (video,) = [line for line in renewed(site, before).media if line.kind == "video"]
    assert 97 in numbers(video).values()
