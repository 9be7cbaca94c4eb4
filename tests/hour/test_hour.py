"""A box without a time server asks the province's program over TLS, and nobody else is believed.

The province is the real one, with its own authority. Whoever lies holds the key of its web server:
that is the most that can be had without the authority's own or the key of the hour.
"""

import asyncio
import contextlib
import json
import logging
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from appliance.base.fact_file import HOUR_FILE
from appliance.base.site_file import parse_site
from appliance.wire.hour import HOUR, HOUR_HEADER, NONCE_HEADER, SignedHour
from services.hour.hour_policy import Refusal
from services.hour.machine_clock import Mark
from services.hour.program import CONFIRM_S, KEPT_SLACK_S, Floor, HourProgram
from services.hour.question import Question, context, questions
from services.province.ca.authority import Authority
from services.province.ca.authority_files import open_authority
from services.province.sites.tree import add_site, place_at
from services.province.storage.database import Database
from tests.hour.machine import MadeUpClock
from tests.hour.signed import OTHER, signed
from tests.peers.relay import relay
from tests.process.shifted_clock import ShiftedClock
from tests.process.waiting import until
from tests.province.program import Program, a_province

DAY = 86_400.0
NO_FLOOR = Floor(0.0, 0.0)
SITE = """\
[site]
id = "ia-kly"
name = "Xã Ia Kly"
[agenda]
url = "{agenda}"
ca = "{ca}"
[province]
url = "{url}"
ca = "{ca}"
"""


@dataclass
class Box:
    """The program on a machine of 1970, and what it tells."""

    folder: Path
    questions: tuple[Question, ...]
    clock: MadeUpClock = field(default_factory=MadeUpClock)
    floor: Floor = NO_FLOOR

    def program(self) -> HourProgram:
        mark = Mark(self.folder / "mark")
        return HourProgram(self.questions, self.clock, self.floor, mark, self.folder)

    def told(self) -> tuple[str, str]:
        facts = HOUR_FILE.read(self.folder, 0.0, float("inf"))
        return ("", "") if facts is None else (facts.state, facts.code)

    async def refused(self, code: Refusal) -> None:
        """It asks, is answered, and goes on asking; its clock is as it was."""
        asking = asyncio.create_task(self.program().run())
        try:
            await until(f"it refuses: {code}", lambda: self.told() == ("refused", code))
        finally:
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking
        assert self.clock.steps == self.clock.slews == []
        assert not (self.folder / "mark").exists()


@asynccontextmanager
async def the_province(folder: Path) -> AsyncIterator[tuple[Program, Path]]:
    """The program over TLS, and its authority's certificate."""
    async with a_province(folder, "--own-certificate") as program:
        yield program, program.data / "broker/ca.pem"


def site_feed_of(program: Program) -> str:
    """The address of a site's agenda."""
    database = Database(f"sqlite:///{program.data / 'province.db'}")
    try:
        with database.writing() as session:
            place = place_at(session, ["Gia Lai", "Xã Ia Kly"])
            token = add_site(session, "ia-kly", "Xã Ia Kly", place, time.time()).feed_token
    finally:
        database.close()
    return f"{program.url}/feeds/{token}/ia-kly.ics"


async def test_a_box_of_1970_knows_the_hour_within_ten_seconds_of_the_line(tmp_path: Path) -> None:
    """No time server, TLS alone. The line comes four seconds after the box, and is slow."""
    shifted = ShiftedClock(tmp_path)
    shifted.set(-time.time() / DAY)
    run, said = tmp_path / "run", tmp_path / "log"
    run.mkdir()
    async with the_province(tmp_path) as (program, ca), relay(program.port) as line:
        line.cut()
        site = tmp_path / "site.toml"
        url = f"https://127.0.0.1:{line.port}"
        site.write_text(SITE.format(url=url, ca=ca, agenda="/data/agenda.ics"))
        box = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.hour.box_of_1970", str(site), str(run), str(shifted.file),
            stdout=asyncio.subprocess.PIPE, stderr=said.open("wb"), env=shifted.environment,
        )  # fmt: skip
        try:
            await until("it asks", (run / "hour.json").exists, else_say=said.read_text)
            await asyncio.sleep(4.0)
            line.mend()
            line_came = time.monotonic()
            heard, _ = await asyncio.wait_for(box.communicate(), 20.0)
        finally:
            if box.returncode is None:
                box.kill()
    log, told = said.read_text(), json.loads(heard)
    assert told["began"] < 365 * DAY, "its clock was not of 1970"
    assert told["state"] == "known"
    assert told["known"] - line_came < 10.0
    off = float(shifted.file.read_text())  # the box's clock less this machine's
    assert abs(off) <= told["error_s"] + 0.05, f"off by {off:+.3f} s\n{log}"
    assert told["error_s"] < 2.5
    assert "no answer" in log
    assert "right to" in log


