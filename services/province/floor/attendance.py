"""Attendance of a meeting: who was in, when, how long, with how many hands and outages."""

import io
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from services.province.storage.tables import Participation

MIN_ABSENCE_S = 2.0
"""A shorter absence is none: two copies of the program saw the same participant."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """One site, or another participant. Times are POSIX seconds, None for never.

    ``unproved``: somebody under the name of an invited site, who has not proved to be that site.
    """

    name: str
    site: str
    came_at: float | None = None
    left_at: float | None = None
    present_s: float = 0.0
    outages: int = 0
    hands: int = 0
    unproved: bool = False
    people: int | None = None
    """In the hall, as the commune or the console said; None: nobody did."""


def attendance(
    participations: Iterable[Participation],
    invited: Mapping[str, str],
    end: float,
    now: float,
    people: Mapping[str, int] | None = None,
) -> list[Attendance]:
    """A line for each invited site (id to name), and for everybody else who joined.

    A site is who proved to be it; others are guests, whatever they call themselves. Of guests with
    one name those who were in at the same time have a line each.

    Who is still in, or was when the last copy that watched died, counts until `now`, at most until
    `end`; time before the begin counts too. `people` are those in the halls, by site.
    """
    last = min(now, end)
    names = {folded(name) for name in invited.values()}
    lines: dict[tuple[str, str, int], list[Participation]] = {
        (site, name, 0): [] for site, name in invited.items()
    }
    for one in sorted(participations, key=lambda one: one.came_at):
        site = one.site_id or ""
        number, name = 0, invited.get(site, one.name)
        while not site and _together(lines.get((site, name, number), ()), one):
            number += 1
        lines.setdefault((site, name, number), []).append(one)
    listed = [
        _line(site, name, found, last, unproved=not site and folded(name) in names)
        for (site, name, _), found in lines.items()
    ]
    counted = people or {}
    listed = [replace(line, people=counted.get(line.site)) for line in listed]
    return sorted(listed, key=lambda line: (not line.site, line.came_at is None, line.name))


def workbook(
    title: str,
    lines: Iterable[Attendance],
    moment: Callable[[float], str],
    heads: Sequence[str],
    unproved: str,
) -> bytes:
    """The lines as XLSX; texts stay texts, whatever they begin with.

    `unproved` is the remark in place of a site's id at a guest under a site's name.
    """
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Điểm danh")
    sheet.freeze_panes = "A4"
    for column, width in zip("ABCDEFGH", (32, 18, 20, 20, 12, 12, 12, 14), strict=True):
        sheet.column_dimensions[column].width = width

    def text(value: str, *, bold: bool = False) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet, value=value)
        cell.data_type = "s"  # "=…" would be a formula, and run on who opens it
        cell.font = Font(bold=bold)
        return cell

    sheet.append([text(title, bold=True)])
    sheet.append([])
    sheet.append([text(head, bold=True) for head in heads])
    for line in lines:
        sheet.append([
            text(line.name),
            text(unproved if line.unproved else line.site),
            text(moment(line.came_at) if line.came_at is not None else ""),
            text(moment(line.left_at) if line.left_at is not None else ""),
            round(line.present_s / 60),
            line.outages,
            line.hands,
            line.people,
        ])  # fmt: skip
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def folded(name: str) -> str:
    """A name as people read it: two that differ in capitals, spaces or composition look alike."""
    text = unicodedata.normalize("NFKC", name).casefold()
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return " ".join(seen.split())


def _together(rows: Sequence[Participation], one: Participation) -> bool:
    """Whether any of these, who came before `one`, was still in when that one came."""
    return any(row.left_at is None or one.came_at < row.left_at for row in rows)


def _line(
    site: str, name: str, rows: Sequence[Participation], last: float, *, unproved: bool
) -> Attendance:
    if not rows:
        return Attendance(name, site)
    spans = [(one.came_at, one.left_at if one.left_at is not None else last) for one in rows]
    outages, until = 0, spans[0][1]
    present_s = max(0.0, until - spans[0][0])
    for begin, end in spans[1:]:
        outages += begin - until > MIN_ABSENCE_S
        present_s += max(0.0, end - max(begin, until))
        until = max(until, end)
    return Attendance(
        name=name,
        site=site,
        came_at=spans[0][0],
        left_at=until,
        present_s=present_s,
        outages=outages,
        hands=sum(one.hands for one in rows),
        unproved=unproved,
    )
