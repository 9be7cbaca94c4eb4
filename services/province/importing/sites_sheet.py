"""Imports sites from a sheet: one row a site, with columns for its places of any depth."""

import re
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.errors import WrongInputError
from services.province.importing.imported import Imported
from services.province.importing.table import SheetRow, plain, read_rows
from services.province.sites.tree import add_site, place_at
from services.province.storage.tables import Place, Site

COLUMNS: dict[str, Sequence[str]] = {
    "name": ("Tên điểm cầu", "Tên", "Điểm cầu", "Site"),
    "id": ("Mã", "Mã điểm cầu"),
    "place": ("Đơn vị", "Đường dẫn"),
    "province": ("Tỉnh", "Thành phố", "Tỉnh/Thành phố"),
    "district": ("Huyện", "Quận", "Quận/Huyện"),
    "commune": ("Xã", "Xã/Phường", "Phường", "Xã/Phường/Đặc khu"),
    "group": ("Thôn", "Làng", "Tổ dân phố"),
}
PLACES = ("province", "district", "commune", "group")
MAX_SAME_NAME = 100
_KIND = re.compile(r"^(xa|phuong|thi tran|dac khu|huyen|quan|thi xa|thanh pho|tinh|thon|lang) ")


def import_sites(session: Session, content: bytes, now: float) -> Imported:
    """Take in the sheet `content`; a site that is known by its id gets its name and place anew.

    The caller rolls back where there are problems. Raises `WrongInputError` for a file that is no
    sheet.
    """
    done = Imported()
    seen: dict[str, int] = {}
    for line in read_rows(content, COLUMNS):
        try:
            _import(session, line, seen, done, now)
        except WrongInputError as error:
            done.refuse(line.text("name"), error.message, error.values, line.number)
    if done.is_empty:
        raise WrongInputError(N_("The sheet has no line with a site."), "file")
    return done


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
    session: Session, line: SheetRow, seen: dict[str, int], done: Imported, now: float
) -> None:
    path = [part for part in line.text("place").split("/") if part.strip()]
    path += [line.text(name) for name in PLACES if line.text(name)]
    name = line.text("name") or (path[-1].strip() if path else "")
    if not name or not path:
        raise WrongInputError(N_("A line needs a name and a place."), "name")
    place = place_at(session, path)
    site_id = line.text("id").lower() or _free_id(session, name, place, seen)
    if site_id in seen:
        raise WrongInputError(
            N_("The id {value} stands in line {line} already."), "id", value=site_id,
            line=seen[site_id],
        )  # fmt: skip
    seen[site_id] = line.number
    site = session.get(Site, site_id)
    if site is None:
        add_site(session, site_id, name, place, now)
        done.added += 1
    elif (site.name, site.place_id) == (name, place.id):
        done.same += 1
    else:
        site.name, site.place_id = name, place.id
        done.changed += 1
