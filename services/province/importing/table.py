"""Reads the cells of a sheet, XLSX or CSV, within bounds: an upload may be made to harm."""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
from openpyxl.utils.cell import range_boundaries

from appliance.core.message import N_
from services.province.errors import WrongInputError

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
"""Ten thousand sites are two megabytes of XML; a bomb of a kilobyte unpacks to gigabytes."""
MAX_MEMBERS = 500
MAX_ROWS, MAX_COLUMNS = 20_000, 40
MAX_SCANNED_ROWS = 200_000
"""Empty rows count for nothing: one cell with a colour in row 60,000 is no row."""
MAX_LETTERHEAD = 30
"""Rows within which the headings are looked for."""
MAX_MERGED = 20_000
MAX_CELL_LETTERS = 2000
_UNREADABLE = N_("This file cannot be read as a sheet: {why}.")

Cell = str | float | datetime | date | time
EMPTY: Cell = ""
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
UNWORKED = N_("The sheet could not work out this cell: {value}. Write its value.")
SHEET_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|ERROR!)")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row below the headings; ``number`` as a spreadsheet counts, from 1."""

    number: int
    cells: Mapping[str, Cell]

    def text(self, name: str) -> str:
        """The cell as a text, "" where it is empty or not there."""
        value = self.cells.get(name, EMPTY)
        if isinstance(value, str) and SHEET_ERROR.fullmatch(value.strip().upper()):
            raise WrongInputError(
                UNWORKED,
                name,
                value=value,
            )
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return " ".join(str(value).split())


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows below the headings, and how the headings were understood."""

    rows: list[SheetRow]
    columns: tuple[tuple[str, str], ...]
    """Each heading with our name of its column, "" where it is not read."""
    passed_over: tuple[int, ...] = ()
    """Numbers of rows behind the list: a signature, a date, a total."""


def read_sheet(
    content: bytes, columns: Mapping[str, Sequence[str]], needed: Sequence[str] = ()
) -> Sheet:
    """The rows of the first sheet that hold anything, by our names for the columns.

    `columns` says which headings stand for each of ours; they are compared without regard to case,
    accents and punctuation. The headings are the row with the most that are known; what stands
    above is a letterhead. A row behind a blank one that lacks the first of the `needed` columns the
    sheet has is no more of the list. Raises `WrongInputError` for a file that is none, is too
    large, or has no heading that we know.
    """
    if len(content) > MAX_FILE_BYTES:
        raise WrongInputError(
            N_("The file has more than {most} MB."), "file", most=MAX_FILE_BYTES >> 20
        )
    known = {plain(word): name for name, words in columns.items() for word in (name, *words)}
    table = _xlsx(content) if content.startswith(b"PK") else _csv(content, known)
    if len(table) > MAX_ROWS:
        raise WrongInputError(N_("The sheet has more than {most} rows."), "file", most=MAX_ROWS)
    at, names = _headings(table, known)
    if not names:
        wanted = ", ".join(words[0] for words in columns.values())
        raise WrongInputError(N_("No row of headings was found; known are: {names}."), "file",
                              names=wanted)  # fmt: skip
    needed = [name for name in needed if name in names][:1]
    rows: list[SheetRow] = []
    passed: list[int] = []
    last = table[at][0]
    for number, row in table[at + 1 :]:
        cells = {
            name: cell for name, cell in zip(names, row, strict=False) if name and cell != EMPTY
        }
        behind = bool(rows) and number > last + 1
        if rows and (passed or behind) and any(name not in cells for name in needed):
            passed.append(number)
            continue
        last = number
        if cells and not _repeats_headings(row, known):
            rows.append(SheetRow(number, cells))
    headings = tuple(
        (str(cell), name) for cell, name in zip(table[at][1], names, strict=False) if cell != EMPTY
    )
    return Sheet(rows, headings, tuple(passed))


def _headings(
    table: Sequence[tuple[int, list[Cell]]], known: Mapping[str, str]
) -> tuple[int, list[str]]:
    """Where the headings are, and our names of the columns; no names where there are none."""
    best, found = 0, (0, list[str]())
    for at, (_, row) in enumerate(table[:MAX_LETTERHEAD]):
        names: list[str] = []
        for cell in row:
            name = known.get(plain(str(cell)), "")
            names.append("" if name in names else name)
        count = sum(bool(name) for name in names)
        if count > best:
            best, found = count, (at, names)
    return found


def _repeats_headings(row: Sequence[Cell], known: Mapping[str, str]) -> bool:
    """Whether this is the row of headings again, as at the top of each printed page."""
    filled = [cell for cell in row if cell != EMPTY]
    return len(filled) > 1 and all(plain(str(cell)) in known for cell in filled)


def plain(text: str) -> str:
    """The text in small ASCII letters and digits: "Tên xã:" is "ten xa"."""
    parted = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    letters = "".join(one for one in parted if not unicodedata.combining(one))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())


def _xlsx(content: bytes) -> list[tuple[int, list[Cell]]]:
    """The rows that hold anything, each with its number; cells merged downwards are filled."""
    try:
        _check_archive(content)
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        try:
            sheet: Any = book.worksheets[0]
            found = []
            rows = sheet.iter_rows(
                max_row=MAX_SCANNED_ROWS + 1, max_col=MAX_COLUMNS, values_only=True
            )
            for number, row in enumerate(rows, 1):
                if number > MAX_SCANNED_ROWS:
                    raise WrongInputError(
                        N_("The sheet has more than {most} rows."), "file", most=MAX_ROWS
                    )
                if any(value is not None for value in row):
                    cells = [_cell(value) for value in row]
                    if any(cell != EMPTY for cell in cells):
                        found.append((number, cells))
            merged = _merged(content, sheet)
        finally:
            book.close()
    except (WrongInputError, MemoryError):
        raise
    except Exception as error:  # zipfile, zlib, the readers of XML and openpyxl raise what they may
        raise WrongInputError(_UNREADABLE, "file", why=type(error).__name__) from error
    _fill(found, merged)
    return found


def _merged(content: bytes, sheet: Any) -> list[tuple[int, int, int, int]]:
    """The merged ranges of a sheet, which openpyxl's reader of large files leaves out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        raw = archive.read(sheet._worksheet_path)  # no public name says where the sheet lies
    ranges = re.findall(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]{1,30})"', raw)
    return [range_boundaries(ref.decode()) for ref in ranges[:MAX_MERGED]]


