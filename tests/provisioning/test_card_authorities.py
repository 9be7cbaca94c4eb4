"""Authorities that come with a card, and what RESULT.txt says the settings lack."""

import os
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import pytest
import trustme

from appliance.base.fact_file import SITE_FILE
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.meeting import Meeting
from services.card.needs import FILE, needs_of, read_needs, write_needs
from services.provisioning.disk import find_in_force
from services.provisioning.first_boot_command import AGENDA, apply
from tests.provisioning.site_files import site

PEM = trustme.CA().cert_pem.bytes()
BOTH = PEM + b"\r\nthe conference system's:\r\n" + trustme.CA().cert_pem.bytes()
LED = site().replace(b"[sip]", b'ca = "/data/site/ca.pem"\n[sip]')


class Card:
    """The folders of one box; `start` is its power going on."""

    def __init__(self, folder: Path) -> None:
        self.boot, self.data, self.run = (folder / name for name in ("boot", "data", "run"))
        for one in (self.boot, self.data, self.run):
            one.mkdir()

    def start(self) -> None:
        apply(self.boot, self.data, os.getgid(), "10000000abcdef", run=self.run)

    @property
    def trusted(self) -> bytes:
        return (self.data / "site/ca.pem").read_bytes()

    @property
    def result(self) -> str:
        return (self.boot / "RESULT.txt").read_text("utf-8-sig")

    @property
    def told(self) -> tuple[str, ...]:
        facts = SITE_FILE.read(self.run, datetime.now(UTC).timestamp(), inf)
        assert facts is not None
        return facts.problems


@pytest.fixture
def card(tmp_path: Path) -> Card:
    card = Card(tmp_path)
    (card.boot / "site.toml").write_bytes(LED)
    return card


@pytest.mark.parametrize("name", ["ca.pem", "CA.PEM", "ca.pem.txt"])
def test_the_file_beside_the_settings_is_taken_with_them(card: Card, name: str) -> None:
    (card.boot / name).write_bytes(BOTH)
    card.start()
    assert card.trusted == BOTH
    assert "ĐÃ NHẬN" in card.result
    assert card.told == ()


def test_new_ones_alone_are_taken_and_missing_ones_stay(card: Card) -> None:
    (card.boot / "ca.pem").write_bytes(PEM)
    card.start()
    (card.boot / "ca.pem").write_bytes(BOTH)
    card.start()
    assert card.trusted == BOTH
    (card.boot / "ca.pem").unlink()
    (card.boot / "site.toml").write_bytes(LED.replace(b"Kly", b"Phi"))
    card.start()
    assert card.trusted == BOTH
    assert "Xã Ia Phi" in card.result


def test_settings_that_lead_to_a_file_which_is_not_there_are_refused(card: Card) -> None:
    card.start()
    assert find_in_force(card.data) is None
    assert "TỪ CHỐI" in card.result
    assert "agenda.ca: chưa có tệp ca.pem cạnh site.toml" in card.result
    assert len(card.told) == 1
    assert "agenda.ca" in card.told[0]


@pytest.mark.parametrize("content", [b"-----BEGIN", b"\xff\xfe\0", PEM[:300], b"x" * 200_000])
def test_a_file_that_is_no_authority_changes_nothing(card: Card, content: bytes) -> None:
    (card.boot / "ca.pem").write_bytes(PEM)
    card.start()
    (card.boot / "ca.pem").write_bytes(content)
    card.start()
    assert card.trusted == PEM
    assert "TỪ CHỐI" in card.result
    assert "ca.pem" in card.told[0]


MEETING = Meeting(
    "m", "Giao ban", 0.0, 1.0, "sip:7000@mcu.vn;transport=tls", codes=ConferenceCodes("1", "2468")
)


def test_the_result_says_what_the_meetings_of_the_agenda_need(card: Card) -> None:
    (card.boot / "ca.pem").write_bytes(PEM)
    card.start()
    assert "sip.user" not in card.result
    agenda = card.data / AGENDA
    agenda.mkdir(parents=True)
    write_needs(agenda, needs_of([MEETING]))
    assert b"2468" not in (agenda / FILE).read_bytes()
    card.start()
    for key in ("sip.user", "sip.entry_queue", "call.ca"):
        assert f"  - {key}: " in card.result
    assert "mcu.vn có thể hỏi" in card.result
    assert "Giao ban" in card.result
    write_needs(agenda, ())
    card.start()
    assert "sip.user" not in card.result


@pytest.mark.parametrize(
    "content",
    [b"", b"[", b'[{"scheme":"sip","host":"h","title":"a\\nTU CHOI"}]', b"[" * 70_000, b'{"a":1}'],
)
def test_needs_that_nobody_wrote_say_nothing(card: Card, content: bytes) -> None:
    agenda = card.data / AGENDA
    agenda.mkdir(parents=True)
    (agenda / FILE).write_bytes(content)
    assert read_needs(agenda) == ()
