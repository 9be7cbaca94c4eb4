"""Imports sites from a sheet: one row a site, with columns for its places of any depth."""

import re
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.errors import WrongInputError
from services.province.importing.headings import tell_columns
from services.province.importing.imported import Imported
from services.province.importing.table import SheetRow, plain, read_sheet
from services.province.sites.card_values import CARD_VALUES, set_card_values
from services.province.sites.tree import add_site, place_at
from services.province.storage.tables import Place, Site

COLUMNS: dict[str, Sequence[str]] = {
    "name": ("Tên điểm cầu", "Tên", "Điểm cầu", "Site"),
    "id": ("Mã", "Mã điểm cầu"),
    "place": ("Đơn vị", "Đường dẫn"),
    "province": ("Tỉnh", "Thành phố", "Tỉnh/Thành phố", "Tên tỉnh", "Tỉnh, thành phố"),
    "district": ("Huyện", "Quận", "Quận/Huyện", "Huyện/Quận", "Tên huyện", "Quận huyện thị xã"),
    "commune": ("Xã", "Xã/Phường", "Phường", "Xã/Phường/Đặc khu", "Phường/Xã", "Tên xã",
                "Xã/Phường/Thị trấn", "Phường/Xã/Thị trấn", "Phường/Xã/Đặc khu", "Tên phường xã"),
    "group": ("Thôn", "Làng", "Tổ dân phố", "Thôn/Làng", "Bản"),
    "sip_user": ("Tên đăng ký", "Tài khoản SIP", "Tài khoản", "Tên đăng nhập", "User", "SIP user",
                 "Tên người dùng", "Username"),
    "sip_password": ("Mật khẩu", "Mật khẩu SIP", "Password", "Mật khẩu đăng ký"),
    "extension": ("Số máy", "Số máy lẻ", "Số nội bộ", "Extension", "Số điểm cầu", "E.164"),
    "contact": ("Người liên hệ", "Cán bộ phụ trách", "Người phụ trách", "Cán bộ đầu mối", "Đầu mối",
                "Đầu mối liên hệ", "Cán bộ kỹ thuật", "Họ và tên", "Họ tên"),
    "telephone": ("Điện thoại", "Số điện thoại", "SĐT", "Điện thoại liên hệ", "Di động",
                  "Số điện thoại liên hệ", "ĐT"),
}  # fmt: skip
PLACES = ("province", "district", "commune", "group")
MAX_SAME_NAME = 100
_KIND = re.compile(r"^(xa|phuong|thi tran|dac khu|huyen|quan|thi xa|thanh pho|tinh|thon|lang) ")


def import_sites(session: Session, content: bytes, now: float) -> Imported:
    """Take in the sheet `content`; a site that is known by its id gets its name and place anew,
    and whatever of its card the sheet has: an empty cell leaves what there is.

    The caller rolls back where there are problems. Raises `WrongInputError` for a file that is no
    sheet.
    """
    done = Imported()
    sheet = read_sheet(content, COLUMNS, ("province", "place", "name"))
    tell_columns(done, sheet)
    known = {ours for _, ours in sheet.columns}
    highest = next((name for name in PLACES if name in known), "")
    lowest = next((name for name in ("commune", "district") if name in known), "")
    seen: dict[str, int] = {}
    places: dict[tuple[str, int], int] = {}
    for line in sheet.rows:
        try:
            _check_places(line, {highest, lowest} - {""})
            _import(session, line, seen, places, done, now)
        except WrongInputError as error:
            name = str(line.cells.get("name", ""))
            done.refuse(name, error.message, error.values, line.number)
    if not (done.taken or done.problems):
        raise WrongInputError(N_("The sheet has no line with a site."), "file")
    return done


def _check_places(line: SheetRow, needed: set[str]) -> None:
    """Refuse a line that leaves out a level of the tree: its site would get another's name."""
    for name in sorted(needed):
        if name not in line.cells and "place" not in line.cells:
            raise WrongInputError(N_("This line names no {what}."), name, what=COLUMNS[name][0])


def id_of(name: str) -> str:
    """An id from a name: "Xã Ia Kly" is ia-kly."""
    return _KIND.sub("", plain(name)).replace(" ", "-")[:50].strip("-") or "diem-cau"


def _free_id(session: Session, name: str, place: Place, seen: Mapping[str, int]) -> str:
    """The id of a name, with a number where another place has it: many communes share a name.

    The same sheet a second time finds the same ids.
    """
    word = id_of(name)
    for number in range(1, MAX_SAME_NAME):
        made = word if number == 1 else f"{word}-{number}"
        site = session.get(Site, made)
        if made not in seen and (site is None or site.place_id == place.id):
            return made
    raise WrongInputError(N_("Too many sites have this name; give each an id."), "id")


def _import(
    session: Session,
    line: SheetRow,
    seen: dict[str, int],
    places: dict[tuple[str, int], int],
    done: Imported,
    now: float,
) -> None:
    path = [part for part in line.text("place").split("/") if part.strip()]
    path += [line.text(name) for name in PLACES if line.text(name)]
    name = line.text("name") or (path[-1].strip() if path else "")
    if not name or not path:
        raise WrongInputError(N_("A line needs a name and a place."), "name")
    place = place_at(session, path)
    earlier = places.setdefault((plain(name), place.id), line.number)
    if earlier != line.number and not line.text("id"):
        raise WrongInputError(N_("This site stands in line {line} already."), "name", line=earlier)
    site_id = line.text("id").lower() or _free_id(session, name, place, seen)
    if site_id in seen:
        raise WrongInputError(
            N_("The id {value} stands in line {line} already."), "id", value=site_id,
            line=seen[site_id],
        )  # fmt: skip
    seen[site_id] = line.number
    site = session.get(Site, site_id)
    values = {one: _card_value(line, one) for one in CARD_VALUES if line.text(one)}
    if site is None:
        set_card_values(add_site(session, site_id, name, place, now), values)
        done.added += 1
        return
    other = bool(set_card_values(site, values))
    if (site.name, site.place_id) == (name, place.id) and not other:
        done.same += 1
    else:
        site.name, site.place_id = name, place.id
        done.changed += 1


def _card_value(line: SheetRow, name: str) -> str:
    """The cell; a telephone in a cell of numbers has lost the zero with which all of them begin."""
    text = line.text(name)
    if name == "telephone" and isinstance(line.cells.get(name), float) and text.isdecimal():
        return text if text.startswith("84") and len(text) > 10 else f"0{text}"
    return text
