"""``diemcau province``: meetings, sites and the console, by one command."""

import asyncio
import contextlib
import gc
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from appliance.base.journal import open_journal
from appliance.base.run import end_for_certain, run_until_signal
from appliance.base.systemd import SystemdNotifier
from services.province.accounts import Role, add_account, hashed
from services.province.backup.commands import backup_command, restore_command
from services.province.backup.whole import keep_settings, resend_since
from services.province.broker.configuration import BrokerFiles
from services.province.broker.local_broker import LocalBroker, run_local_broker
from services.province.broker.process import BrokerError
from services.province.ca.authority_files import AuthorityError
from services.province.ca.ledger import LedgerError
from services.province.connections import (
    Connections,
    connections_allowed,
    raise_handle_limit,
)
from services.province.console.app import application
from services.province.console.render import Pages
from services.province.console.request import Province
from services.province.errors import ProvinceError
from services.province.fleet.agenda_notifier import AgendaNotifier
from services.province.fleet.desired_publisher import DesiredPublisher
from services.province.fleet.report_writer import write_copied_identity, write_reports
from services.province.floor.room_monitor import RoomMonitor
from services.province.history.retention import Retention
from services.province.memory import bound_heap_blocks, bound_tls_buffers
from services.province.option_values import address_value, site_file_value
from services.province.option_values import site_settings as settings_of_sites
from services.province.passed_over import PassedOverLog
from services.province.settings import Settings
from services.province.storage.database import Database
from services.province.storage.tables import Account
from services.province.supervision import RunningMark, supervisor
from services.province.web_server import ListenError, WebServer

log = logging.getLogger("diemcau.province")
SECRET = {"database", "ask_password"}
"""A database's address may have its password in it."""
WATCHDOG_INTERVAL_S = 2.0
"""A loop that stands for a minute is ended by systemd (``WatchdogSec=`` of the unit)."""
PASSWORD_FILE = "administrator-password"  # noqa: S105 - the name of the file


