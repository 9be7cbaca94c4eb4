"""Imports of sheets and calendars, and downloads of site files."""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from appliance.core.message import N_
from services.province.accounts import Role
from services.province.console.openapi import (
    GUESTS,
    SECRET,
    TEXT,
    file_response,
    page_form,
    upload_form,
)
from services.province.console.pages.meeting_form import MeetingForm
from services.province.console.request import ConsoleRequest, needs
from services.province.errors import NotFoundError, WrongInputError
from services.province.importing.calendar_server import Collection, read_collection
from services.province.importing.imported import Imported
from services.province.importing.meetings_ics import import_calendar
from services.province.importing.meetings_sheet import import_meetings
from services.province.importing.sites_sheet import import_sites
from services.province.importing.table import MAX_FILE_BYTES
from services.province.sites import groups, site_files
from services.province.sites.tree import Tree, get_site
from services.province.storage.tables import Site

router = APIRouter()
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]
Uploader = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR, files=True))]
NO_FIELDS: Mapping[str, str] = {}
Take = Callable[[Session, bytes], Imported]


class _RolledBackError(Exception):
    """Nothing of the file is taken in; holds the problems."""

    def __init__(self, done: Imported) -> None:
        super().__init__()
        self.done = done


@router.get("/import/sites")
def ask_sites(request: Operator) -> Response:
    """The form for a sheet of sites."""
    return _form(request, "import_sites.html")


@router.post("/import/sites", openapi_extra=upload_form())
async def sites(request: Uploader) -> Response:
    """Import a sheet of sites."""
    content = await _content(request)

    def take(session: Session, file: bytes) -> Imported:
        return import_sites(session, file, request.now)

    return await run_in_threadpool(_import, request, "import_sites.html", "sites", content, take)


@router.get("/import/meetings")
def ask_meetings(request: Operator) -> Response:
    """The form for a sheet or a calendar."""
    return _form(request, "import_meetings.html", invite_all=True)


@router.post("/import/meetings", openapi_extra=upload_form(**GUESTS))
async def meetings(request: Uploader) -> Response:
    """Import a sheet or a calendar of meetings, with the guests of all of them."""
    content = await _content(request)
    guests, settings = MeetingForm.read(request).guests, request.province.settings

    def take(session: Session, file: bytes) -> Imported:
        # A file that begins as a calendar is read as one, so that its problems are a calendar's.
        ics = b"BEGIN:VCALENDAR" in file[:1000].upper()
        read = import_calendar if ics else import_meetings
        return read(
            session, file, guests, settings.zoneinfo, request.now, frozenset(settings.hosts)
        )

    return await run_in_threadpool(
        _import, request, "import_meetings.html", "meetings", content, take, each=True
    )


@router.get("/import/calendar")
def ask_calendar(request: Operator) -> Response:
    """The form for a calendar on a CalDAV server; 404 where none was named to the program."""
    _calendars(request)
    return _form(request, "import_calendar.html", invite_all=True, more={"url": "", "user": ""})


@router.post(
    "/import/calendar",
    openapi_extra=page_form(url=TEXT, user=TEXT, password=SECRET, **GUESTS),
)
def calendar(request: Operator) -> Response:
    """Import the meetings of a calendar on a CalDAV server."""
    settings = request.province.settings
    servers = _calendars(request)
    url, user = request.field("url")[:1000], request.field("user")[:200]
    typed = {"url": url, "user": user}
    wanted = Collection(url, user, request.secret("password"))
    guests = MeetingForm.read(request).guests

    def take(session: Session, content: bytes) -> Imported:
        hosts = frozenset(settings.hosts)
        return import_calendar(session, content, guests, settings.zoneinfo, request.now, hosts)

    try:
        content = read_collection(wanted, servers, request.now, ca=settings.calendar_ca)
    except WrongInputError as error:
        return _form(request, "import_calendar.html", error, more=typed)
    if not content:
        nothing = WrongInputError(N_("The calendar has no meeting with an hour."), "url")
        return _form(request, "import_calendar.html", nothing, more=typed)
    return _import(
        request, "import_calendar.html", "calendar", content, take, more=typed, each=True
    )


