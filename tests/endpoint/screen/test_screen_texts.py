"""The catalogues: every text that the code knows has its Vietnamese, and the font can draw it."""

import io
import os
import string
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from appliance.base import texts
from appliance.base.texts import text
from services.endpoint.screen.paint.fonts import Weight, has_glyph, plain

ROOT = Path(texts.__file__).resolve().parents[2]
CATALOGUE = ROOT / "appliance/texts/vi/LC_MESSAGES/diemcau.po"


def ids(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def told(message: Message) -> str:
    return ids(message.string or "")


def extracted() -> set[str]:
    with (ROOT / "appliance/texts/babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(ROOT, methods, options)
    return {ids(message) for _file, _line, message, _comments, _context in found}


def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="vi")


def fields(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


def test_every_text_is_translated_and_no_other_is_kept() -> None:
    known = {ids(message.id): message for message in catalogue() if message.id}
    assert set(known) == extracted()
    assert not catalogue().obsolete
    for message in known.values():
        assert not message.fuzzy, message.id
        assert told(message), message.id
        assert fields(told(message)) == fields(ids(message.id)), message.id


def test_a_text_ends_as_its_translation_does() -> None:
    for message in catalogue():
        if isinstance(message.id, str) and message.id and isinstance(message.string, str):
            assert (message.id[-1] in ".?…") == (message.string[-1] in ".?…"), message.id


def test_the_font_has_every_letter_of_the_catalogue_and_of_vietnamese() -> None:
    letters = set("ĂÂĐÊÔƠƯăâđêôơưỄễỘộẶặẴẵỮữỢợỹỴ…–0123456789:+?“”") | {
        letter for message in catalogue() for letter in str(message.string) + str(message.id)
    }
    missing = {letter for letter in letters for weight in Weight if not has_glyph(letter, weight)}
    assert not missing - {"\n"}


def test_what_the_font_lacks_is_left_out_and_the_rest_is_composed() -> None:
    assert plain("Họp 😀 tại  xã\n中 Ia Kly") == "Họp tại xã Ia Kly"
    assert plain("Ho\u0323p gia\u0309i") == "Họp giải"


def test_vietnamese_comes_first_and_english_needs_no_catalogue() -> None:
    assert text()("No network") == "Không có mạng"
    assert text("en")("No network") == "No network"
    assert text("fr") is text("vi")
    assert text("vi")("") == ""


def test_numbers_and_dates() -> None:
    assert text("vi").ngettext("{number} minute", "{number} minutes", 3) == "3 phút"
    assert text("en").ngettext("{number} minute", "{number} minutes", 1) == "1 minute"
    assert text("vi").date(date(2026, 3, 12)) == "Thứ Năm, 12 tháng 3"
    assert text("en").date(date(2026, 3, 12)) == "Thursday, 12 March"


@pytest.mark.parametrize("compiled", ["none", "old", "new"])
def test_a_compiled_catalogue_counts_only_while_it_is_not_older(
    tmp_path: Path, compiled: str
) -> None:
    folder = tmp_path / "vi" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source, made = folder / "diemcau.po", folder / "diemcau.mo"
    source.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "hand"\nmsgstr "tay (po)"\n',
        encoding="utf-8",
    )
    if compiled != "none":
        other = io.BytesIO()
        words = Catalog(locale="vi")
        words.add("hand", "tay (mo)")
        write_mo(other, words)
        made.write_bytes(other.getvalue())
        age = source.stat().st_mtime + (60 if compiled == "new" else -60)
        os.utime(made, (age, age))
    shown = texts.read_catalogue(source).gettext("hand")
    assert shown == {"none": "tay (po)", "old": "tay (po)", "new": "tay (mo)"}[compiled]


def test_a_missing_font_is_named_with_its_package() -> None:
    program = (
        "from pathlib import Path\n"
        "from services.endpoint.screen.paint import fonts\n"
        "fonts.FOLDERS = (Path('/nowhere'),)\n"
        "fonts.font(fonts.Weight.BOLD, 20)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert "fonts-noto-core" in ran.stderr.splitlines()[-1]