@click.group(
    "province",
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": "DIEMCAU_PROVINCE"},
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8090, show_default=True, help="Port to listen at.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("province-data"),
    show_default=True,
    help="Folder for the database and the first password.",
)
@click.option("--database", default="", help="postgresql://…; SQLite in the data folder without.")
@click.option("--url", default="", help="Where browsers and sites reach this program.")
@click.option("--name", default="Điểm Cầu", show_default=True, help="Name of the province.")
@click.option("--zone", default="Asia/Ho_Chi_Minh", show_default=True, help="Its time zone.")
@click.option("--meeting-host", "hosts", multiple=True, help="A host that sites may dial.")
@click.option("--site-ca", default="", help="Path, on a site, of our certificate authority.")
@click.option("--cert", type=click.Path(exists=True, path_type=Path), help="Certificate for HTTPS.")
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="Its private key.")
@click.option(
    "--own-certificate",
    is_flag=True,
    help="HTTPS with a certificate of the province's own authority, for the host of --url.",
)
@click.option("--proxy", default="", help="Address of the proxy whose X-Forwarded-For is believed.")
@click.option(
    "--broker/--no-broker",
    default=True,
    show_default=True,
    help="Start mosquitto beside it; without one no site reports to this copy of the program.",
)
@click.option(
    "--broker-host", default="127.0.0.1", show_default=True, help="Address the broker listens at."
)
@click.option("--broker-port", default=8883, show_default=True, help="Port it listens at.")
@click.option("--broker-name", default="", help="Its name as sites know it; else that of --url.")
@click.option(
    "--metrics-token-file",
    type=click.Path(exists=True, path_type=Path),
    help="A file with the token that Prometheus shows; without it there are no metrics.",
)
@click.option(
    "--calendar-host", "calendars", multiple=True, help="A CalDAV server to take meetings from."
)
@click.option(
    "--calendar-ca",
    type=click.Path(exists=True, path_type=Path),
    help="A file with the authority of those servers, where it is not one of this machine's.",
)
@click.option(
    "--releases",
    default="",
    callback=site_file_value,
    help="Where sites look for their newest release: https://host/name.raucb.",
)
@click.option(
    "--tested-within",
    default=24.0,
    show_default=True,
    type=click.FloatRange(min=1.0),
    help="A site is ready while its last self-test or rehearsal passed within so many hours.",
)
@click.option(
    "--test-room",
    default="",
    callback=address_value,
    help="Where sites rehearse: an address; without it at each meeting's own.",
)
@click.option(
    "--site-settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with sections that every site file gets: [sip], [help], [clock] …",
)
@click.option(
    "--authority",
    "authorities",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with an authority that sites trust, e.g. of the conference system; beside ours.",
)
@click.option("--ask-password", is_flag=True, help="Ask for the first administrator's password.")
@click.pass_context
def province(
    context: click.Context,
    host: str,
    port: int,
    data: Path,
    database: str,
    url: str,
    name: str,
    zone: str,
    hosts: tuple[str, ...],
    site_ca: str,
    cert: Path | None,
    key: Path | None,
    own_certificate: bool,
    proxy: str,
    metrics_token_file: Path | None,
    calendars: tuple[str, ...],
    calendar_ca: Path | None,
    releases: str,
    tested_within: float,
    test_room: str,
    site_settings: Path | None,
    authorities: tuple[Path, ...],
    ask_password: bool,
    broker: bool,
    broker_host: str,
    broker_port: int,
    broker_name: str,
) -> None:
    """Serve the province's side: meetings, sites, and a console for browsers.

    Every option may come from the environment instead, e.g. DIEMCAU_PROVINCE_DATABASE; a database's
    password belongs there or into ~/.pgpass, never into the command line. At the first start the
    account "admin" is made, with a password that stands in a file in the data folder.
    """
    if context.invoked_subcommand is not None:
        return
    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key go together.")
    if own_certificate and (cert or not broker):
        raise click.UsageError("--own-certificate goes with a broker and without --cert.")
    open_journal("province")
    raise_handle_limit()
    bound_tls_buffers()
    bound_heap_blocks()
    scheme = "https" if cert or own_certificate else "http"
    url = (url or f"{scheme}://{host}:{port}").rstrip("/")
    broker_name = broker_name or urlsplit(url).hostname or broker_host
    broker_url = f"mqtts://{broker_name}:{broker_port}" if broker else ""
    token = metrics_token_file.read_text().strip() if metrics_token_file else ""
    ca = str(calendar_ca or "")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = BrokerFiles(data / "broker", broker_host, broker_port).authority if broker else None
    settings = Settings(
        url, name, zone, hosts, site_ca, broker_url, token, calendars, ca, releases,
        tested_within_s=3600.0 * tested_within,
        test_room=test_room,
        own_certificate=own_certificate,
        own_authority=own,
        sites=settings_of_sites(data, site_settings, authorities),
    )  # fmt: skip
    tables = Database(database or f"sqlite:///{data.resolve() / 'province.db'}")
    tables.upgrade()
    keep_settings(data, {key: value for key, value in context.params.items() if key not in SECRET})
    program = Province(settings, tables, Pages(settings.zoneinfo))
    notice = first_administrator(program, data, ask=ask_password)
    if notice:
        click.echo(notice, err=True)
    click.echo(settings.url, err=True)
    log.info("near → %s, %s", settings.url, tables.url.get_backend_name())
    resend = resend_since(data, program.now())
    if resend:
        log.info(
            "restored: sites are asked for their reports since %s",
            datetime.fromtimestamp(resend, UTC),
        )
    web = (urlsplit(url).hostname or host) if own_certificate else ""
    local_broker = (
        LocalBroker(data / "broker", broker_host, broker_port, (broker_name,), web)
        if broker
        else None
    )
    if own_certificate and local_broker is not None:
        cert = key = local_broker.files.web
    connections = Connections(most=connections_allowed(), exempt=proxy)
    listen = partial(
        uvicorn.Config,
        host=host,
        port=port,
        ssl_certfile=cert,
        ssl_keyfile=key,
        log_level="warning",
        access_log=False,  # the agendas' addresses are secrets
        server_header=False,
        timeout_graceful_shutdown=2,
    )

    def server(app: FastAPI) -> WebServer:
        return WebServer(listen(app), connections, proxy=proxy)

    mark, systemd = RunningMark(data / "running"), SystemdNotifier()
    try:
        _run(_serve(program, server, local_broker, systemd, mark, resend), systemd)
        mark.end()
    except* (BrokerError, AuthorityError, LedgerError, ListenError) as group:
        mark.end()
        raise click.ClickException(str(group.exceptions[0])) from None
    finally:
        tables.close()