@router.get("/site-files.zip", response_class=Response, responses=file_response("application/zip"))
def all_files(request: Operator) -> Response:
    """One site file for each site, as a ZIP; the audit log says who took them."""
    with request.database.writing() as session:
        known = session.scalars(select(Site).order_by(Site.id)).all()
        packed = site_files.archive(request.province.settings, known)
        request.note(session, "site files taken", "", count=len(known))
    headers = {"Content-Disposition": 'attachment; filename="site-files.zip"'}
    return Response(packed, media_type="application/zip", headers=headers)


@router.get(
    "/sites/{site_id}/card.zip",
    response_class=Response,
    responses=file_response("application/zip"),
)
def one_card(request: Operator, site_id: str) -> Response:
    """The files for the card of one site: its site file, and the authorities."""
    with request.database.writing() as session:
        site = get_site(session, site_id)
        packed = site_files.archive(request.province.settings, [site])
        request.note(session, "site files taken", site.id, count=1)
    headers = {"Content-Disposition": f'attachment; filename="{site.id}.zip"'}
    return Response(packed, media_type="application/zip", headers=headers)


@router.get(
    "/sites/{site_id}/site.toml",
    response_class=Response,
    responses=file_response("application/toml"),
)
def one_file(request: Operator, site_id: str) -> Response:
    """The site file of one site."""
    with request.database.writing() as session:
        site = get_site(session, site_id)
        made = site_files.site_file(request.province.settings, site)
        request.note(session, "site files taken", site.id, count=1)
    headers = {"Content-Disposition": 'attachment; filename="site.toml"'}
    return Response(made, media_type="application/toml", headers=headers)


async def _content(request: ConsoleRequest) -> bytes:
    file = request.file("file")
    return await file.read(MAX_FILE_BYTES + 1) if file is not None else b""


def _calendars(request: ConsoleRequest) -> tuple[str, ...]:
    hosts = request.province.settings.calendar_hosts
    if not hosts:
        raise NotFoundError(N_("No calendar server was named to this program."))
    return hosts


def _import(
    request: ConsoleRequest,
    template: str,
    what: str,
    content: bytes,
    take: Take,
    more: Mapping[str, str] = NO_FIELDS,
    *,
    each: bool = False,
) -> Response:
    """Take the file in and show what became of it; `each`: what is well, whatever the rest is."""
    try:
        done = _taken(request, what, content, take, each=each)
    except WrongInputError as error:
        return _form(request, template, error, more=more)
    except _RolledBackError as error:
        return _form(request, template, done=error.done, undone=True, more=more)
    return _form(request, template, done=done, more=more)


def _form(
    request: ConsoleRequest,
    template: str,
    wrong: WrongInputError | None = None,
    done: Imported | None = None,
    *,
    invite_all: bool = False,
    undone: bool = False,
    more: Mapping[str, str] = NO_FIELDS,
) -> Response:
    """The page with the result; `invite_all`: with the whole province invited; `undone`: nothing of
    the file was taken in."""
    form = MeetingForm.read(request)
    with request.database.reading() as session:
        tree = Tree.load(session)
        if invite_all:
            form = MeetingForm(places=frozenset(place.id for place in tree.children(None)))
        return request.page(
            template,
            400 if wrong is not None or undone else 200,
            wrong=wrong,
            done=done,
            undone=undone,
            tree=tree,
            form=form,
            groups=groups.listed(session),
            **more,
        )


def _taken(
    request: ConsoleRequest, what: str, content: bytes, take: Take, *, each: bool
) -> Imported:
    if not content:
        raise WrongInputError(N_("Choose a file."), "file")
    with request.database.writing() as session:
        done = take(session, content)
        if done.problems and not (each and done.taken):
            raise _RolledBackError(done)
        refused = {"refused": len(done.problems) + done.more} if done.problems else {}
        request.note(
            session, f"{what} imported", "", added=done.added, changed=done.changed, **refused
        )
    return done
