"""Imports meetings from a sheet: one row a meeting, days and times as people write them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.errors import WrongInputError
from services.province.importing.imported import Imported
from services.province.importing.table import SheetRow, plain, read_rows
from services.province.schedule.meetings import Guests, MeetingDraft, create
from services.province.sites import groups
from services.province.sites.tree import Tree
from services.province.storage.tables import Meeting

COLUMNS: dict[str, Sequence[str]] = {
    "title": ("Tên cuộc họp", "Nội dung", "Cuộc họp", "Tên"),
    "day": ("Ngày", "Date"),
    "begin": ("Giờ bắt đầu", "Bắt đầu", "Giờ", "Từ"),
    "end": ("Giờ kết thúc", "Kết thúc", "Đến"),
    "minutes": ("Số phút", "Thời lượng"),
    "address": ("Địa chỉ", "Địa chỉ gọi"),
    "chair": ("Chủ tọa", "Chủ trì"),
    "guests": ("Thành phần", "Đơn vị"),
}
DEFAULT_LENGTH_S = 5400.0
_EXCEL_DAY = date(1899, 12, 30)


def import_meetings(
    session: Session,
    content: bytes,
    default_guests: Guests,
    zone: ZoneInfo,
    now: float,
    hosts: frozenset[str] = frozenset(),
) -> Imported:
    """Take in the sheet `content`; a line that names no guests invites the `default_guests`.

    The same file twice gives the same meetings: their uid is made of day, time and title.
    """
    done = Imported()
    tree = Tree.load(session)
    named: dict[str, set[Guests]] = {}
    for place in tree.places.values():
        named.setdefault(plain(place.name), set()).add(Guests(frozenset({place.id})))
    for group in groups.listed(session):
        one = Guests(groups=frozenset({group.id}))
        named.setdefault(plain(group.name), set()).add(one)
    for line in read_rows(content, COLUMNS):
        try:
            draft = replace(_draft(line, named, default_guests, zone), hosts=hosts)
            _take(session, draft, done, now)
        except WrongInputError as error:
            done.refuse(line.text("title"), error.message, error.values, line.number)
    if done.is_empty:
        raise WrongInputError(N_("The sheet has no line with a meeting."), "file")
    return done


def _take(session: Session, draft: MeetingDraft, done: Imported, now: float) -> None:
    uid = f"{draft.begin:.0f}-{plain(draft.title).replace(' ', '-')[:100]}@sheet.diemcau"
    if session.scalar(select(Meeting.id).where(Meeting.uid == uid)) is not None:
        done.same += 1
        return
    create(session, draft, now, uid)
    done.added += 1


def _draft(
    line: SheetRow, named: Mapping[str, set[Guests]], default_guests: Guests, zone: ZoneInfo
) -> MeetingDraft:
    day = _day(line)
    begin = datetime.combine(day, _time(line, "begin"), zone)
    if line.text("minutes"):
        length_s = _number(line, "minutes") * 60.0
    elif line.text("end"):
        end = datetime.combine(day, _time(line, "end"), zone)
        length_s = ((end - begin) % timedelta(days=1)).total_seconds()
    else:
        length_s = DEFAULT_LENGTH_S
    return MeetingDraft(
        title=line.text("title"),
        begin=begin.timestamp(),
        length_s=length_s,
        guests=_guests(line, named) or default_guests,
        address=line.text("address"),
        chair=line.text("chair"),
        zone=zone.key,
    )


def _guests(line: SheetRow, named: Mapping[str, set[Guests]]) -> Guests | None:
    # The cell itself: its `text` is in one line, and many write one name a line.
    cell = line.cells.get("guests", "")
    text = cell if isinstance(cell, str) else line.text("guests")
    names = [name for name in re.split(r"[;,\n]", text) if name.strip()]
    found: list[Guests] = []
    for name in names:
        known = named.get(plain(name), set())
        if len(known) != 1:
            message = N_("The name “{value}” stands for {count} places or groups.")
            raise WrongInputError(message, "guests", value=name.strip(), count=len(known))
        found += known
    if not found:
        return None
    return Guests(
        frozenset(place for one in found for place in one.places),
        groups=frozenset(group for one in found for group in one.groups),
    )


def _day(line: SheetRow) -> date:
    value = line.cells.get("day", "")
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, float) and 1 <= value < 100_000:
        return _EXCEL_DAY + timedelta(days=int(value))
    text = str(value).strip()
    match = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text)
    try:
        if match:  # day first, as the whole country writes it
            return date(int(match[3]), int(match[2]), int(match[1]))
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise WrongInputError(N_("“{value}” is no day."), "day", value=text[:40]) from error


def _time(line: SheetRow, name: str) -> time:
    value = line.cells.get(name, "")
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    if isinstance(value, float) and 0 <= value < 1:
        minutes = round(value * 24 * 60)
        return time(minutes // 60 % 24, minutes % 60)
    match = re.fullmatch(r"(\d{1,2})(?:\s*[:hg.]\s*(\d{2})?)?", str(value).strip().lower())
    try:
        if match:
            return time(int(match[1]), int(match[2] or 0))
    except ValueError:
        pass
    raise WrongInputError(N_("“{value}” is no hour, e.g. 14:00."), name, value=str(value)[:40])


def _number(line: SheetRow, name: str) -> int:
    text = line.text(name)
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise WrongInputError(N_("“{value}” is no number of minutes."), name, value=text[:40])
    return int(text)
