"""Where a SIP address is, asked of a real name server on loopback."""

import pytest

from appliance.dialers.sip.transport.resolve import Dns, find_targets
from tests.dialers.sip.transport.name_server import name_server

RECORDS = {
    ("_sip._tcp.mcu.vn", "SRV"): ["20 1 5070 spare.mcu.vn.", "10 1 5060 first.mcu.vn."],
    ("_sips._tcp.mcu.vn", "SRV"): ["10 1 5061 first.mcu.vn."],
    ("_sip._udp.mcu.vn", "SRV"): ["10 1 5060 first.mcu.vn."],
    ("_sip._tcp.none.vn", "SRV"): ["0 0 0 ."],
    ("dma.vn", "NAPTR"): [
        '20 50 "s" "SIP+D2T" "" _sip._tcp.mcu.vn.',
        '10 50 "s" "SIP+D2U" "" _sip._udp.mcu.vn.',
        '5 50 "u" "E2U+sip" "!^.*$!sip:x@y!" .',
    ],
}


async def found(
    host: str, port: int | None = None, transport: str = "", *, secure: bool = False
) -> list[str]:
    async with name_server(RECORDS) as resolver:
        lookup = Dns(resolver)
        return [
            str(one)
            for one in await find_targets(host, port, transport, secure=secure, lookup=lookup)
        ]


@pytest.mark.parametrize(
    ("host", "port", "transport", "secure", "expected"),
    [
        ("192.0.2.1", None, "", False, ["192.0.2.1:5060 (TCP)", "192.0.2.1:5060 (UDP)"]),
        ("[2001:db8::1]", None, "TLS", False, ["2001:db8::1:5061 (TLS)"]),
        ("mcu.vn", 5080, "UDP", False, ["mcu.vn:5080 (UDP)"]),
        ("mcu.vn", None, "TCP", False, ["first.mcu.vn:5060 (TCP)", "spare.mcu.vn:5070 (TCP)"]),
        ("mcu.vn", None, "TCP", True, ["first.mcu.vn:5061 (TLS)"]),
        ("mcu.vn", None, "", True, ["first.mcu.vn:5061 (TLS)"]),
        ("dma.vn", None, "", False, ["first.mcu.vn:5060 (UDP)", "first.mcu.vn:5060 (TCP)"]),
        ("none.vn", None, "", False, ["none.vn:5060 (TCP)", "none.vn:5060 (UDP)"]),
        ("unknown.vn", None, "TLS", False, ["unknown.vn:5061 (TLS)"]),
    ],
)
async def test_targets(
    host: str, port: int | None, transport: str, secure: bool, expected: list[str]
) -> None:
    answer = await found(host, port, transport, secure=secure)
    assert answer[: len(expected)] == expected
    if host == "dma.vn":
        assert len(answer) == 3


async def test_the_certificate_is_for_the_name_that_was_dialled() -> None:
    async with name_server(RECORDS) as resolver:
        (one,) = await find_targets("mcu.vn", None, "TLS", secure=False, lookup=Dns(resolver))
    assert (one.host, one.name) == ("first.mcu.vn", "mcu.vn")