async def test_the_province_is_asked_and_the_agenda_says_it_too_and_no_liar_is_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with the_province(tmp_path) as (program, ca):
        agenda = site_feed_of(program)
        site = parse_site(SITE.format(url=program.url, ca=ca, agenda=agenda).encode())
        both = questions(site)
        assert [one.url for one in both] == [program.url + HOUR, agenda]
        for number, question in enumerate(both):
            folder = tmp_path / str(number)
            folder.mkdir()
            box = Box(folder, (question,))
            await asyncio.wait_for(box.program().run(), 30.0)
            assert abs(box.clock.now() - time.time()) < 2.5
            assert box.told() == ("known", "")
            assert len(box.clock.steps) == 1
            # An hour later the timer asks again: the clock is a little off, and is slewed.
            await asyncio.wait_for(box.program().run(), 30.0)
            assert len(box.clock.steps) == len(box.clock.slews) == 1
        await _what_strangers_get(program, agenda, ca)
        with caplog.at_level(logging.WARNING, "diemcau.hour"):
            await _who_lies_is_refused(tmp_path, program, ca)
        for code in set(Refusal) - {Refusal.UNREADABLE}:
            assert f"hour: 127.0.0.1: refused ({code}: " in caplog.text
        await _an_earlier_hour_counts_after_an_hour(tmp_path, program, ca)


async def _what_strangers_get(program: Program, agenda: str, ca: Path) -> None:
    tls = ssl.create_default_context(cafile=ca)
    async with httpx.AsyncClient(verify=tls, trust_env=False, timeout=20) as http:
        for wrong in ("", "?nonce=", "?nonce=12", f"?nonce={OTHER}x", f"?nonce={OTHER.upper()}"):
            assert (await http.get(program.url + HOUR + wrong)).status_code == 400
        answer = await http.get(program.url + HOUR, params={"nonce": OTHER})
        assert SignedHour.parse(answer.content).nonce == OTHER
        assert answer.headers["Cache-Control"] == "no-store"
        assert HOUR_HEADER not in (await http.get(agenda)).headers
        for nonce, with_hour in ((OTHER, True), ("x", False)):
            headers = {NONCE_HEADER: nonce, "If-None-Match": "*"}
            answer = await http.get(agenda, headers=headers)
            assert answer.status_code == 304
            assert (HOUR_HEADER in answer.headers) is with_hour
        away = await http.get(f"{program.url}/feeds/x/ia-kly.ics", headers={NONCE_HEADER: OTHER})
        assert (away.status_code, HOUR_HEADER in away.headers) == (404, False)


Answer = Callable[[str], SignedHour]


