"""What is fuzzed: each target takes any bytes, and raises for nothing but a fault of ours."""

import struct
from collections.abc import Callable

from aiortc.rtp import RtpPacket
from sipmessage import Request

from appliance.dialers.sip.sdp.description import Description, SdpError
from appliance.dialers.sip.sdp.offer import accept, answer
from appliance.dialers.sip.sdp.offer_lines import Encryption, Ours, Role, first_offer
from appliance.dialers.sip.signalling.bad_request import answer_to
from appliance.dialers.sip.signalling.dialog import Dialog, target_of
from appliance.dialers.sip.signalling.digest import Challenge
from appliance.dialers.sip.signalling.message import (
    MessageError,
    kind_of,
    parse,
    sdp_of,
    serialise,
    tokens,
    wants_keyframe,
)
from appliance.dialers.sip.signalling.message_head import MAX_HEAD
from appliance.dialers.sip.signalling.received.salvage import final_answer
from appliance.dialers.sip.transport.framing import MAX_BODY, Framer
from appliance.dialers.sip.transport.transport_layer import note_source
from appliance.media.jitter.clock import FarClock
from appliance.media.rtp import rtcp
from appliance.media.rtp.receiver import Receiving
from appliance.media.rtp.send_rate import SendRate
from appliance.media.rtp.sender import Sending
from appliance.media.rtp.srtp import SUITES, CipherError, Inbound, MasterKey, Outbound
from appliance.media.rtp.stream import RtpStream
from tests.dialers.sip.signalling.wire import invite
from tests.fuzz.choices import Choices
from tests.fuzz.conversation import converse
from tests.fuzz.packets import pictures, sounds
from tests.media.local_tracks import Tone

KEY = MasterKey(bytes(range(30)))
OURS = {
    wanted: Ours(
        "192.0.2.1",
        {Role.AUDIO: 20000, Role.VIDEO: 20002, Role.CONTENT: 20004},
        {(role, suite): KEY for role in Role for suite in SUITES},
        wanted,
    )
    for wanted in Encryption
}


def framing(data: bytes) -> None:
    """A stream in pieces of one size."""
    choices, framer = Choices(data), Framer()
    size, stream = 1 + choices.byte(), choices.rest()
    try:
        for at in range(0, len(stream), size):
            for one in framer.feed(stream[at : at + size]):
                message(one)
    except MessageError:
        return
    assert len(framer._kept) <= MAX_HEAD + MAX_BODY + size


def message(data: bytes) -> None:
    """One message, and whatever is read of it later on."""
    try:
        one = parse(data)
    except MessageError as error:
        final_answer(data, invite_sent())
        said = answer_to(data, str(error))
        assert said is None or said.startswith((b"SIP/2.0 400 ", b"SIP/2.0 505 "))
        return
    again = parse(serialise(one))
    assert again.cseq == one.cseq
    assert again.body == one.body
    target_of(one)
    kind_of(one)
    sdp_of(one)
    tokens(one, "Supported")
    wants_keyframe(kind_of(one), one.body.decode("utf-8", "replace"))
    for value in one.headers.getlist("WWW-Authenticate"):
        Challenge.parse(value)
    if isinstance(one, Request):
        note_source(one, ("192.0.2.9", 5060))
        parse(serialise(one))
        try:
            dialog = Dialog.of_server(one, "ours")
        except ValueError:
            return
    else:
        dialog = Dialog.of_client(invite(), one)
    parse_own(dialog)


def invite_sent() -> Request:
    """An INVITE of ours that a far end may answer."""
    one = invite()
    one.headers.set("Via", "SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKx;rport")
    return one


def parse_own(dialog: Dialog) -> None:
    """What we would say in that dialog can be read."""
    bye = dialog.request("BYE")
    bye.headers.set("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
    parse(serialise(bye))


def sdp(data: bytes) -> None:
    """A description as an offer and as an answer."""
    choices = Choices(data)
    ours, text = OURS[choices.pick(tuple(Encryption))], choices.rest().decode("utf-8", "replace")
    try:
        remote = Description.parse(text)
    except SdpError:
        return
    assert Description.parse(str(remote)) == remote
    for agreement in (_answer, _accept):
        try:
            local = agreement(ours, remote)
        except SdpError:
            continue
        assert Description.parse(str(local)) == local


def _answer(ours: Ours, remote: Description) -> Description:
    return answer(ours, remote).local


def _accept(ours: Ours, remote: Description) -> Description:
    return accept(ours, first_offer(ours), remote).local


def _stream() -> RtpStream:
    stream = RtpStream(
        "audio", Tone(), clock=FarClock(), rate=SendRate(), name="us", ask=lambda: None
    )
    stream.sender.use(Sending(9, "G722", 8000, event=101), 0.0)  # type: ignore[union-attr]
    stream.receiver.use(
        Receiving({9: ("G722", 8000), 101: ("telephone-event", 8000)}, frozenset({"nack"}))
    )
    stream.path.aim(("192.0.2.2", 4000), ("192.0.2.2", 4001))
    return stream


def datagrams(data: bytes) -> None:
    """Datagrams on both ports of a medium, from two sources, plain or encrypted."""
    choices, stream = Choices(data), _stream()
    if choices.byte() & 1:
        stream.path.protect(Outbound("AES_CM_128_HMAC_SHA1_80", KEY),
                            Inbound("AES_CM_128_HMAC_SHA1_80", (KEY,)))  # fmt: skip
    while choices:
        came = stream.path._came_to_rtp if choices.byte() & 1 else stream.path._came_to_rtcp
        came(choices.take(1 + choices.byte()), choices.pick((("192.0.2.2", 4000), ("::1", 1))))
    stream.receiver.block(1.0)
    stream.track.statistics()


def compound(data: bytes) -> None:
    """A compound packet."""
    stream = _stream()
    stream.take_rtcp(data, 1.0)
    for heard in rtcp.read(data):
        assert heard is not None


def srtp(data: bytes) -> None:
    """A protected packet of ours with bytes changed, or just bytes."""
    choices = Choices(data)
    suite = choices.pick(tuple(SUITES))
    inbound = Inbound(suite, (KEY, MasterKey(bytes(30), b"\1")))
    packet = bytearray(RtpPacket(9, 0, 1, 1, 7, b"sound").serialize())
    sealed = bytearray(Outbound(suite, KEY).rtp(bytes(packet)))
    for _ in range(choices.byte() % 4):
        sealed[choices.byte() % len(sealed)] = choices.byte()
    for one in (bytes(sealed), choices.rest()):
        for opened in (inbound.rtp, inbound.rtcp):
            try:
                RtpPacket.parse(opened(one))
            except (CipherError, ValueError, IndexError, struct.error):
                continue


TARGETS: dict[str, Callable[[bytes], None]] = {
    "framing": framing,
    "message": message,
    "conversation": converse,
    "sdp": sdp,
    "datagrams": datagrams,
    "rtcp": compound,
    "srtp": srtp,
    "pictures": pictures,
    "sounds": sounds,
}
