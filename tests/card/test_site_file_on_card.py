"""A site file of the card is taken apart: settings, secrets, and what is left behind."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.card.site_file_on_card import take_apart, with_wifi_password

SETTINGS = """\
[site]
id = "ia-kly"
name = "Xã Ia Kly"

[agenda]
url = "https://tinh.example/ia-kly.ics"

[sip]
password_file = "/data/site/secrets/sip-password"

[secrets]
"""


def keys(text: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.key) for fault in take_apart(text.encode()).problems]


def test_secrets_are_taken_and_the_settings_know_nothing_of_them() -> None:
    found = take_apart((SETTINGS + "sip_password = 'mật khẩu' # số điện thoại\n").encode())
    assert found.problems == ()
    assert found.secrets == {"sip-password": "mật khẩu".encode()}
    assert b"secrets]" not in found.settings
    assert found.settings.count(b"\n") == found.raw.count(b"\n")
    assert "mật".encode() not in found.blanked
    assert "số điện thoại".encode() in found.blanked


def test_a_file_from_notepad_is_taken_apart_as_well() -> None:
    windows = b"\xef\xbb\xbf" + (SETTINGS + 'claim = "K7QX"\n').replace("\n", "\r\n").encode()
    found = take_apart(windows)
    assert (found.problems, found.secrets) == ((), {"claim": b"K7QX"})
    assert b'claim = "    "\r\n' in found.blanked


def test_a_later_section_is_no_secret() -> None:
    found = take_apart((SETTINGS + 'claim = "x"\n[tv]\nwidth = 1920\nheight = 1080\n').encode())
    assert found.site is not None
    assert found.site.tv.width == 1920


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("clam = 'x'", (12, "secrets.clam")),
        ("claim = x", (12, "secrets")),
        ("claim = 'x", (12, "secrets")),
        ("claim = 'x'\nclaim = 'y'", (13, "secrets.claim")),
        ('claim = "\\q"', (12, "secrets.claim")),
    ],
)
def test_each_fault_has_its_line(line: str, expected: tuple[int, str]) -> None:
    assert keys(SETTINGS + line + "\n") == [expected]


def test_all_faults_are_told_at_once() -> None:
    text = SETTINGS.replace('"ia-kly"', '"Ia Kly"') + "clam = 'x'\n"
    assert keys(text) == [(12, "secrets.clam"), (2, "site.id")]


def test_a_fault_never_tells_the_secret() -> None:
    for line in ("claim = 'geheim", "clam = 'geheim'", 'claim = "geheim\\q"'):
        for fault in take_apart((SETTINGS + line).encode()).problems:
            assert "geheim" not in str(fault)


def test_a_password_that_nothing_reads_is_a_fault() -> None:
    text = SETTINGS.replace("/data/site/secrets/sip-password", "/root/password")
    assert keys(text + "sip_password = 'x'\n") == [(0, "sip.password_file")]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_any_bytes_are_taken_apart(raw: bytes) -> None:
    found = take_apart(SETTINGS.encode() + raw)
    assert len(found.blanked) == len(found.raw)
    assert found.settings.count(b"\n") == found.raw.count(b"\n")
    assert take_apart(found.blanked).secrets == {}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(exclude_characters="'\n\r", exclude_categories=["Cc", "Cs"])))
def test_a_secret_is_what_was_written(secret: str) -> None:
    found = take_apart((SETTINGS + f"claim = '{secret}'\n").encode())
    assert found.problems == ()
    assert found.secrets == ({"claim": secret.strip().encode()} if secret.strip() else {})
    assert found.blanked.decode().endswith(f"claim = '{' ' * len(secret.encode())}'\n")


HEAD_OF_WIFI = '[site]\nid = "a"\nname = "A"\n[agenda]\nurl = "/a.ics"\n'
WIFI = HEAD_OF_WIFI + '[network]\nwifi = "UBND"\n[secrets]\nwifi_password = "{password}"\n'


def test_a_wifi_needs_a_password_that_it_can_have() -> None:
    good = take_apart(WIFI.format(password="mat-khau-xa").encode())
    assert good.problems == ()
    assert with_wifi_password(good, {}) is good
    (bad,) = take_apart(WIFI.format(password="ngan").encode()).problems
    assert (bad.line, bad.key) == (9, "secrets.wifi_password")
    assert "ngan" not in f"{bad}{bad.in_vietnamese()}"


def test_a_blank_password_is_the_one_that_the_box_has() -> None:
    blank = take_apart(WIFI.format(password="").encode())
    assert with_wifi_password(blank, {"wifi-password": b"mat-khau-xa"}) is blank
    judged = with_wifi_password(blank, {})
    assert judged.site is None
    assert [one.key for one in judged.problems] == ["secrets.wifi_password"]
