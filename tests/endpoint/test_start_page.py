"""The page that is ready before what draws is loaded: the right one, or none."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.endpoint.start_page import PRODUCT, StartPage

PAGE = StartPage("Xã Ia Kly", "vi", (64, 36), 0, "0.1.0+202611301228")
PICTURE = bytes(range(256)) * 13 + bytes(64 * 36 * 3 // 2 - 256 * 13)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "start-page"
    PAGE.keep(path, PICTURE)
    return path


def test_the_page_is_there_at_the_next_start(kept: Path) -> None:
    assert PAGE.read(kept) == PICTURE


def test_the_first_start_has_none(tmp_path: Path) -> None:
    assert PAGE.read(tmp_path / "start-page") is None


@pytest.mark.parametrize(
    "other",
    [
        replace(PAGE, name="Xã Ia O"),
        replace(PAGE, locale="en"),
        replace(PAGE, size=(36, 64)),
        replace(PAGE, margin=3),
        replace(PAGE, release="0.1.1+202612010000"),
    ],
    ids=repr,
)
def test_a_page_that_shows_anything_else_is_not_taken(kept: Path, other: StartPage) -> None:
    assert other.read(kept) is None
    other.keep(kept, PICTURE)
    assert other.read(kept) == PICTURE
    assert PAGE.read(kept) is None


def test_a_damaged_page_is_not_taken(kept: Path) -> None:
    whole = kept.read_bytes()
    for damaged in (
        b"",
        whole[:40],
        whole[:-1],
        whole + b"\0",
        whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
        whole[:-9] + bytes([whole[-9] ^ 128]) + whole[-8:],
        whole.replace(b"0.1.0", b"0.1.1", 1),
        bytes(len(whole)),
    ):
        kept.write_bytes(damaged)
        assert PAGE.read(kept) is None
    kept.write_bytes(whole)
    assert PAGE.read(kept) == PICTURE


def test_what_cannot_be_read_or_kept_costs_no_start(tmp_path: Path) -> None:
    folder = tmp_path / "start-page"
    folder.mkdir()
    assert PAGE.read(folder) is None
    PAGE.keep(folder, PICTURE)
    (tmp_path / "file").write_bytes(b"")
    PAGE.keep(tmp_path / "file" / "start-page", PICTURE)


def test_a_name_of_any_letters_makes_a_page_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "start-page"
    for name in ("a\nb", "a\\nb", "'", '"', "Xã Đắk Ơ" * 6):
        page = replace(PAGE, name=name)
        page.keep(path, PICTURE)
        assert page.read(path) == PICTURE
        assert PAGE.read(path) is None


def test_the_images_own_page_names_no_site_and_is_for_the_same_tv(tmp_path: Path) -> None:
    shipped = tmp_path / "start-page"
    shipped.write_bytes(StartPage(PRODUCT, "vi", (64, 36)).pack(PICTURE))
    assert PAGE.general.read(shipped) == PICTURE
    assert PAGE.read(shipped) is None
    assert replace(PAGE, margin=2).general.read(shipped) is None
    assert replace(PAGE, locale="en").general.read(shipped) is None
