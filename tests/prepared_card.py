"""A province that prepares cards from a sheet of 135 communes, with a conference system beside it.

All that people do in the console is done here; of the card nobody types anything. The conference
system is a real Asterisk, by TLS alone, with an account for one commune.
"""

import csv
import io
import re
import ssl
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import trustme

from services.province.fleet.overview import statuses_of
from services.province.fleet.readiness import SiteStatus
from services.province.storage.database import Database
from tests.peers.sip import asterisk_files as there
from tests.peers.sip.asterisk import Asterisk, asterisk
from tests.process.ports import free_port
from tests.process.waiting import until_told
from tests.province.program import Program, a_province

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
COMMUNES = 135
SITE, NAME, NUMBER, USER = "ia-kly", "Xã Ia Kly", "724001", "xa-ia-kly"
PASSWORD = 'Mk+/= "Kly" #1'
HELP = "0269 3 824 808"
SETTINGS = """\
[sip]
registrar = "sip:{host}:{sip};transport=tls"
register = true
encryption = "required"
entry_queue = "wait 4, {{id}}#, wait 3, {{pin}}#"

[help]
telephone = "{help}"
link = "https://zalo.me/g/abcdef123"

[clock]
trust = "always"

[camera]
source = "file:{camera}"
width = 320
height = 180
fps = 5

[microphone]
source = "none"

[call]
bitrate = 150000

[tv]
width = 640
height = 360
"""
"""What the province says once for all of its sites."""


@dataclass(frozen=True)
class PreparedCard:
    """The province after its evening's work: ``files`` are those of one card, by name."""

    program: Program
    conference: Asterisk
    files: dict[str, bytes]
    folders: int
    console: httpx.AsyncClient
    csrf: str
    database: Database

    async def let_in(self, within: float) -> None:
        """The device that waits for this site is let in, as the IT centre does it."""

        async def code() -> str:
            page = (await self.console.get("/devices")).text
            found = re.search(r"<code>([A-Z2-9]{4}-[A-Z2-9]{4})</code>", page)
            return found[1] if found and SITE in page else ""

        claim = await until_told("a device waits", code, within=within)
        form = {"csrf": self.csrf, "claim": claim, "site": SITE}
        answer = await self.console.post("/devices/approve", data=form)
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text

    def status(self) -> SiteStatus:
        """How the province sees the site."""
        with self.database.reading() as session:
            return statuses_of(session, [SITE], time.time(), close=True)[SITE]

    @property
    def registered(self) -> str:
        """Where Asterisk would call the site."""
        return self.conference.ask("pjsip show contacts")

    @property
    def inside(self) -> list[str]:
        """Who is in the meeting's own conference."""
        return [one.endpoint for one in self.conference.participants()]

    async def told(self) -> str:
        """All that the console shows of the site and its meetings, and what the province logged."""
        pages = [
            (await self.console.get(path)).text
            for path in ("/", "/sites", f"/sites/{SITE}", "/meetings", "/meetings/1",
                         "/meetings/1/edit", "/audit", "/devices", "/labels")
        ]  # fmt: skip
        return "\n".join([*pages, self.program.log.read_text()])


@asynccontextmanager
async def a_prepared_card(folder: Path, host: str, camera: str) -> AsyncIterator[PreparedCard]:
    """From an empty province to the files of one card.

    `host` is by what name the site reaches this machine, `camera` a file at the site.
    """
    authority = trustme.CA(organization_name="hệ thống hội nghị")
    issued = authority.issue_cert(host)
    trusted = folder / "mcu-ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    (folder / "asterisk").mkdir()
    account = there.Account(NUMBER, USER, PASSWORD)
    with asterisk(
        folder / "asterisk",
        certificate=b"".join(one.bytes() for one in issued.cert_chain_pems),
        key=issued.private_key_pem.bytes(),
        host=host,
        accounts=[account],
    ) as conference:
        port = free_port()
        settings = folder / "site-settings.toml"
        settings.write_text(
            SETTINGS.format(host=host, sip=conference.ports.tls, camera=camera, help=HELP)
        )
        words = ("--own-certificate", "--url", f"https://{host}:{port}", "--broker-name", host,
                 "--meeting-host", host, "--authority", str(trusted),
                 "--site-settings", str(settings))  # fmt: skip
        async with a_province(folder, *words, port=port, broker_port=free_port()) as program:
            trust = ssl.create_default_context(cafile=program.data / "broker/ca.pem")
            trust.check_hostname = False  # the site knows it by another name than we do
            database = Database(f"sqlite:///{program.data / 'province.db'}")
            async with httpx.AsyncClient(
                base_url=program.url, verify=trust, trust_env=False, timeout=60.0,
                headers={"Host": f"{host}:{port}"},
            ) as console:  # fmt: skip
                files, folders = await _prepared(console, program, host, conference.ports.tls)
                csrf = await _csrf(console)
                yield PreparedCard(program, conference, files, folders, console, csrf, database)
            database.close()


async def _prepared(
    console: httpx.AsyncClient, program: Program, host: str, sip: int
) -> tuple[dict[str, bytes], int]:
    """The evening: log in, the sheet, the meeting, the archive."""
    entered = await console.post("/login", data={"name": "admin", "password": program.password})
    assert entered.status_code == httpx.codes.SEE_OTHER, entered.text
    csrf = await _csrf(console)
    sent = await console.post(
        "/import/sites", data={"csrf": csrf}, files={"file": ("xa.csv", _sheet(), "text/csv")}
    )
    assert f"{COMMUNES} mới" in sent.text, sent.text
    begin = datetime.now(ZONE) - timedelta(minutes=1)
    fields = {
        "csrf": csrf, "title": "Giao ban", "begin": f"{begin:%Y-%m-%dT%H:%M}", "minutes": "600",
        "repeat": "", "until": "", "place": "1",
        "address": f"sip:{there.LOBBY}@{host}:{sip};transport=tls",
        "conference_id": str(there.ROOM), "conference_pin": there.PIN,
    }  # fmt: skip
    meeting = await console.post("/meetings/new", data=fields)
    assert meeting.status_code == httpx.codes.SEE_OTHER, meeting.text
    packed = await console.get("/site-files.zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        names = archive.namelist()
        files = {
            name.rpartition("/")[2]: archive.read(name)
            for name in names
            if name.startswith(f"{SITE}/")
        }
    return files, len({name.partition("/")[0] for name in names})


def _sheet() -> bytes:
    rows = [["Tên", "Đơn vị", "Tên đăng ký", "Mật khẩu", "Số máy", "Người liên hệ", "Điện thoại"]]
    rows.append(
        [NAME, f"Gia Lai / {NAME}", USER, PASSWORD, NUMBER, "Rơ Châm H'Lan", "0912 345 678"]
    )
    for number in range(2, COMMUNES + 1):
        name = f"Xã số {number}"
        own = [f"xa-{number}", f"Mk-{number}-bi-mat", f"724{number:03d}", f"Ông {number}"]
        rows.append([name, f"Gia Lai / {name}", *own, f"0905 000 {number:03d}"])
    made = io.StringIO()
    csv.writer(made, delimiter=";").writerows(rows)
    return made.getvalue().encode("utf-8-sig")


async def _csrf(console: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await console.get("/")).text)
    assert found
    return found[1]
