"""Whose an atomically written file is, who may read it, and what a failure leaves."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.base.atomic_file import write_atomically


@pytest.fixture(params=[0o000, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640])
def test_the_mode_is_the_files_own_whatever_the_umask(
    tmp_path: Path, umask: int, mode: int
) -> None:
    path = tmp_path / "state"
    path.touch()
    path.chmod(0o666)
    write_atomically(path, b"new", mode=mode)
    assert mode_of(path) == mode


def test_a_secret_is_nobody_elses_unless_it_is_said(tmp_path: Path) -> None:
    write_atomically(tmp_path / "key", b"secret")
    assert mode_of(tmp_path / "key") == 0o600


def test_the_owner_is_the_writer_or_who_was_named(tmp_path: Path) -> None:
    write_atomically(tmp_path / "mine", b"")
    assert (tmp_path / "mine").stat().st_uid == os.geteuid()
    group = os.getegid()
    write_atomically(tmp_path / "named", b"", mode=0o640, owner=os.geteuid(), group=group)
    found = (tmp_path / "named").stat()
    assert (found.st_uid, found.st_gid, mode_of(tmp_path / "named")) == (
        os.geteuid(), group, 0o640,
    )  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_gives_a_file_away_and_it_keeps_its_mode(tmp_path: Path) -> None:
    write_atomically(tmp_path / "given", b"x", mode=0o640, owner=12345, group=54321)
    found = (tmp_path / "given").stat()
    assert (found.st_uid, found.st_gid, mode_of(tmp_path / "given")) == (12345, 54321, 0o640)


@pytest.mark.parametrize("sync", [True, False])
def test_who_reads_while_it_is_replaced_has_the_old_one_whole(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "state"
    write_atomically(path, b"old" * 1000, sync=sync)
    with path.open("rb") as reader:
        write_atomically(path, b"new", sync=sync)
        assert reader.read() == b"old" * 1000
    assert path.read_bytes() == b"new"


def test_a_link_is_replaced_and_what_it_led_to_is_untouched(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", b"ours")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"theirs"


def test_a_folder_that_cannot_be_is_an_os_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        write_atomically(tmp_path / "file" / "state", b"new")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_what_is_no_bytes_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "text")  # type: ignore[arg-type]
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"state": b"old"}
