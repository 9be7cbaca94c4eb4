"""Sheets as people upload them, and archives made to harm."""

import io
import zipfile
from collections.abc import Sequence

import openpyxl

from tests.province.in_process import ADDRESS, Person

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

SERIES = (
    "UID:a@x",
    "SUMMARY:Giao ban",
    "DTSTART;TZID=Asia/Ho_Chi_Minh:20260313T080000",
    "DTEND;TZID=Asia/Ho_Chi_Minh:20260313T090000",
    f"CONFERENCE;VALUE=URI;FEATURE=VIDEO:{ADDRESS}",
)
"""The lines of an event that a rule may repeat."""


def sheet(*rows: Sequence[object]) -> bytes:
    """A book with these rows in its first sheet, as XLSX."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def csv(*rows: Sequence[str]) -> bytes:
    """The same as CSV with semicolons, as a Vietnamese Excel writes it."""
    return "\r\n".join(";".join(row) for row in rows).encode("utf-8-sig")


def packed(**members: bytes) -> bytes:
    """An archive with these members; ``__`` of a name is a slash."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return made.getvalue()


def with_member(book: bytes, name: str, content: bytes) -> bytes:
    """The book with another content of one member."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.infolist():
            new.writestr(member, content if member.filename == name else old.read(member))
    return made.getvalue()


def ics(*events: str) -> bytes:
    """A calendar of these events."""
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(events) + "END:VCALENDAR\r\n").encode()


def event(*lines: str) -> str:
    """One event of these lines."""
    return "\r\n".join(["BEGIN:VEVENT", "DTSTAMP:20260301T000000Z", *lines, "END:VEVENT", ""])


def send(person: Person, path: str, content: bytes, name: str = "x.xlsx", **fields: str) -> str:
    """The page that comes back, with its status in front."""
    answer = person.client.post(
        path, data={"csrf": person.csrf(), **fields}, files={"file": (name, content, XLSX)}
    )
    return f"{answer.status_code} {answer.text}"
