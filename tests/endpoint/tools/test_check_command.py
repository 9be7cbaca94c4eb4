"""`diemcau check` tells every problem, for people and for programs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from click.testing import CliRunner

from services.command import main

BAD = '[site]\nid = "Ia Kly"\nname = "Xã Ia Kly"\n\n[agenda]\nurll = "/x"\n'


def test_every_problem_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(BAD)
    done = CliRunner().invoke(main, ["check", str(path), "--json"])
    assert done.exit_code == 1
    problems = json.loads(done.stdout)
    assert [(problem["line"], problem["key"]) for problem in problems] == [
        (2, "site.id"),
        (6, "agenda.urll"),
        (5, "agenda.url"),
    ]
    assert "did you mean url" in problems[1]["remedy"]


def test_a_good_file_is_called_good(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    good = '[site]\nid = "ia-kly"\nname = "Xã Ia Kly"\n[agenda]\nurl = "/x"\n'
    path.write_text(good)
    said = "Tệp không có lỗi / The file has no problems"
    done = CliRunner().invoke(main, ["check", str(path)])
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{said}\nhelp.telephone: chưa ghi")
    path.write_text(f'{good}[help]\ntelephone = "0269 3 824 808"\n')
    done = CliRunner().invoke(main, ["check", str(path)])
    assert (done.exit_code, done.stdout.strip()) == (0, said)


def test_every_command_can_be_loaded() -> None:
    done = CliRunner().invoke(main, ["--help"])
    assert done.exit_code == 0
    for name in ("agenda", "check", "demo", "dial", "endpoint", "room", "screen"):
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0, name


FEED = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//
BEGIN:VEVENT
UID:a
DTSTART:{begin}
DURATION:PT1H
SUMMARY:Giao ban
CONFERENCE;VALUE=URI;FEATURE=VIDEO:sip:7000@mcu.vn
X-DIEMCAU-CONFERENCE-ID:724999
X-DIEMCAU-CONFERENCE-PIN:2468
END:VEVENT
END:VCALENDAR
"""


def test_a_card_is_judged_whole_and_beside_its_agenda(tmp_path: Path) -> None:
    """Secrets, authorities, and what the meetings need: in Vietnamese, and without a PIN."""
    begin = datetime.now(UTC) + timedelta(hours=1)
    feed = tmp_path / "a.ics"
    feed.write_text(FEED.format(begin=f"{begin:%Y%m%dT%H%M%SZ}").replace("\n", "\r\n"))
    path = tmp_path / "site.toml"
    path.write_text(
        f'[site]\nid = "ia-kly"\nname = "Xã Ia Kly"\n[agenda]\nurl = "{feed}"\n'
        '[call]\nca = "/data/site/ca.pem"\n[network]\nwifi = "Xa"\n'
        '[secrets]\nwifi_password = "bi-mat-wifi"\n'
    )
    done = CliRunner().invoke(main, ["check", str(path), "--agenda"])
    assert done.exit_code == 1
    assert "call.ca: chưa có tệp ca.pem cạnh site.toml" in done.stdout
    (tmp_path / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())
    done = CliRunner().invoke(main, ["check", str(path), "--agenda"])
    assert done.exit_code == 0, done.stdout
    assert "sip.user: chưa điền, mà mcu.vn có thể hỏi (“Giao ban”)" in done.stdout
    assert "sip.entry_queue: chưa nói lúc nào bấm mã hội nghị" in done.stdout
    assert "2468" not in done.output
    assert "bi-mat" not in done.output
    feed.unlink()
    done = CliRunner().invoke(main, ["check", str(path), "--agenda"])
    assert done.exit_code == 0
    assert "Không đọc được lịch họp" in done.output
    assert "sip.user" not in done.stdout
