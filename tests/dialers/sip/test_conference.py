"""How the codes of a meeting's conference are keyed in, or become a part of what is called."""

import pytest

from appliance.base.config import SipChoices
from appliance.dialers.sip.conference import called_address, entry_steps
from appliance.dialers.sip.dtmf_script import DtmfScriptError
from appliance.wire.address import Address
from appliance.wire.conference_codes import ConferenceCodes

QUEUE = Address.parse("sip:7000@mcu.gialai.gov.vn;transport=tls")
BOTH, OPEN = ConferenceCodes("724999", "2468"), ConferenceCodes("724999")


def keys(codes: ConferenceCodes | None, **choices: str) -> list[float | str]:
    """The script: waits as numbers, keys as texts."""
    return [step.keys or step.wait for step in entry_steps(codes, SipChoices(**choices))]  # type: ignore[arg-type]


def test_the_codes_are_keyed_in_where_the_site_file_says_nothing() -> None:
    assert keys(BOTH) == [4.0, "724999#", 3.0, "2468#"]
    assert keys(OPEN) == [4.0, "724999#"]
    assert keys(None) == []
    assert str(called_address(QUEUE, BOTH, SipChoices())) == str(QUEUE)


def test_a_script_of_the_site_file_has_their_places() -> None:
    script = "wait 6, 1, wait 2, {id}#, wait 5, *{pin}#, wait 1, 0"
    assert keys(BOTH, entry_queue=script) == [6.0, "1", 2.0, "724999#", 5.0, "*2468#", 1.0, "0"]
    assert keys(OPEN, entry_queue=script) == [6.0, "1", 2.0, "724999#", 1.0, "0"]
    assert keys(None, entry_queue=script) == [6.0, "1", 1.0, "0"]


def test_a_meeting_s_own_codes_count_more_than_the_digits_of_the_site_file() -> None:
    fixed = "wait 4, 1234#, wait 3, 9999#"
    assert keys(None, entry_queue=fixed) == [4.0, "1234#", 3.0, "9999#"]
    assert keys(BOTH, entry_queue=fixed) == [4.0, "724999#", 3.0, "2468#"]


@pytest.mark.parametrize(
    ("conference", "codes", "user", "then"),
    [
        ("{id}", BOTH, "724999", [4.0, "2468#"]),
        ("{id}", OPEN, "724999", []),
        ("{queue}##{id}##{pin}", BOTH, "7000%23%23724999%23%232468", []),
        ("{queue}##{id}##{pin}", OPEN, "7000%23%23724999", []),
        ("{id}$${pin}", BOTH, "724999$$2468", []),
        ("{id}$${pin}", OPEN, "724999", []),
        ("{queue}##{id}##{pin}", None, "7000", []),
    ],
)
def test_the_codes_in_what_is_called(
    conference: str, codes: ConferenceCodes | None, user: str, then: list[float | str]
) -> None:
    called = called_address(QUEUE, codes, SipChoices(conference=conference))
    assert str(called) == f"sip:{user}@mcu.gialai.gov.vn;transport=tls"
    assert str(Address.parse(str(called))) == str(called), "it can be called"
    assert keys(codes, conference=conference) == then


def test_a_queue_without_a_name() -> None:
    host = Address.parse("sip:mcu.gialai.gov.vn")
    called = called_address(host, BOTH, SipChoices(conference="{queue}##{id}##{pin}"))
    assert called.user == "724999%23%232468"


def test_no_pin_is_told() -> None:
    assert "2468" not in repr(BOTH)
    with pytest.raises(DtmfScriptError) as told:
        entry_steps(BOTH, SipChoices(entry_queue="wait 4, {id}#, {pin}x"))
    assert "2468" not in str(told.value)
