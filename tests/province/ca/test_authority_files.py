"""The authority in its folder: made once, whole; and no start without it."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from services.province.ca.authority_files import AuthorityError, open_authority

YEAR_S = 365 * 86_400.0
FILES = ("authority.pem", "authority-key.pem")

pytestmark = pytest.mark.case("K13")


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_it_is_made_once_and_only_its_user_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "broker/authority"
    first = open_authority(folder, time.time())
    assert open_authority(folder, time.time()).certificate == first.certificate
    assert sorted(contents(folder)) == sorted(FILES)
    assert [path.name for path in folder.parent.iterdir()] == ["authority"]
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())} == {0o700, 0o600}
    (tmp_path / "empty").mkdir()
    assert open_authority(tmp_path / "empty", time.time()).pem != first.pem


def _half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def _another(file: Path) -> None:
    open_authority(file.parent.parent / "another", time.time())
    file.write_bytes((file.parent.parent / "another" / file.name).read_bytes())


def _of_another_kind(file: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "is missing beside"),
        (lambda file: file.write_bytes(b""), "cannot be read as a"),
        (lambda file: file.write_bytes(b"\0" * 700), "cannot be read as a"),
        (_half, "cannot be read as a"),
        (_another, "is not the key of"),
        (_of_another_kind, "put"),
    ],
)
def test_a_file_that_is_missing_or_broken_is_named_and_nothing_is_written(
    tmp_path: Path, name: str, spoil: Callable[[Path], object], said: str
) -> None:
    folder = tmp_path / "authority"
    open_authority(folder, time.time())
    spoil(folder / name)
    before = contents(folder)
    with pytest.raises(AuthorityError, match=said) as refused:
        open_authority(folder, time.time())
    assert str(folder / name) in str(refused.value)
    assert contents(folder) == before


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("where the key is kept")
    with pytest.raises(AuthorityError, match=r"authority\.pem is missing"):
        open_authority(tmp_path, time.time())
    assert list(contents(tmp_path)) == ["notes"]


@pytest.mark.case("K10")
def test_one_that_ends_within_three_years_is_told_at_each_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now, folder = time.time(), tmp_path / "authority"
    open_authority(folder, now)
    open_authority(folder, now + 16.9 * YEAR_S)
    assert "ends on" not in caplog.text
    open_authority(folder, now + 17.1 * YEAR_S)
    assert "authority.pem ends on" in caplog.text
