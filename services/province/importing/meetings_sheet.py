"""Imports meetings from a sheet: one row a meeting, days and times as people write them."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.errors import WrongInputError
from services.province.importing.headings import tell_columns
from services.province.importing.hours import day_of, hours_of
from services.province.importing.imported import Imported
from services.province.importing.table import SheetRow, plain, read_sheet
from services.province.schedule import meetings
from services.province.schedule.meetings import Guests, MeetingDraft
from services.province.sites import groups
from services.province.sites.tree import Tree
from services.province.storage.tables import Meeting

COLUMNS: dict[str, Sequence[str]] = {
    "title": ("Tên cuộc họp", "Nội dung", "Cuộc họp", "Tên", "Tên hội nghị", "Hội nghị",
              "Nội dung họp", "Nội dung cuộc họp", "Nội dung làm việc", "Tiêu đề"),
    "day": ("Ngày", "Date", "Ngày họp", "Ngày tháng", "Thứ, ngày", "Ngày tổ chức"),
    "begin": ("Giờ bắt đầu", "Bắt đầu", "Giờ", "Từ", "Thời gian bắt đầu", "Giờ họp", "Từ giờ",
              "Thời gian", "Thời gian họp"),
    "end": ("Giờ kết thúc", "Kết thúc", "Đến", "Thời gian kết thúc", "Đến giờ"),
    "minutes": ("Số phút", "Thời lượng", "Thời lượng (phút)"),
    "doors": ("Vào sớm (phút)", "Số phút vào sớm", "Mở phòng trước (phút)", "Vào trước (phút)"),
    "address": ("Địa chỉ", "Địa chỉ gọi", "Link họp", "Link", "Đường link", "Địa chỉ họp",
                "Đường dẫn", "Phòng họp trực tuyến"),
    "chair": ("Chủ tọa", "Chủ trì", "Người chủ trì", "Chủ trì cuộc họp", "Đồng chí chủ trì"),
    "conference_id": ("ID hội nghị", "Mã hội nghị", "Số hội nghị", "ID cuộc họp", "Mã cuộc họp",
                      "ID phòng họp", "Mã phòng họp", "Meeting ID", "Conference ID", "ID"),
    "conference_pin": ("PIN", "Mã PIN", "PIN hội nghị", "Mật khẩu", "Mật khẩu hội nghị",
                       "Mật khẩu họp", "Passcode"),
    "guests": ("Thành phần", "Đơn vị", "Thành phần tham dự", "Thành phần dự họp", "Điểm cầu",
               "Đơn vị tham dự", "Thành phần mời"),
}  # fmt: skip
NEEDED = ("title", "day", "begin")
DEFAULT_LENGTH_S = 5400.0
MAX_OVER_MIDNIGHT_S = 6 * 3600.0
"""23:00 to 0:30 goes over midnight; 8:00 to 5:00 is meant to end at 17:00, and is asked back."""
SHEET_UID = "@sheet.diemcau"


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    draft: MeetingDraft
    names_guests: bool


def import_meetings(
    session: Session,
    content: bytes,
    default_guests: Guests,
    zone: ZoneInfo,
    now: float,
    hosts: frozenset[str] = frozenset(),
) -> Imported:
    """Take in the sheet `content`; a line that names no guests invites the `default_guests`.

    A line that cannot be taken in costs itself. A sheet sent again, corrected, changes the meetings
    of the same title and hour, or the one of that title on the same day. `hosts` are the only
    meeting servers that sites dial.
    """
    done = Imported()
    sheet = read_sheet(content, COLUMNS, ("title",))
    tell_columns(done, sheet)
    missing = [name for name in NEEDED if name not in {ours for _, ours in sheet.columns}]
    if missing:
        raise WrongInputError(
            N_("The sheet has no column for {names}."), "file",
            names=", ".join(COLUMNS[name][0] for name in missing),
        )  # fmt: skip
    named = _named_guests(session)
    lines: list[_Line] = []
    for row in sheet.rows:
        try:
            draft = replace(_draft(row, named, default_guests, zone), hosts=hosts)
            meetings.transient(draft, "")
            lines.append(_Line(row.number, draft, "guests" in row.cells))
        except WrongInputError as error:
            done.refuse(_title(row), error.message, error.values, row.number)
    _store(session, lines, done, zone, now)
    if not (done.taken or done.problems):
        raise WrongInputError(N_("The sheet has no line with a meeting."), "file")
    return done


def _title(row: SheetRow) -> str:
    return " ".join(str(row.cells.get("title", "")).split())


def _named_guests(session: Session) -> Mapping[str, set[Guests]]:
    named: dict[str, set[Guests]] = {}
    for place in Tree.load(session).places.values():
        named.setdefault(plain(place.name), set()).add(Guests(frozenset({place.id})))
    for group in groups.listed(session):
        one = Guests(groups=frozenset({group.id}))
        named.setdefault(plain(group.name), set()).add(one)
    return named


def _store(
    session: Session, lines: Sequence[_Line], done: Imported, zone: ZoneInfo, now: float
) -> None:
    rows = session.scalars(
        select(Meeting).where(Meeting.uid.endswith(SHEET_UID)).order_by(Meeting.id)
    ).all()
    free: dict[tuple[str, float], list[Meeting]] = defaultdict(list)
    for row in rows:
        free[plain(row.title), row.begin].append(row)
    found: dict[int, Meeting] = {}
    wanted = _once_each(lines, done)
    for line in wanted:
        left = free[plain(line.draft.title), line.draft.begin]
        same = (row for row in left if meetings.guests(session, row) == line.draft.guests)
        known = next(same, None)
        if known is not None:
            found[line.number] = known
            left.remove(known)
    for line in wanted:  # the same title and hour, for other guests than before
        left = free[plain(line.draft.title), line.draft.begin]
        if line.number not in found and left:
            found[line.number] = left.pop(0)
    for line in wanted:  # moved within its day
        if line.number not in found:
            moved = _moved(line.draft, free, zone)
            if moved is not None:
                found[line.number] = moved
                free[plain(moved.title), moved.begin].remove(moved)
    for line in wanted:
        _take(session, line, found.get(line.number), done, now)


def _once_each(lines: Sequence[_Line], done: Imported) -> list[_Line]:
    """The lines without those that say of the same guests and hour what an earlier one said."""
    first: dict[tuple[str, float, Guests], _Line] = {}
    for line in lines:
        draft = line.draft
        earlier = first.setdefault((plain(draft.title), draft.begin, draft.guests), line)
        if earlier is line:
            continue
        if earlier.draft.address == draft.address:
            done.same += 1
        else:
            message = N_("Line {line} has the same meeting with another address.")
            done.refuse(draft.title, message, {"line": earlier.number}, line.number)
    return list(first.values())


def _moved(
    draft: MeetingDraft, free: Mapping[tuple[str, float], list[Meeting]], zone: ZoneInfo
) -> Meeting | None:
    """The one meeting of this title and day of which no line speaks; None where that is none."""
    day = datetime.fromtimestamp(draft.begin, zone).date()
    same = [
        row
        for (title, begin), rows in free.items()
        if title == plain(draft.title) and datetime.fromtimestamp(begin, zone).date() == day
        for row in rows
        if not row.cancelled
    ]
    return same[0] if len(same) == 1 else None


def _take(session: Session, line: _Line, row: Meeting | None, done: Imported, now: float) -> None:
    try:
        with session.begin_nested():
            if row is None:
                meetings.create(session, line.draft, now, _free_uid(session, line.draft))
                done.added += 1
            elif _edited(session, line, row, now):
                done.changed += 1
            else:
                done.same += 1
    except WrongInputError as error:
        done.refuse(line.draft.title, error.message, error.values, line.number)


def _edited(session: Session, line: _Line, row: Meeting, now: float) -> bool:
    """Whether the line says something else than `row`, which is then as it says."""
    if row.cancelled:
        raise WrongInputError(N_("It was cancelled here; enter it as a new meeting."))
    known = meetings.guests(session, row)
    draft = replace(
        line.draft,
        address=line.draft.address or row.address,
        chair=line.draft.chair or row.chair,
        chair_pin=row.chair_pin,
        conference_id=line.draft.conference_id or row.conference_id,
        conference_pin=line.draft.conference_pin or row.conference_pin,
        free=row.free,
        doors_s=row.doors_s if line.draft.doors_s is None else line.draft.doors_s,
        guests=line.draft.guests if line.names_guests else known,
    )
    made = meetings.transient(draft, row.uid)
    names = ("title", "begin", "length_s", "address", "chair", "doors_s", "conference_id",
             "conference_pin")  # fmt: skip
    if known == draft.guests and all(getattr(row, one) == getattr(made, one) for one in names):
        return False
    meetings.edit(session, row, draft, now)
    return True


def _free_uid(session: Session, draft: MeetingDraft) -> str:
    word = f"{draft.begin:.0f}-{plain(draft.title).replace(' ', '-')[:100]}"
    taken = set(
        session.scalars(select(Meeting.uid).where(Meeting.uid.startswith(word, autoescape=True)))
    )
    made, number = f"{word}{SHEET_UID}", 1
    while made in taken:
        number += 1
        made = f"{word}-{number}{SHEET_UID}"
    return made


def _draft(
    line: SheetRow, named: Mapping[str, set[Guests]], default_guests: Guests, zone: ZoneInfo
) -> MeetingDraft:
    day = day_of(line.cells.get("day", ""))
    hour, ends = hours_of(line.cells.get("begin", ""), "begin")
    begin = datetime.combine(day, hour, zone)
    if line.text("minutes"):
        length_s = _number(line, "minutes") * 60.0
    elif line.text("end") or ends is not None:
        if line.text("end"):
            ends, _ = hours_of(line.cells["end"], "end")
        end = datetime.combine(day, ends or hour, zone)
        length_s = ((end - begin) % timedelta(days=1)).total_seconds()
        if end < begin and length_s > MAX_OVER_MIDNIGHT_S:
            raise WrongInputError(
                N_("It would end at {end}, before it begins at {begin}: write 17:00 for 5 in the"
                   " afternoon, or the minutes it lasts."),
                "end", begin=f"{begin:%H:%M}", end=f"{end:%H:%M}",
            )  # fmt: skip
    else:
        length_s = DEFAULT_LENGTH_S
    return MeetingDraft(
        title=line.text("title"),
        begin=begin.timestamp(),
        length_s=length_s,
        guests=_guests(line, named) or default_guests,
        address=line.text("address"),
        chair=line.text("chair"),
        doors_s=_number(line, "doors") * 60.0 if line.text("doors") else None,
        conference_id=line.text("conference_id"),
        conference_pin=line.text("conference_pin"),
        zone=zone.key,
    )


def _guests(line: SheetRow, named: Mapping[str, set[Guests]]) -> Guests | None:
    # The cell itself: its `text` is in one line, and many write one name a line.
    cell = line.cells.get("guests", "")
    line.text("guests")  # raises for an error of the sheet
    text = cell if isinstance(cell, str) else line.text("guests")
    names = [name for name in re.split(r"[;,\n]", text) if plain(name)]
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


def _number(line: SheetRow, name: str) -> int:
    found = re.fullmatch(r"([0-9]{1,4})(\s*(phút|phut|p|'|’))?", line.text(name).lower())
    if found is None:
        text = line.text(name)[:40]
        raise WrongInputError(N_("“{value}” is no number of minutes."), name, value=text)
    return int(found[1])
