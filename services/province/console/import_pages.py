"""Sheets and calendars in, site files out."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from appliance.core.message import N_
from services.province import groups, site_files
from services.province.accounts import Role
from services.province.console.asked import Asked, needs
from services.province.console.meeting_form import MeetingForm
from services.province.errors import WrongInputError
from services.province.importing.meetings_ics import import_calendar
from services.province.importing.meetings_sheet import import_meetings
from services.province.importing.sites_sheet import Imported, import_sites
from services.province.importing.table import LARGEST
from services.province.storage.tables import Site
from services.province.tree import Tree, get_site

router = APIRouter()
Operator = Annotated[Asked, Depends(needs(Role.OPERATOR))]
Take = Callable[[Session, bytes], Imported]


class _RolledBackError(Exception):
    """Nothing of the file is taken in; carries what was wrong."""

    def __init__(self, done: Imported) -> None:
        super().__init__()
        self.done = done


@router.get("/import/sites")
def ask_sites(asked: Operator) -> Response:
    """The form for a sheet of sites."""
    return asked.page("import_sites.html", wrong=None, done=None)


@router.post("/import/sites")
async def sites(asked: Operator) -> Response:
    """A sheet of sites."""
    content = await _content(asked)

    def take(session: Session, file: bytes) -> Imported:
        return import_sites(session, file, asked.now)

    return await run_in_threadpool(_import, asked, "import_sites.html", "sites", content, take)


@router.get("/import/meetings")
def ask_meetings(asked: Operator) -> Response:
    """The form for a sheet or a calendar."""
    with asked.database.reading() as session:
        tree = Tree.load(session)
        form = MeetingForm(places=frozenset(place.id for place in tree.children(None)))
        return asked.page(
            "import_meetings.html", wrong=None, done=None, tree=tree, form=form,
            groups=groups.listed(session),
        )  # fmt: skip


@router.post("/import/meetings")
async def meetings(asked: Operator) -> Response:
    """A sheet or a calendar of meetings, with those whom all of them invite."""
    content = await _content(asked)
    form = MeetingForm.read(asked)
    guests, zone = form.guests, asked.province.settings.zoneinfo

    def take(session: Session, file: bytes) -> Imported:
        # What is no sheet but begins as a calendar does is told as a calendar's fault.
        ics = b"BEGIN:VCALENDAR" in file[:1000].upper()
        read = import_calendar if ics else import_meetings
        return read(session, file, guests, zone, asked.now)

    return await run_in_threadpool(
        _import, asked, "import_meetings.html", "meetings", content, take
    )


@router.get("/site-files.zip")
def all_files(asked: Operator) -> Response:
    """One site file for each site, zipped; who took them stands in the audit log."""
    with asked.database.writing() as session:
        known = session.scalars(select(Site).order_by(Site.id)).all()
        packed = site_files.archive(asked.province.settings, known)
        asked.note(session, "site files taken", "", count=len(known))
    headers = {"Content-Disposition": 'attachment; filename="site-files.zip"'}
    return Response(packed, media_type="application/zip", headers=headers)


@router.get("/sites/{number}/site.toml")
def one_file(asked: Operator, number: str) -> Response:
    """The site file of one site."""
    with asked.database.writing() as session:
        site = get_site(session, number)
        made = site_files.site_file(asked.province.settings, site)
        asked.note(session, "site files taken", site.id, count=1)
    headers = {"Content-Disposition": 'attachment; filename="site.toml"'}
    return Response(made, media_type="application/toml", headers=headers)


async def _content(asked: Asked) -> bytes:
    file = asked.file("file")
    return await file.read(LARGEST + 1) if file is not None else b""


def _import(asked: Asked, template: str, what: str, content: bytes, take: Take) -> Response:
    wrong: WrongInputError | None = None
    done: Imported | None = None
    try:
        done = _all_or_nothing(asked, what, content, take)
    except WrongInputError as error:
        wrong = error
    except _RolledBackError as error:
        done = error.done
    form = MeetingForm.read(asked)
    with asked.database.reading() as session:
        status = 400 if wrong is not None or (done is not None and done.faults) else 200
        return asked.page(
            template, status, wrong=wrong, done=done, tree=Tree.load(session), form=form,
            groups=groups.listed(session),
        )  # fmt: skip


def _all_or_nothing(asked: Asked, what: str, content: bytes, take: Take) -> Imported:
    if not content:
        raise WrongInputError(N_("Choose a file."), "file")
    with asked.database.writing() as session:
        done = take(session, content)
        if done.faults:
            raise _RolledBackError(done)
        asked.note(session, f"{what} imported", "", added=done.added, changed=done.changed)
    return done
