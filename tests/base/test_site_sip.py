"""The [sip] section of a site file."""

import pytest

from appliance.base.site_file import SiteFileError, parse_site

HEAD = '[site]\nid = "ia-kly"\nname = "Xã Ia Kly"\n[agenda]\nurl = "/a.ics"\n'


def test_polycoms_defaults() -> None:
    sip = parse_site(HEAD.encode()).sip
    assert (sip.hand, sip.mic_off, sip.encryption, sip.register) == ("99", "", "optional", False)


def test_everything_said() -> None:
    text = HEAD + (
        '[sip]\nuser = "iakly"\npassword_file = "/etc/diemcau/sip"\nregister = true\n'
        'registrar = "sip:dma.gialai.gov.vn;transport=tls"\nencryption = "required"\n'
        'outbound_proxy = "sip:proxy.gialai.gov.vn"\n'
        'entry_queue = "wait 4, 1234#, wait 3.5 s, 99#"\n'
        'mic_off = "*6"\nmic_on = "#6"\n'
    )
    sip = parse_site(text.encode()).sip
    assert sip.register
    assert sip.entry_queue.endswith("99#")
    assert sip.mic_off == "*6"


@pytest.mark.parametrize(
    "line",
    [
        'encryption = "maybe"',
        "session = 60",
        'registrar = "dma.gialai.gov.vn"',
        'registrar = "sip:me@dma.gialai.gov.vn"',
        'entry_queue = "press 4"',
        'hand = "up"',
        'user = "me@here"',
        'register = "yes"',
        'password = "secret"',
    ],
)
def test_problems_are_told(line: str) -> None:
    with pytest.raises(SiteFileError) as told:
        parse_site(f"{HEAD}[sip]\n{line}\n".encode())
    (problem,) = told.value.problems
    assert problem.line == 7
    assert problem.remedy