province.add_command(backup_command)
province.add_command(restore_command)


def _run(serving: Coroutine[Any, Any, None], systemd: SystemdNotifier) -> None:
    """Until a signal, and a few seconds longer, whatever hangs in a thread."""
    with end_for_certain() as work_is_over:

        async def until_signal() -> None:
            try:
                await run_until_signal(serving, systemd=systemd)
            finally:
                work_is_over()

        asyncio.run(until_signal())


async def _serve(
    program: Province,
    server: Callable[[FastAPI], WebServer],
    local_broker: LocalBroker | None,
    systemd: SystemdNotifier,
    mark: RunningMark,
    resend: float,
) -> None:
    """Run all parts. One that fails is started again beside the others; where nothing can be known
    any more (no memory) the program ends, systemd restarts it, and the next start tells of it."""
    database, passed_over = program.database, PassedOverLog(program.database, now=program.now)
    tell = passed_over.note
    program = replace(program, tell=tell)
    mark.begin(tell)
    async with contextlib.AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        monitor = RoomMonitor(database, tell=tell)
        running_parts: dict[str, Callable[[], Awaitable[None]]] = {
            "passed over": passed_over.run,
            "room monitor": monitor.run,
            "history": Retention(database, tell=tell).run,
        }
        parts: list[asyncio.Task[None]] = []
        if local_broker is not None:
            alarm = write_copied_identity(database, program.now)
            running = await stack.enter_async_context(
                run_local_broker(
                    local_broker, write_reports(database, tell), alarm=alarm, tell=tell
                )
            )
            parts.append(tasks.create_task(running.watch(), name="broker and ingest"))
            notifier = AgendaNotifier(database, running.ingest.notify_agenda, tell=tell)
            publisher = DesiredPublisher(
                database,
                lambda: monitor.conferences,
                running.ingest.publish_desired,
                resend_since=resend,
                test_room=program.settings.test_room,
                tell=tell,
            )
            running_parts |= {"agenda notifier": notifier.run, "desired publisher": publisher.run}
            program = replace(
                program,
                enrolment=running.enrolment,
                hours=running.hours,
                ingest_counts=running.ingest.counts,
            )
        keep = supervisor(tell).keep
        for name, run in running_parts.items():
            parts.append(tasks.create_task(keep(name, run), name=name))
        served = server(application(program))
        parts.append(tasks.create_task(_tell_systemd(systemd, served), name="systemd"))
        # Libraries make two hundred thousand objects at the start that stay: each full collection
        # would walk through them, while somebody waits for a page.
        gc.freeze()
        try:
            await served.serve()
        finally:
            for part in parts:  # before the broker, to which they speak
                part.cancel()


async def _tell_systemd(systemd: SystemdNotifier, served: WebServer) -> None:
    """Ready when pages are served; alive for as long as this loop gets its turn."""
    while True:
        if served.started:
            systemd.ready()
            systemd.feed_watchdog()
        await asyncio.sleep(WATCHDOG_INTERVAL_S)


def first_administrator(program: Province, data: Path, *, ask: bool = False) -> str:
    """Make the account ``admin`` where there is none at all.

    Returns what to print, "" for nothing; never the password.
    """
    with program.database.reading() as session:
        if session.scalars(select(Account.id).limit(1)).first() is not None:
            return ""
    path = data / PASSWORD_FILE
    password = _prompt_password() if ask else secrets.token_urlsafe(12)
    try:
        with program.database.writing() as session:
            add_account(session, "admin", password, Role.ADMINISTRATOR, program.now())
            if not ask:  # before the commit: an account whose password nobody has is none
                _write_secret(path, password)
    except (IntegrityError, ProvinceError):
        return ""  # another copy of the program was faster
    if ask:
        return "The account admin was made."
    return f"The account admin was made; its password is in {path}. Delete the file."


def _prompt_password() -> str:
    while True:
        password: str = click.prompt("Password of admin", hide_input=True, confirmation_prompt=True)
        try:
            hashed(password)
        except ProvinceError as error:
            click.echo(str(error), err=True)
        else:
            return password


def _write_secret(path: Path, secret: str) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secret + "\n")
