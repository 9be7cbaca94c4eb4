"""Texts: Vietnamese first, by the catalogue that is newest, filled in."""

import gettext
import io
import os
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from appliance.base.texts import CATALOGUES, LOCALES, Texts, read_catalogue, text

SOURCE = CATALOGUES / "vi/LC_MESSAGES/diemcau.po"


def catalogue(**texts: str) -> Catalog:
    made = Catalog(locale="vi")
    for message, translation in texts.items():
        made.add(message, translation)
    return made


def source(folder: Path, at: float, **texts: str) -> Path:
    """A .po file of this age."""
    path = folder / "diemcau.po"
    with path.open("wb") as file:
        write_po(file, catalogue(**texts))
    os.utime(path, (at, at))
    return path


def compiled(folder: Path, at: float, **texts: str) -> Path:
    """A .mo file of this age."""
    path, made = folder / "diemcau.mo", io.BytesIO()
    write_mo(made, catalogue(**texts))
    path.write_bytes(made.getvalue())
    os.utime(path, (at, at))
    return path


@pytest.mark.parametrize(
    ("source_at", "compiled_at", "wanted"),
    [(100, 100, "dịch"), (100, 200, "dịch"), (200, 100, "nguồn")],
)
def test_the_compiled_one_is_read_unless_its_source_is_newer(
    tmp_path: Path, source_at: float, compiled_at: float, wanted: str
) -> None:
    path = source(tmp_path, source_at, word="nguồn")
    compiled(tmp_path, compiled_at, word="dịch")
    assert read_catalogue(path).gettext("word") == wanted


def test_one_of_the_two_is_enough_and_none_is_english(tmp_path: Path) -> None:
    path = source(tmp_path, 1, word="nguồn")
    assert read_catalogue(path).gettext("word") == "nguồn"
    path.unlink()
    assert read_catalogue(path).gettext("word") == "word"
    compiled(tmp_path, 1, word="dịch")
    assert read_catalogue(path).gettext("word") == "dịch", "as in the image, which has no source"


def test_each_text_has_the_values_of_its_message() -> None:
    with SOURCE.open("rb") as file:
        messages = read_po(file, domain="diemcau")
    for message in messages:
        if isinstance(message.id, str) and message.id and isinstance(message.string, str):
            assert set(fields(message.string)) == set(fields(message.id)), message.id


def fields(pattern: str) -> list[str]:
    """The names in braces."""
    return [part.partition("}")[0] for part in pattern.split("{")[1:]]


def test_a_text_is_filled_in_only_where_there_are_values() -> None:
    texts = Texts("en", gettext.NullTranslations())
    assert texts("{name} of {n}", name="Ia Kly", n=3) == "Ia Kly of 3"
    assert texts("{name}") == "{name}"
    assert texts("") == "", "gettext's own header is no text"
    assert texts.ngettext("{number} site", "{number} sites", 1) == "1 site"
    assert texts.ngettext("{number} site", "{number} sites", 4) == "4 sites"


def test_the_empty_message_is_not_the_header_of_the_catalogue() -> None:
    assert text("vi")("") == ""


def test_a_language_that_is_not_known_is_vietnamese() -> None:
    assert text("xx") is text("vi")
    assert text().locale == "vi"
    assert {text(locale).locale for locale in LOCALES} == {"vi", "en"}


def test_dates_are_written_as_people_here_write_them() -> None:
    day = date(2026, 3, 12)
    assert text("vi").date(day) == "Thứ Năm, 12 tháng 3"
    assert text("en").date(day) == "Thursday, 12 March", "not the American way"
