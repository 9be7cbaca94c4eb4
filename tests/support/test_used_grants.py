"""What a box remembers of the grants that it has seen, and what it knows of the hour."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.support.grant import Grant
from services.support.trusted_time import TIMESYNC, trusted_time
from services.support.used_grants import FILE, MAX_GRANTS, UsedGrants, read_used, write_used

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def grant(number: int) -> Grant:
    issued = NOON + timedelta(minutes=number)
    until = issued + timedelta(days=1)
    return Grant(f"grant-{number:04}", "A", issued, until, 1, site="ia-kly")


def test_what_is_kept_is_bounded_and_what_is_forgotten_is_never_new_again(tmp_path: Path) -> None:
    for number in range(3 * MAX_GRANTS):
        used = read_used(tmp_path)
        assert used.refusal(grant(number)) == ""
        write_used(tmp_path, used.after(grant(number)))
    kept = read_used(tmp_path)
    assert len(kept.used) == MAX_GRANTS
    assert all(kept.refusal(grant(number)) for number in range(3 * MAX_GRANTS))
    assert kept.refusal(grant(3 * MAX_GRANTS)) == ""
    assert (tmp_path / FILE).stat().st_size < 100 * MAX_GRANTS


def test_an_older_grant_that_comes_late_does_not_push_out_a_newer_one() -> None:
    used = UsedGrants()
    for number in range(1, MAX_GRANTS + 1):
        used = used.after(grant(number))
    used = used.after(grant(0))
    assert all(used.refusal(grant(number)) for number in range(MAX_GRANTS + 1))


def test_a_file_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    for content in (b"", b"{}", b'{"used": [{"id": "x", "issued": "2026-01-01"}]}'):
        (tmp_path / FILE).write_bytes(content)
        assert read_used(tmp_path) == UsedGrants()


def box(root: Path, version: str, kept: datetime) -> Path:
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text(f"IMAGE_VERSION={version}\n")
    mark = root / TIMESYNC
    mark.parent.mkdir(parents=True)
    mark.touch()
    os.utime(mark, (kept.timestamp(), kept.timestamp()))
    return root


def test_the_image_and_the_hour_that_was_kept_last_say_what_has_passed(tmp_path: Path) -> None:
    known = trusted_time(box(tmp_path, "0.1.0+202001010830", NOON - timedelta(days=900)), "always")
    assert (known.past, known.trusted) == (NOON - timedelta(days=900), True)
    (tmp_path / TIMESYNC).unlink()
    assert trusted_time(tmp_path, "always").past == datetime(2020, 1, 1, 8, 30, tzinfo=UTC)


def test_a_clock_behind_the_image_is_not_trusted(tmp_path: Path) -> None:
    known = trusted_time(box(tmp_path, "0.1.0+209901010000", NOON), "always")
    assert (known.past.year, known.trusted) == (2099, False)


def test_a_machine_without_a_release_knows_nothing(tmp_path: Path) -> None:
    assert trusted_time(tmp_path, "always").past == datetime.fromtimestamp(0, UTC)
