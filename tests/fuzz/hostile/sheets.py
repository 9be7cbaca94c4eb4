"""Sheets and calendars as offices keep them, spoiled: lines, bytes, members of an archive."""

import io
import zipfile
from pathlib import Path

from tests.fuzz.hostile.mutations import TEXTS, Mutations

TESTS = Path(__file__).parents[2]
CALENDARS = TESTS / "wire/calendar/corpus"
SHEETS = TESTS / "province/importing/sheets"
ROWS = (
    "Tên cuộc họp;Ngày;Bắt đầu;Kết thúc;Địa chỉ;Chủ tọa;Thành phần\r\n"
    "Giao ban;15/03/2027;14:00;15:00;sip:1@mcu.vn;Ông A;Xã Ia Kly\r\n"
    "Họp tổ;16/03/2027;8h;9h30;sip:2@mcu.vn;Bà B;\r\n",
    "Tỉnh;Xã;Mã\r\nGia Lai;Xã Ia Kly;ia-kly\r\nGia Lai;Xã Ia O;ia-o\r\n",
)  # fmt: skip


class HostileSheets:
    """Seeded; every file has a kind, a name and a content."""

    def __init__(self, mutations: Mutations) -> None:
        self._mutations, self._random = mutations, mutations.random
        self._calendars = [path.read_bytes() for path in sorted(CALENDARS.glob("*.ics"))]
        self._books = [path.read_bytes() for path in sorted(SHEETS.glob("*.xlsx"))]

    def next(self) -> tuple[str, str, bytes]:
        """One file: its kind for the figures, its name, its content."""
        match self._random.randrange(10):
            case 0 | 1 | 2 | 3 | 4:
                text = self._random.choice(self._calendars).decode("utf-8", "surrogateescape")
                return "calendars", "lich.ics", self._mutations.text(text)
            case 5:
                content = self._random.choice(self._calendars)
                return "calendars", "lich.ics", self._mutations.bytes_of(content)
            case 6:
                return "sheets", "b.csv", self._mutations.text(self._random.choice(ROWS))
            case 7:
                content = self._random.choice(self._books)
                return "sheets", "b.xlsx", self._mutations.bytes_of(content)
            case _:
                return "sheets", "b.xlsx", self._book(self._random.choice(self._books))

    def _book(self, book: bytes) -> bytes:
        """The archive is whole, and one of its members is not."""
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(made, "w") as new:
            members = old.namelist()
            spoiled = self._random.choice(members)
            for member in members:
                content = old.read(member)
                if member == spoiled:
                    if self._random.random() < 0.2:
                        continue
                    content = self._member(content)
                new.writestr(member, content)
        return made.getvalue()

    def _member(self, content: bytes) -> bytes:
        if self._random.random() < 0.3:
            return self._mutations.bytes_of(content)
        text = content.decode("utf-8", "surrogateescape")
        for _ in range(self._random.randint(1, 5)):  # values between marks, as XML has them
            cut = text.find(">", self._random.randrange(len(text) + 1)) + 1
            end = max(cut, text.find("<", cut))
            text = text[:cut] + self._random.choice((*TEXTS, "1e308", "-1", "#REF!")) + text[end:]
        return text.encode("utf-8", "surrogateescape")
