"""A province in one file, and out of it again: between both databases, whole or not at all."""

import json
import shutil
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, select

from services.province.accounts import Role
from services.province.backup.archive import MANIFEST, BackupError, new_archive
from services.province.backup.whole import (
    Place,
    back_up,
    keep_settings,
    resend_since,
    restore,
)
from services.province.broker.local_broker import LocalBroker
from services.province.ca.ledger import Entry, EntryState
from services.province.ca.renewal import listed
from services.province.command import province
from services.province.sites.groups import create
from services.province.storage.database import Database
from services.province.storage.history_tables import HOURS, MINUTES, Hour, Minute
from services.province.storage.partitions import ensure_partitions
from services.province.storage.tables import Base
from services.province.storage.tables import Place as Branch
from tests.province.in_process import ADDRESS, NOON, PASSWORD, House, draft
from tests.province.postgres import Postgres

pytestmark = pytest.mark.case("K13")
ENTRY = Entry("0a" * 32, "7KQF-M2XH", "ia-kly", "csr", EntryState.REVOKED, number="5")
LEFT_OUT = {"log_ins", "wrong_passwords"}


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All that is kept, by table."""
    with database.reading() as session:
        return {
            table.name: [
                tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
            if table.name not in LEFT_OUT
        }


def full(house: House, data: Path) -> Place:
    """A province with something of every kind, its broker's folder too."""
    house.communes("ia-kly", "ia-phi", "pleiku")
    with house.database.writing() as session:
        # A parent that is younger than its child.
        child = session.scalars(select(Branch).where(Branch.name == "Xã ia-phi")).one()
        younger = Branch(parent_id=child.parent_id, name="Huyện Chư Păh")
        session.add(younger)
        session.flush()
        child.parent_id = younger.id
        for kind, parts in ((Minute, MINUTES), (Hour, HOURS)):
            ats = [int(NOON) // 3600 * 3600 - day * 86_400 for day in range(3)]
            ensure_partitions(session, parts, ats)
            for at in ats:
                extra = {"heard": 12} if kind is Hour else {}
                late = 0 if kind is Hour else False
                session.add(kind(site_id="ia-kly", at=at, late=late, soc_c=51.5, **extra))
    person = house.person("lan", Role.ADMINISTRATOR)
    assert person.get("/accounts").status_code == 200
    house.meeting(draft({house.place("Gia Lai")}, rule="FREQ=WEEKLY", address=ADDRESS))
    house.reports("ia-kly", 7, note="chữ Việt, “ngoặc”, \\u2028,\n")
    broker = LocalBroker(data / "broker")
    authority = broker.authority(time.time())
    broker.ledger.put(ENTRY)
    broker.files.write(authority, broker.names, time.time())
    broker.files.revoke(authority, [5, 9], time.time())
    keep_settings(data, {"url": "https://hop.example", "hosts": ("a", "b")})
    return Place(data, house.database)


def empty(tmp_path: Path, pg: Postgres, kind: str) -> Place:
    data = tmp_path / "new"
    if kind == "sqlite":
        data.mkdir(parents=True)
        return Place(data, Database(f"sqlite:///{data}/province.db"))
    return Place(data, Database(pg.create(f"restored-{time.monotonic_ns()}")))


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_all_of_it_comes_back(tmp_path: Path, house: House, pg: Postgres, target: str) -> None:
    old, file = full(house, tmp_path / "old"), tmp_path / "backup.zip"
    made = back_up(old, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    new = empty(tmp_path, pg, target)
    assert restore(new, file).made_at == made.made_at
    assert resend_since(new.data, time.time()) == made.made_at - 600
    assert resend_since(new.data, time.time() + 31 * 86_400) == resend_since(old.data, 0.0) == 0.0
    kept = rows(house.database)
    assert all(kept[name] for name in ("sites", "places", "meetings", "minutes", "hours", "audit"))
    assert rows(new.database) == kept
    for name in ("authority/authority.pem", "authority/authority-key.pem", "ca.pem"):
        assert (new.broker / name).read_bytes() == (old.broker / name).read_bytes()
        assert stat.S_IMODE((new.broker / name).stat().st_mode) == 0o600
    broker = LocalBroker(new.broker)
    assert list(broker.ledger.entries()) == [ENTRY]
    assert listed(broker.files.revoked, broker.authority(time.time())) == {5, 9}
    assert not list(new.data.glob(".restore.*"))
    # It goes on: new rows have new numbers, and everybody logs in anew with the old password.
    again = House(new.database)
    assert again.stranger().get("/accounts").status_code == 303
    door = {"name": "lan", "password": PASSWORD}
    assert again.stranger().post("/login", data=door).status_code == 303
    again.communes("ia-mo")
    with new.database.writing() as session:
        create(session, "Nhóm", ["ia-kly"])
    again.meeting(draft({again.place("Gia Lai")}))
    new.database.close()


def test_a_backup_of_the_first_release_is_migrated(tmp_path: Path, pg: Postgres) -> None:
    """The tables of a revision before this release's, with a row."""
    old = Place(tmp_path / "old", Database(f"sqlite:///{tmp_path}/old.db"))
    with old.database.engine.execution_options(writes=True).begin() as connection:
        old.database.migrate(connection, "0001")
        connection.exec_driver_sql("INSERT INTO places (id, name) VALUES (3, 'Gia Lai')")
    (tmp_path / "old").mkdir()
    back_up(old, tmp_path / "backup.zip")
    for kind in ("sqlite", "postgresql"):
        new = empty(tmp_path / kind, pg, kind)
        restore(new, tmp_path / "backup.zip")
        assert [row[2] for row in rows(new.database)["places"]] == ["Gia Lai"]
        assert "minutes" in inspect(new.database.engine).get_table_names()
        new.database.close()
    old.database.close()


def _rewritten(file: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """The same ZIP, whole as a ZIP, with other contents."""
    with zipfile.ZipFile(file) as packed:
        contents = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in contents.items():
            if (changed := change(name, content)) is not None:
                packed.writestr(name, changed)


def _manifest(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def one(name: str, content: bytes) -> bytes:
        if name != MANIFEST:
            return content
        values = json.loads(content)
        change(values)
        return json.dumps(values).encode()

    return lambda file: _rewritten(file, one)


def _flip(wanted: str) -> Callable[[Path], None]:
    """One byte in the middle of what is packed under that name."""

    def flip(file: Path) -> None:
        with zipfile.ZipFile(file) as packed:
            one = packed.getinfo(wanted)
        content = bytearray(file.read_bytes())
        content[one.header_offset + 60 + len(wanted) + (one.compress_size - 30) // 2] ^= 0xFF
        file.write_bytes(content)

    return flip


def _cut(share: float) -> Callable[[Path], None]:
    def cut(file: Path) -> None:
        content = file.read_bytes()
        file.write_bytes(content[: int(share * len(content))])

    return cut


def _escape(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr("../outside", b"x")
    _manifest(lambda values: values["files"].update({"../outside": {}}))(file)  # type: ignore[attr-defined]


def _no_zip(file: Path) -> None:
    file.write_bytes(b"no ZIP at all")


SPOILED: list[Callable[[Path], None]] = [
    *(_cut(share) for share in (0.0, 0.3, 0.9, 0.999)),
    *(_flip(name) for name in ("database/audit.jsonl", "broker/ca.pem", MANIFEST)),
    _no_zip,
    lambda file: _rewritten(
        file, lambda name, content: None if "authority-key" in name else content
    ),
    lambda file: _rewritten(file, lambda name, content: None if name == MANIFEST else content),
    lambda file: _rewritten(file, lambda name, content: None if "sites.jsonl" in name else content),
    lambda file: _rewritten(
        file, lambda name, content: content[1:] if "places" in name else content
    ),
    _manifest(lambda values: values.update(format=99)),
    _manifest(lambda values: values.update(revision="9999")),
    _manifest(lambda values: values.update(made_at="yesterday")),
    _manifest(lambda values: values.pop("tables")),
    _manifest(lambda values: values["tables"].update(more=1)),  # type: ignore[attr-defined]
    _escape,
]


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_damaged_one_changes_nothing(
    tmp_path: Path, spoil: Callable[[Path], None], migrated: Path, pg: Postgres
) -> None:
    shutil.copy(migrated, tmp_path / "province.db")
    database = Database(f"sqlite:///{tmp_path}/province.db")
    file = tmp_path / "backup.zip"
    back_up(full(House(database), tmp_path / "old"), file)
    database.close()
    spoil(file)
    new = empty(tmp_path, pg, "sqlite")
    with pytest.raises(BackupError, match=r"backup\.zip|revision"):
        restore(new, file)
    assert inspect(new.database.engine).get_table_names() == []
    assert [
        path.name for path in new.data.iterdir() if not path.name.startswith("province.db")
    ] == []
    assert not (tmp_path / "outside").exists()
    new.database.close()


def test_a_place_that_is_not_empty_is_left_alone(
    tmp_path: Path, house: House, pg: Postgres
) -> None:
    place, file = full(house, tmp_path / "old"), tmp_path / "backup.zip"
    back_up(place, file)
    kept, authority = rows(house.database), (place.broker / "authority/authority.pem").read_bytes()
    with pytest.raises(BackupError, match="broker is not empty; give another data folder"):
        restore(place, file)
    with pytest.raises(BackupError, match="the database is not empty"):
        restore(Place(tmp_path / "elsewhere", house.database), file)
    assert not (tmp_path / "elsewhere/broker").exists()
    assert rows(house.database) == kept
    assert (place.broker / "authority/authority.pem").read_bytes() == authority
    with pytest.raises(BackupError, match="exists; choose another name"):
        back_up(place, file)


def test_what_could_not_be_restored_is_not_backed_up(tmp_path: Path, house: House) -> None:
    place, file = full(house, tmp_path / "old"), tmp_path / "backup.zip"
    (place.broker / f"ledger/{ENTRY.fingerprint}.json").write_bytes(b"{")
    with pytest.raises(BackupError, match="is no entry of the ledger"):
        back_up(place, file)
    (place.broker / f"ledger/{ENTRY.fingerprint}.json").unlink()
    (place.broker / "authority/authority-key.pem").unlink()
    with pytest.raises(BackupError, match=r"authority-key\.pem is missing"):
        back_up(place, file)
    assert list(tmp_path.glob("*backup.zip*")) == []


def test_one_that_fails_on_its_way_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), new_archive(tmp_path / "backup.zip") as archive:
        archive.add("x", b"x")
        raise OSError("full")
    assert list(tmp_path.iterdir()) == []


def test_by_the_command(tmp_path: Path, migrated: Path) -> None:
    data, file, new = tmp_path / "data", tmp_path / "backup.zip", tmp_path / "new"
    data.mkdir()
    shutil.copy(migrated, data / "province.db")
    database = Database(f"sqlite:///{data}/province.db")
    full(House(database), data)
    database.close()
    run = CliRunner().invoke
    done = run(province, ["--data", str(data), "backup", str(file)])
    assert done.exit_code == 0, done.output
    assert "rows" in done.output
    environment = {"DIEMCAU_PROVINCE_DATA": str(new)}
    done = run(province, ["restore", str(file)], env=environment)
    assert done.exit_code == 0, done.output
    assert "it was started with url: https://hop.example" in done.output
    secret = (new / "broker/authority/authority-key.pem").read_text().splitlines()[1]
    assert secret not in done.output
    for words, said in (
        (["--data", str(new), "restore", str(file)], "is not empty"),
        (["--data", str(tmp_path / "nowhere"), "backup", str(tmp_path / "b")], "is not there"),
        (["--data", str(data), "backup", str(file)], "exists; choose another name"),
        (["--data", str(tmp_path / "n"), "restore", str(tmp_path / "none")], "none: No such file"),
        (["--data", str(data), "backup", str(tmp_path / "no/where")], "No such file"),
        (["--database", "postgresql://x@127.0.0.1:1/x", "restore", str(file)], "the database: "),
    ):
        failed = run(province, words)
        assert (failed.exit_code, said in failed.output) == (1, True), failed.output
        assert "Traceback" not in failed.output
