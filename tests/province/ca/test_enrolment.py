"""Enrolment end to end over real TLS: none, wrong claim, approved, renewed, expired, revoked,
cloned."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette

from appliance.base.tasks import cancel_and_wait
from services.health.credentials import Credentials, Pair, private_pem
from services.health.enrolment import Applicant, EnrolmentClient
from services.province.ca.authority import Authority, common_name
from services.province.ca.authority_files import open_authority
from services.province.ca.enrolment import Enrolment, EnrolmentError, Refusal
from services.province.ca.ledger import EntryState, FolderLedger
from services.province.ca.routes import enrolment_routes
from tests.process.ports import free_port
from tests.process.waiting import until

DAY = 86_400.0
SITE = "ia-kly"


@dataclass
class Centre:
    """The province's enrolment at an address of its own, and its hour, which a test may move."""

    folder: Path
    url: str
    enrolment: Enrolment
    authority: Authority
    alarms: list[str] = field(default_factory=list)
    listed: set[int] = field(default_factory=set)
    later_s: float = 0.0

    def now(self) -> float:
        return time.time() + self.later_s

    @property
    def ca(self) -> Path:
        return self.folder / "authority/authority.pem"

    def approved(self) -> set[str]:
        """The sites with a certificate that counts."""
        return {entry.site for entry in self.enrolment.of(EntryState.APPROVED)}

    def device(
        self,
        folder: Path,
        site: str = SITE,
        serial: str = "100",
        trusted: Callable[[], bool] = lambda: True,
    ) -> EnrolmentClient:
        """A box; what it keeps is in `folder`."""
        applicant = Applicant(site, serial, "Raspberry Pi 5", self.url, self.ca)
        return EnrolmentClient(
            applicant, Credentials(folder), now=self.now, trusted=trusted, poll_s=0.05
        )


@asynccontextmanager
async def centre(folder: Path, *, days: float = 365.0) -> AsyncIterator[Centre]:
    """A real TLS server with the enrolment's routes."""
    authority = open_authority(folder / "authority", time.time())
    alarms: list[str] = []
    on_list: set[int] = set()
    enrolment = Enrolment(
        authority,
        FolderLedger(folder / "ledger"),
        alarm=lambda site, reason: alarms.append(f"{site}: {reason}"),
        listed=lambda: on_list,
        days=days,
    )
    port = free_port()
    one = Centre(folder, f"https://127.0.0.1:{port}", enrolment, authority, alarms, on_list)
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "server-key.pem").write_bytes(private_pem(key))
    certificate = authority.server(key.public_key(), ["127.0.0.1"], time.time())
    (folder / "server.pem").write_bytes(Pair(key, certificate).pem)
    app = Starlette(routes=enrolment_routes(enrolment, one.now))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_level="warning",
            ssl_keyfile=folder / "server-key.pem",
            ssl_certfile=str(folder / "server.pem"),
        )
    )
    task = asyncio.create_task(server.serve(), name="enrolment")
    try:
        await until("the server is up", lambda: server.started)
        yield one
    finally:
        server.should_exit = True
        await asyncio.wait({task}, timeout=30)


@asynccontextmanager
async def asking(device: EnrolmentClient) -> AsyncIterator[EnrolmentClient]:
    task = asyncio.create_task(device.run(), name="enrol")
    try:
        yield device
    finally:
        await cancel_and_wait(task)
        with contextlib.suppress(asyncio.CancelledError):
            task.result()


async def let_in(one: Centre, folder: Path, serial: str = "100") -> EnrolmentClient:
    """A device that was approved."""
    device = one.device(folder, serial=serial)
    async with asking(device):
        await until("it waits", lambda: one.enrolment.pending(one.now()))
        one.enrolment.approve(device.claim, one.now(), by="a test", instead=True)
        await until("it has its certificate", lambda: device.pair)
    return device


async def test_from_no_certificate_to_one(tmp_path: Path) -> None:
    async with centre(tmp_path / "centre") as one:
        device = one.device(tmp_path / "box")
        async with asking(device):
            await until("it waits", lambda: one.enrolment.pending(one.now()))
            (entry,) = one.enrolment.pending(one.now())
            assert (entry.site, entry.serial, entry.claim) == (SITE, "100", device.claim)
            assert one.approved() == set()
            with pytest.raises(EnrolmentError, match="no device waits with the code ABCD-EFGH"):
                one.enrolment.approve("abcd efgh", one.now(), by="a test")
            typed = device.claim.lower().replace("-", " ")
            with pytest.raises(EnrolmentError, match="is no site's id"):
                one.enrolment.approve(typed, one.now(), by="a test", site="+")
            one.enrolment.approve(typed, one.now(), by="a test")
            pair = await until("it has its certificate", lambda: device.pair)
        assert device.claim == ""
        assert common_name(pair.certificate) == SITE
        assert one.authority.signed(pair.certificate)
        assert one.approved() == {SITE}
        assert one.enrolment.pending(one.now()) == []
        again = Credentials(tmp_path / "box").pair()
        assert again is not None
        assert again.certificate == pair.certificate
        assert ((tmp_path / "box/identity.pem").stat().st_mode & 0o777) == 0o600


