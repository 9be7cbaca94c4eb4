"""`diemcau agenda` tells what the site would do at an hour, and why."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.endpoint.tools.agenda_command import agenda_command
from tests.peers.calendar_server import calendar_server

FEED = """BEGIN:VCALENDAR
VERSION:2.0
NAME:Lịch họp xã
BEGIN:VEVENT
UID:a
SUMMARY:Giao ban tuần
DTSTART:20260309T080000
DURATION:PT2H
CONFERENCE;VALUE=URI;FEATURE=VIDEO:janus+wss://hop.gialai.gov.vn/janus?room=12&pin=bimat
END:VEVENT
BEGIN:VEVENT
UID:b
SUMMARY:Phòng chống bão
DTSTART:20260309T090000
DURATION:PT3H
CONFERENCE;VALUE=URI;FEATURE=VIDEO:sip:7@mcu.gialai.gov.vn
END:VEVENT
BEGIN:VEVENT
UID:c
SUMMARY:Họp chi bộ
DTSTART:20260310T080000
DURATION:PT1H
END:VEVENT
BEGIN:VEVENT
UID:d
SUMMARY:Hỏng
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "xa.ics"
    path.write_text(FEED)
    return str(path)


def run(*words: str) -> Result:
    return CliRunner().invoke(agenda_command, words)


def as_json(*words: str) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("at", "phase", "meeting", "address", "change"),
    [
        ("2026-03-08T12:00", "idle", "a", None, "2026-03-09T07:45:00+07:00"),
        ("2026-03-09T07:49", "upcoming", "a", None, "2026-03-09T07:50:00+07:00"),
        ("2026-03-09T07:50", "joining", "a", "janus+wss://", "2026-03-09T08:00:00+07:00"),
        ("2026-03-09T08:30", "joining", "a", "janus+wss://", "2026-03-09T10:00:00+07:00"),
        ("2026-03-09T09:30", "joining", "a", "janus+wss://", "2026-03-09T10:00:00+07:00"),
        ("2026-03-09T10:00", "joining", "b", "sip:7@", "2026-03-09T12:00:00+07:00"),
        ("2026-03-09T03:00:00Z", "joining", "b", "sip:7@", "2026-03-09T12:00:00+07:00"),
        ("2026-03-10T08:10", "upcoming", "c", None, "2026-03-10T09:00:00+07:00"),
        ("2026-03-11T08:00", "idle", None, None, None),
    ],
)
def test_what_the_site_would_do(
    file: str, at: str, phase: str, meeting: str | None, address: str | None, change: str | None
) -> None:
    told = as_json(file, "--at", at)
    assert told["ok"] is True
    assert told["phase"] == phase
    assert (told["meeting"] or {}).get("uid") == meeting
    assert (told["address"] or "").startswith(address or "")
    assert (told["address"] is None) == (address is None)
    assert told["next_change"] == change
    assert told["calendar"] == "Lịch họp xã"
    assert len(told["troubles"]) == 1
    assert "'Hỏng'" in told["troubles"][0]


def test_before_the_begin_the_doors_are_why(file: str) -> None:
    text = run(file, "--at", "2026-03-09T07:55").output
    assert "vào sớm, chờ khai mạc lúc 08:00" in text
    assert "its doors are open" in text


def test_why_in_vietnamese_and_english(file: str) -> None:
    text = run(file, "--at", "2026-03-09T09:30").output
    assert "vào họp / would join" in text
    assert "trùng giờ" in text
    assert "of 2 at this time it began first" in text
    assert "Hỏng" in text
    assert "không có địa chỉ" in run(file, "--at", "2026-03-10T08:10").output
    assert (
        "bắt đầu sau 0:15:00 / it begins in 0:15:00" in run(file, "--at", "2026-03-09T07:45").output
    )


def test_no_pin_is_told(file: str) -> None:
    for words in (["--json"], []):
        done = run(file, "--at", "2026-03-09T08:30", *words)
        assert "room=12" in done.output
        assert "bimat" not in done.output


def test_hosts_and_zone(file: str) -> None:
    told = as_json(file, "--at", "2026-03-09T08:30", "--host", "MCU.gialai.gov.vn")
    assert (told["phase"], told["address"]) == ("upcoming", None)
    assert any("not among the allowed hosts" in problem for problem in told["troubles"])
    told = as_json(file, "--at", "2026-03-09T08:30", "--zone", "Europe/Berlin")
    assert told["meeting"]["begin"] == "2026-03-09T08:00:00+01:00"


@pytest.mark.parametrize("at", ["08:30", "8:05"])
def test_an_hour_of_today(file: str, at: str) -> None:
    assert as_json(file, "--at", at)["at"].split("T")[1].startswith(at.zfill(5))


def test_a_feed_that_cannot_be_read(tmp_path: Path) -> None:
    page = tmp_path / "page.ics"
    page.write_text("<html>Đăng nhập</html>")
    done = run(str(page), "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["ok"], told["fault"]) == (False, "login-page")
    assert "Không đọc được" in done.stderr
    done = run(str(tmp_path / "none.ics"))
    assert (done.exit_code, done.stdout) == (1, "")


@pytest.mark.parametrize(
    "words", [["--at", "mai"], ["--zone", "Asia/Gia_Lai"], ["--ca", "/none"], ["--nonsense"]]
)
def test_wrong_use(file: str, words: list[str]) -> None:
    assert run(file, *words).exit_code == 2
    assert run().exit_code == 2


async def test_from_a_server() -> None:
    # The command has a loop of its own, so it runs beside the server's.
    async with calendar_server() as server:
        server.gives(FEED.encode(), pack=True)
        done = await asyncio.to_thread(run, server.url(), "--at", "2026-03-09T08:30", "--json")
    assert json.loads(done.stdout)["phase"] == "joining"
