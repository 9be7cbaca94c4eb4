"""What settings lack for the meetings of the agenda."""

from typing import Any

import pytest

from appliance.base.site_file import parse_site
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.meeting import Meeting
from services.card.missing import notes
from services.card.needs import needs_of

HEAD = '[site]\nid = "ia-kly"\nname = "Xã Ia Kly"\n[agenda]\nurl = "/a.ics"\n'
HELP = '[help]\ntelephone = "0269 1"\n'
CODES = ConferenceCodes("724999", "2468")


def meeting(address: str, codes: ConferenceCodes | None = None) -> Meeting:
    return Meeting("m", "Giao ban", 0.0, 1.0, address, codes=codes)


def keys(text: str, *meetings: Meeting) -> list[str]:
    helped = HELP if "[help]" not in text else ""
    found = notes(parse_site((HEAD + helped + text).encode()), needs_of(meetings))
    for one in found:
        assert one.remedy
        assert one.in_vietnamese() != str(one), "it has no Vietnamese"
        assert "2468" not in str(one)
    return [one.key for one in found]


SIP: Any = meeting("sip:1@mcu.vn")
TLS: Any = meeting("sip:1@mcu.vn;transport=tls")
QUEUE: Any = meeting("sip:7000@mcu.vn", CODES)
USER = '[sip]\nuser = "a"\npassword_file = "/data/site/secrets/sip-password"\n'


@pytest.mark.parametrize(
    ("text", "meetings", "told"),
    [
        ("", [], []),
        ("", [meeting("loopback:x"), meeting("")], []),
        ("", [SIP], ["sip.user"]),
        ('[sip]\nuser = "a"\n', [SIP], ["sip.password_file"]),
        (USER, [SIP], []),
        (USER, [TLS], ["call.ca"]),
        (USER + '[call]\nca = "/data/site/ca.pem"\n', [TLS], []),
        ("", [meeting("janus+wss://h/janus?room=1&pin=2468")], ["call.ca"]),
        (USER, [QUEUE], ["sip.entry_queue"]),
        (USER + 'entry_queue = "wait 4, 1234#"\n', [QUEUE], ["sip.entry_queue"]),
        (USER + 'entry_queue = "wait 4, {id}#, wait 3, {pin}#"\n', [QUEUE], []),
        (USER + 'conference = "{queue}##{id}##{pin}"\n', [QUEUE], []),
        (
            '[network]\naddress = "10.1.2.3/24"\nvlan = 40\n',
            [],
            ["network.dns", "network.gateway"],
        ),
        ('[network]\naddress = "10.1.2.3/24"\ngateway = "10.1.2.1"\ndns = ["10.1.2.1"]\n', [], []),
        ('[help]\nlink = "https://zalo.me/g/a"\n', [], ["help.telephone"]),
        ('[network]\nwifi = "UBND"\nproxy = "http://proxy:3128"\n', [], []),
    ],
)
def test_each_is_told_once_with_its_remedy(
    text: str, meetings: list[Meeting], told: list[str]
) -> None:
    assert keys(text, *meetings, *meetings) == told