async def test_declined(tmp_path: Path) -> None:
    async with centre(tmp_path / "centre") as one:
        device = one.device(tmp_path / "box")
        async with asking(device):
            await until("it waits", lambda: one.enrolment.pending(one.now()))
            one.enrolment.decline(device.claim, one.now(), by="a test")
            await until("it is told", lambda: device.refused == Refusal.DECLINED)
        assert device.pair is None


async def test_renewed_at_two_thirds_of_its_life_with_a_new_key(tmp_path: Path) -> None:
    async with centre(tmp_path / "centre", days=90) as one:
        first = (await let_in(one, tmp_path / "box")).pair
        assert first is not None
        one.later_s = 55 * DAY
        device = one.device(tmp_path / "box")
        async with asking(device):
            await asyncio.sleep(0.3)  # nothing may happen in this time, however long it is
            assert device.pair is not None
            assert device.pair.certificate == first.certificate
        one.later_s = 70 * DAY
        device = one.device(tmp_path / "box")
        async with asking(device):
            await until("it is renewed", lambda: device.pair and device.pair.end > first.end)
        assert device.pair is not None
        assert device.pair.certificate.public_key() != first.certificate.public_key()
        assert one.alarms == []


async def test_a_cut_that_leaves_the_old_key_waiting_does_not_end_renewal(tmp_path: Path) -> None:
    """The province signs no key twice."""
    async with centre(tmp_path / "centre", days=90) as one:
        first = (await let_in(one, tmp_path / "box")).pair
        assert first is not None
        (tmp_path / "box/next-key.pem").write_bytes(private_pem(first.key))
        one.later_s = 70 * DAY
        device = one.device(tmp_path / "box")
        async with asking(device):
            await until("it is renewed", lambda: device.pair and device.pair.end > first.end)


async def test_after_months_in_a_cupboard_the_expired_one_renews(tmp_path: Path) -> None:
    async with centre(tmp_path / "centre", days=90) as one:
        first = (await let_in(one, tmp_path / "box")).pair
        one.later_s = 400 * DAY
        device = one.device(tmp_path / "box")
        async with asking(device):
            await until("it is renewed", lambda: device.pair and device.pair.end > one.now())
        assert first is not None
        assert first.end < one.now()


@pytest.mark.case("K10")
async def test_after_years_it_has_to_be_approved_anew(tmp_path: Path) -> None:
    """It asks by itself and shows a code, as a new box does."""
    async with centre(tmp_path / "centre", days=90) as one:
        first = (await let_in(one, tmp_path / "box")).pair
        assert first is not None
        one.later_s = 5 * 365 * DAY
        device = one.device(tmp_path / "box")
        async with asking(device):
            (waiting,) = await until("it waits", lambda: one.enrolment.pending(one.now()))
            assert device.claim == waiting.claim
            one.enrolment.approve(device.claim, one.now(), by="a test", instead=True)
            await until("it is in", lambda: device.pair and device.pair.end > one.now())
        assert device.claim == ""


@pytest.mark.case("K13")
async def test_one_issued_after_the_backup_renews_and_a_revoked_one_does_not(
    tmp_path: Path,
) -> None:
    """The restored ledger knows neither; the broker's list has the second."""
    async with centre(tmp_path / "centre", days=90) as one:
        device = await let_in(one, tmp_path / "box")
        first = device.pair
        assert first is not None
        for file in (tmp_path / "centre/ledger").iterdir():
            file.unlink()
        one.later_s = 80 * DAY
        device = one.device(tmp_path / "box")
        async with asking(device):
            await until("it is renewed", lambda: device.pair and device.pair.end > first.end)
        assert device.pair is not None
        for file in (tmp_path / "centre/ledger").iterdir():
            file.unlink()
        one.listed.add(device.pair.certificate.serial_number)
        one.later_s = 160 * DAY
        again = one.device(tmp_path / "box")
        async with asking(again):
            await until("it is refused", lambda: again.refused == Refusal.REVOKED)