def _fill(
    rows: Sequence[tuple[int, list[Cell]]], merged: Sequence[tuple[int, int, int, int]]
) -> None:
    """Give each row below the first of a merged range the value that is shown beside it.

    Only downwards: what is merged across is a title.
    """
    by_number = dict(rows)
    for left, top, _, bottom in merged:
        first = by_number.get(top)
        if first is None or left > len(first):
            continue
        for number in range(top + 1, min(bottom, top + MAX_ROWS) + 1):
            cells = by_number.get(number)
            if cells is not None and left <= len(cells) and cells[left - 1] == EMPTY:
                cells[left - 1] = first[left - 1]


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


def _csv(content: bytes, known: Mapping[str, str]) -> list[tuple[int, list[Cell]]]:
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongInputError(_UNREADABLE, "file", why="not UTF-8") from error
    try:
        # Commas in cells may outnumber the semicolons between them: the headings decide.
        tables = [_split(text, delimiter) for delimiter in ";,\t"]
    except csv.Error as error:
        raise WrongInputError(_UNREADABLE, "file", why=error) from error
    return max(tables, key=lambda table: sum(map(bool, _headings(table, known)[1])))


def _split(text: str, delimiter: str) -> list[tuple[int, list[Cell]]]:
    found: list[tuple[int, list[Cell]]] = []
    for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1):
        if number > MAX_SCANNED_ROWS or len(found) > MAX_ROWS:
            break
        cells = [_cell(value) for value in row[:MAX_COLUMNS]]
        if any(cell != EMPTY for cell in cells):
            found.append((number, cells))
    return found


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, timedelta):  # an hour in a cell of the format [h]:mm
        minutes = round(value.total_seconds() / 60)
        return time(minutes // 60, minutes % 60) if 0 <= minutes < 24 * 60 else f"{minutes} phút"
    if isinstance(value, datetime | date | time):
        return value
    composed = unicodedata.normalize("NFC", str(value)[: 4 * MAX_CELL_LETTERS])
    return _UNSEEN.sub("", composed).replace("\u00a0", " ").strip()[:MAX_CELL_LETTERS]
