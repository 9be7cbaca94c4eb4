"""From power on to the picture, and an operator's questions, on the very disk image."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tests.image.machine.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.questions import SITE, on_card, prepare

RUN = BUILD / "start"
AGENDA = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//
BEGIN:VEVENT
UID:giao-ban
DTSTAMP:20260101T000000Z
DTSTART:{begin:%Y%m%dT%H%M%SZ}
DTEND:{end:%Y%m%dT%H%M%SZ}
SUMMARY:Giao ban tháng
CONFERENCE;VALUE=URI:loopback:
END:VEVENT
END:VCALENDAR
"""

pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture(scope="module")
def province() -> Iterator[int]:
    """A port of this machine where the agenda is to be had."""
    begin = datetime.now(UTC) + timedelta(hours=20)
    text = AGENDA.format(begin=begin, end=begin + timedelta(hours=1)).replace("\n", "\r\n")

    class Feed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Feed) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def card(province: int) -> Path:
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    prepare(card, SITE.format(port=province))
    return card


@pytest.fixture(scope="module")
def guest(card: Path) -> Iterator[Machine]:
    with Machine(
        card, "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="
    ) as it:
        yield it


def settled(guest: Machine) -> str:
    """systemd's word once no job is left."""
    return guest.ask("systemctl is-system-running --wait", within=PATIENCE)


def test_the_screen_is_drawn_and_the_slot_is_marked_good(guest: Machine) -> None:
    assert settled(guest) == "running", guest.ask("systemctl --failed --no-legend")
    assert guest.ask("diemcau slots show").startswith("order A B; attempts left: A 3, B 3")
    facts = json.loads(guest.ask("cat /run/diemcau/endpoint.json"))
    assert facts["screen"] in {"idle", "upcoming"}
    until = time.monotonic() + PATIENCE
    while True:
        picture = guest.picture(RUN / "screen.png")
        pixels = np.asarray(picture, dtype=float)
        if picture.size == (1280, 720) and pixels.std() > 8:
            break
        assert time.monotonic() < until, "the TV stays blank; see screen.png"
        time.sleep(2)


def test_the_agenda_of_the_province_is_read(guest: Machine) -> None:
    until = time.monotonic() + PATIENCE
    while "giao-ban" not in guest.ask("cat /data/endpoint/agenda/* 2>/dev/null"):
        assert time.monotonic() < until, guest.ask(
            "journalctl -u diemcau-endpoint -n 30 --no-pager"
        )
        time.sleep(2)


def test_no_unit_has_failed_and_nothing_waits_in_a_circle(guest: Machine) -> None:
    assert guest.ask("systemctl --failed --no-legend --plain") == ""
    assert guest.ask("journalctl -b -o cat --no-pager | grep -i 'ordering cycle'") == ""


def test_root_and_boot_are_not_to_be_written(guest: Machine) -> None:
    mounts = guest.ask("cat /proc/mounts").splitlines()
    by_place = {line.split()[1]: line.split() for line in mounts}
    assert by_place["/"][2] == "squashfs"
    assert by_place["/"][3].startswith("ro")
    assert "/boot" not in by_place
    assert "Read-only" in guest.ask("touch /etc/x /usr/x")
    assert "verity" in guest.ask("dmsetup table root")


def test_nothing_listens(guest: Machine) -> None:
    assert guest.ask("ss -Hltn") == ""
    # The one socket of the line's own address: networkd's DHCP client, which hears its server only.
    strangers = [line for line in guest.ask("ss -Hlun").splitlines() if ":68 " not in line]
    assert strangers == []


def test_each_unit_of_ours_is_shut_in(guest: Machine) -> None:
    told = guest.ask(
        "for unit in /usr/lib/systemd/system/diemcau-*.service; do"
        " systemd-analyze security --no-pager $(basename $unit) | grep Overall; done"
    )
    levels = [float(line.split(":")[1].split()[0]) for line in told.splitlines()]
    assert len(levels) >= 5
    assert max(levels) <= 2.5, told


def test_nobody_logs_in(guest: Machine) -> None:
    assert guest.ask("grep -v nologin /etc/passwd") == ""
    assert guest.ask("grep -v ':!\\*:' /etc/shadow") == ""
    assert guest.ask("systemctl list-units --no-legend --plain '*getty*'") == ""


def test_the_secret_is_on_the_data_partition_and_no_more_on_the_card(
    guest: Machine, card: Path
) -> None:
    assert guest.ask("cat /data/site/secrets/sip-password") == "Khong-ai-biet"
    assert "ĐÃ NHẬN" in on_card(card, "RESULT.txt")
    assert "Khong-ai-biet" not in on_card(card, "site.toml")


def test_how_long_each_step_took(guest: Machine) -> None:
    told = guest.ask(
        "systemd-analyze; systemd-analyze blame --no-pager | head -15;"
        " systemd-analyze critical-chain --no-pager"
    )
    (RUN / "times.txt").write_text(told + "\n")
    assert "multi-user.target reached" in told
