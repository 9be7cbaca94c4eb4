"""Reads the cells of a sheet, XLSX or CSV, within bounds: an upload may be made to harm."""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from xml.etree.ElementTree import ParseError

import openpyxl
from lxml.etree import LxmlError

from appliance.core.message import N_
from services.province.errors import WrongInputError

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
"""Ten thousand sites are two megabytes of XML; a bomb of a kilobyte unpacks to gigabytes."""
MAX_MEMBERS = 500
MAX_ROWS, MAX_COLUMNS = 20_000, 40
MAX_CELL_LETTERS = 2000
_UNREADABLE = N_("This file cannot be read as a sheet: {why}.")

READ_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    ParseError,
    LxmlError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    NotImplementedError,
)
"""openpyxl raises any of these for a broken file."""

Cell = str | float | datetime | date | time
EMPTY: Cell = ""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row below the headings; ``number`` as a spreadsheet counts, from 1."""

    number: int
    cells: Mapping[str, Cell]

    def text(self, name: str) -> str:
        """The cell as a text, "" where it is empty or not there."""
        value = self.cells.get(name, EMPTY)
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return " ".join(str(value).split())


def read_rows(content: bytes, columns: Mapping[str, Sequence[str]]) -> list[SheetRow]:
    """The rows of the first sheet that hold anything, by our names for the columns.

    `columns` says which headings stand for each of ours; they are compared without regard to case,
    accents and punctuation. Raises `WrongInputError` for a file that is none, is too large, or has
    no heading that we know.
    """
    if len(content) > MAX_FILE_BYTES:
        raise WrongInputError(
            N_("The file has more than {most} MB."), "file", most=MAX_FILE_BYTES >> 20
        )
    rows = _xlsx(content) if content.startswith(b"PK") else _csv(content)
    known = {plain(word): name for name, words in columns.items() for word in (name, *words)}
    names: list[str] = []
    lines: list[SheetRow] = []
    for number, row in enumerate(rows, 1):
        if number > MAX_ROWS:
            raise WrongInputError(N_("The sheet has more than {most} rows."), "file", most=MAX_ROWS)
        if not names:
            found = [known.get(plain(str(cell)), "") for cell in row]
            names = found if any(found) else []
            continue
        cells = {
            name: cell for name, cell in zip(names, row, strict=False) if name and cell != EMPTY
        }
        if cells:
            lines.append(SheetRow(number, cells))
    if not names:
        wanted = ", ".join(words[0] for words in columns.values())
        raise WrongInputError(N_("No row of headings was found; known are: {names}."), "file",
                              names=wanted)  # fmt: skip
    return lines


def plain(text: str) -> str:
    """The text in small ASCII letters and digits: "Tên xã:" is "ten xa"."""
    parted = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    letters = "".join(one for one in parted if not unicodedata.combining(one))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())


def _xlsx(content: bytes) -> Iterator[list[Cell]]:
    try:
        _check_archive(content)
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        try:
            sheet = book.worksheets[0]
            rows = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS, values_only=True)
            for row in rows:
                yield [_cell(value) for value in row]
        finally:
            book.close()
    except READ_ERRORS as error:
        raise WrongInputError(_UNREADABLE, "file", why=type(error).__name__) from error


def _check_archive(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        # zipfile itself reads no more of a member than is declared here.
        if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_UNPACKED_BYTES:
            raise WrongInputError(
                N_("The sheet unpacks to more than {most} MB."), "file",
                most=MAX_UNPACKED_BYTES >> 20,
            )  # fmt: skip
        for member in members:
            with archive.open(member) as file:
                if b"<!DOCTYPE" in file.read(4096).upper():
                    raise WrongInputError(_UNREADABLE, "file", why="DOCTYPE")


def _csv(content: bytes) -> Iterator[list[Cell]]:
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongInputError(_UNREADABLE, "file", why="not UTF-8") from error
    head = text[:4000]
    delimiter = max(",;\t", key=head.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [_cell(value) for value in row[:MAX_COLUMNS]]
    except csv.Error as error:
        raise WrongInputError(_UNREADABLE, "file", why=error) from error


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, datetime | date | time):
        return value
    return str(value).replace("\0", "").strip()[:MAX_CELL_LETTERS]
