"""Where the fuzzer begins: what far ends really send, made by code, so that no corpus is kept."""

from aiortc.rtp import RtcpRrPacket, RtpPacket

from appliance.dialers.sip.signalling.message import serialise
from appliance.media.rtp import rtcp
from appliance.media.rtp.srtp import Outbound
from tests.dialers.sip.sdp.recorded import NAMES, offer
from tests.dialers.sip.signalling.torture_messages import torture_messages
from tests.dialers.sip.signalling.wire import UDP_NEAR, invite
from tests.fuzz.targets import KEY
from tests.media.rtp.tmmbr import tmmbr

_CHALLENGE = (
    b"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    b"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n"
    b'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=MD5\r\n'
    b'Record-Route: <sip:p;lr>, <sip:q>\r\nContact: <sip:m@192.0.2.2>;+sip.instance="<u>"\r\n\r\n'
)


def seeds(target: str) -> list[bytes]:
    """Inputs of that target; some for every one."""
    messages = [one.data for one in torture_messages()] + [_CHALLENGE, _invite()]
    packets = [
        RtpPacket(9, 0, 1, 160, 7, bytes(160)).serialize(),
        RtpPacket(101, 1, 2, 160, 7, b"\x0b\x8a\x03\xc0").serialize(),
        bytes(RtcpRrPacket(7)) + rtcp.cname(7, "far") + rtcp.fir(1, 7, 1),
        tmmbr(1, 7, 300_000) + rtcp.nack(1, 7, [1, 2, 65535]),
    ]
    sealed = [Outbound("AES_CM_128_HMAC_SHA1_80", KEY).rtp(packets[0])]
    by_target = {
        "framing": [b"\x1f" + b"\r\n\r\n" + one for one in messages],
        "message": messages,
        "sdp": [b"\0" + offer(name).encode() for name in NAMES],
        "datagrams": [b"\0" + _lengths(packets), b"\1" + _lengths(sealed)],
        "rtcp": packets,
        "srtp": [b"\0\0" + one for one in sealed],
    }
    return [*by_target.get(target, []), bytes(range(256)), bytes(range(0, 256, 7)) * 4, b""]


def _invite() -> bytes:
    one = invite()
    one.via = [UDP_NEAR.via("z9hG4bKseed")]
    return serialise(one)


def _lengths(packets: list[bytes]) -> bytes:
    return b"".join(b"\1" + bytes([len(one) - 1]) + one + b"\0" for one in packets)