@asynccontextmanager
async def liar(program: Program, answer: Answer, *, after_s: float = 0.0) -> AsyncIterator[str]:
    """A server with the certificate and the key of the province's own, that answers so."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(program.data / "broker/web.pem")

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        body = answer(line.partition("nonce=")[2]).payload
        await asyncio.sleep(after_s)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}{HOUR}"


async def _who_lies_is_refused(folder: Path, program: Program, ca: Path) -> None:
    """All at once: each is a box and a server of its own."""
    authority = open_authority(program.data / "broker/authority", time.time())
    now, stranger = time.time(), Authority.make(time.time())
    async with httpx.AsyncClient(verify=context(Question("", str(ca))), trust_env=False) as http:
        heard = SignedHour.parse(
            (await http.get(program.url + HOUR, params={"nonce": OTHER}, timeout=20)).content
        )

    def forged(nonce: str) -> SignedHour:
        return SignedHour(nonce, heard.at, heard.certificate, heard.signature)

    lies: dict[Refusal, tuple[Answer, float, Floor]] = {
        Refusal.REPLAYED: (lambda nonce: heard, 0.0, NO_FLOOR),
        Refusal.FORGED: (forged, 0.0, NO_FLOOR),
        Refusal.WRONG_NONCE: (
            lambda nonce: SignedHour("ef" * 16, heard.at, heard.certificate, heard.signature),
            0.0, NO_FLOOR,
        ),
        Refusal.WRONG_AUTHORITY: (
            lambda nonce: signed(nonce, now, certify=lambda key: stranger.hour(key, now)),
            0.0, NO_FLOOR,
        ),
        Refusal.WRONG_PURPOSE: (
            lambda nonce: signed(nonce, now, certify=lambda k: authority.site(k, "a", "", now)),
            0.0, NO_FLOOR,
        ),
        Refusal.EXPIRED: (
            lambda nonce: signed(
                nonce, now, certify=lambda key: authority.hour(key, now - 366 * DAY)
            ),
            0.0, NO_FLOOR,
        ),
        Refusal.TOO_SLOW: (
            lambda nonce: signed(nonce, now, certify=lambda key: authority.hour(key, now)),
            5.2, NO_FLOOR,
        ),
        Refusal.BELOW_FLOOR: (
            lambda nonce: signed(nonce, now, certify=lambda key: authority.hour(key, now)),
            0.0, Floor(now + 60.0, 0.0),
        ),
    }  # fmt: skip

    async def one(code: Refusal, answer: Answer, after_s: float, floor: Floor) -> None:
        async with liar(program, answer, after_s=after_s) as url:
            place = folder / code
            place.mkdir()
            await Box(place, (Question(url, str(ca)),), floor=floor).refused(code)

    await asyncio.gather(*(one(code, *lie) for code, lie in lies.items()))
    # Not even a server of the same authority, where the box goes by another.
    other = folder / "other.pem"
    other.write_bytes(stranger.pem)
    box = Box(folder, (Question(program.url + HOUR, str(other)),))
    asking = asyncio.create_task(box.program().run())
    await asyncio.sleep(1.0)
    asking.cancel()
    assert box.told() == ("asked", "")
    assert box.clock.steps == []


async def _an_earlier_hour_counts_after_an_hour(folder: Path, program: Program, ca: Path) -> None:
    """The hour that was kept is years ahead: the province's own clock had been for a day."""
    question = Question(program.url + HOUR, str(ca))
    box = Box(folder, (question,), floor=Floor(1.0, time.time() + 900 * DAY))
    asking = asyncio.create_task(box.program().run())
    await until("it refuses again", lambda: box.told() == ("refused", Refusal.BELOW_FLOOR))
    assert box.clock.steps == []
    box.clock.later(CONFIRM_S)
    await asyncio.wait_for(asking, 30.0)
    assert abs(box.clock.now() - time.time()) < 2.5
    # Ahead by a little is the quartz's.
    ahead = Box(folder, (question,), floor=Floor(1.0, time.time() + KEPT_SLACK_S - 60.0))
    await asyncio.wait_for(ahead.program().run(), 30.0)


async def test_where_a_time_server_holds_the_clock_nobody_is_asked(tmp_path: Path) -> None:
    box = Box(tmp_path, (Question("https://127.0.0.1:1/hour", str(tmp_path / "away.pem")),))
    box.clock.ntp = True
    await asyncio.wait_for(box.program().run(), 5.0)
    box.clock.ntp = False
    asking = asyncio.create_task(box.program().run())
    await asyncio.sleep(0.3)
    assert not asking.done()
    box.clock.ntp = True  # meanwhile it came
    await asyncio.wait_for(asking, 5.0)
    assert box.clock.steps == box.clock.slews == []


@pytest.mark.parametrize(
    ("agenda", "url", "ca", "hosts"),
    [
        ("https://lich.example/a.ics", "https://tinh.example", "ca.pem", 2),
        ("http://lich.example/a.ics", "https://tinh.example", "ca.pem", 1),
        ("https://lich.example/a.ics", "", "ca.pem", 1),
        ("/data/agenda.ics", "https://tinh.example", "", 0),
        ("/data/agenda.ics", "", "ca.pem", 0),
    ],
)
def test_who_is_asked_is_what_the_site_file_names(
    agenda: str, url: str, ca: str, hosts: int
) -> None:
    site = parse_site(SITE.format(agenda=agenda, url=url, ca=ca).encode())
    assert len(questions(site)) == hosts