@pytest.mark.parametrize("kind", ["server", "province", "another authority"])
async def test_no_other_certificate_renews_as_a_sites(tmp_path: Path, kind: str) -> None:
    async with centre(tmp_path / "centre", days=90) as one:
        key = ec.generate_private_key(ec.SECP256R1())
        made = {
            "server": lambda: one.authority.server(key.public_key(), [SITE], time.time()),
            "province": lambda: one.authority.site(key.public_key(), "_province", "", time.time()),
            "another authority": lambda: Authority.make(time.time()).site(
                key.public_key(), SITE, "", time.time()
            ),
        }[kind]()
        (tmp_path / "box").mkdir()
        (tmp_path / "box/identity.pem").write_bytes(private_pem(key) + Pair(key, made).pem)
        one.later_s = 800 * DAY
        device = one.device(tmp_path / "box")
        async with asking(device):
            await until("it is refused", lambda: device.refused == Refusal.BAD_REQUEST)


@pytest.mark.case("K10")
async def test_a_box_that_learns_the_time_late_renews_then(tmp_path: Path) -> None:
    """It was off for a year and more; the broker does not let it in before."""
    async with centre(tmp_path / "centre", days=90) as one:
        first = (await let_in(one, tmp_path / "box")).pair
        assert first is not None
        one.later_s = 400 * DAY
        known = asyncio.Event()
        device = one.device(tmp_path / "box", trusted=known.is_set)
        async with asking(device):
            await asyncio.sleep(0.3)
            assert device.pair is not None
            assert device.pair.certificate == first.certificate
            known.set()
            await until("it is renewed", lambda: device.pair and device.pair.end > one.now())


async def test_a_revoked_one_is_refused_and_listed(tmp_path: Path) -> None:
    async with centre(tmp_path / "centre", days=90) as one:
        pair = (await let_in(one, tmp_path / "box")).pair
        assert pair is not None
        assert one.enrolment.revoke(SITE, one.now(), by="a test") == 1
        assert one.enrolment.revoked() == {pair.certificate.serial_number}
        assert one.approved() == set()
        one.later_s = 80 * DAY
        device = one.device(tmp_path / "box")
        async with asking(device):
            await until("it is refused", lambda: device.refused == Refusal.REVOKED)


async def test_a_copied_card_in_another_box_is_refused_and_an_alarm(tmp_path: Path) -> None:
    async with centre(tmp_path / "centre", days=90) as one:
        first = (await let_in(one, tmp_path / "box")).pair
        assert first is not None
        (tmp_path / "copy").mkdir()
        (tmp_path / "copy/identity.pem").write_bytes((tmp_path / "box/identity.pem").read_bytes())
        one.later_s = 80 * DAY
        copy = one.device(tmp_path / "copy", serial="200")
        async with asking(copy):
            await until("it is refused", lambda: copy.refused == Refusal.CLONED)
        assert one.alarms[0] == "ia-kly: renewal from board 200, not 100"
        own = one.device(tmp_path / "box")
        async with asking(own):
            await until("the own one is renewed", lambda: own.pair and own.pair.end > first.end)
        liar = one.device(tmp_path / "copy", serial="100")
        async with asking(liar):
            await until("it is refused again", lambda: liar.refused == Refusal.CLONED)
        assert "ia-kly: a second device renews one certificate" in one.alarms


async def test_a_box_in_the_place_of_another_ends_the_other(tmp_path: Path) -> None:
    async with centre(tmp_path / "centre") as one:
        old = (await let_in(one, tmp_path / "old")).pair
        device = one.device(tmp_path / "new", serial="200")
        async with asking(device):
            await until("it waits", lambda: one.enrolment.pending(one.now()))
            with pytest.raises(EnrolmentError, match="has a device; approve this one in its place"):
                one.enrolment.approve(device.claim, one.now(), by="a test")
            one.enrolment.approve(device.claim, one.now(), by="a test", instead=True)
            await until("it has its certificate", lambda: device.pair)
        assert old is not None
        assert one.enrolment.revoked() == {old.certificate.serial_number}
        assert one.approved() == {SITE}


async def test_a_device_does_not_ask_a_server_that_the_authority_did_not_sign(
    tmp_path: Path,
) -> None:
    async with centre(tmp_path / "centre") as one:
        other = open_authority(tmp_path / "other", time.time())
        (tmp_path / "other.pem").write_bytes(other.pem)
        applicant = Applicant(SITE, "", "", one.url, tmp_path / "other.pem")
        device = EnrolmentClient(applicant, Credentials(tmp_path / "box"), now=one.now, poll_s=0.05)
        async with asking(device):
            await until("it has tried", lambda: device.claim)
            await asyncio.sleep(0.3)
        assert one.enrolment.pending(one.now()) == []
