"""Counts what the database was given, by a trigger of its own: each report, not the newest alone.

`last_reports` keeps the newest of each kind. A row that is proposed to it, whether it then replaces
another or is older, fires the trigger BEFORE INSERT within the same transaction, so what is in
``heard`` was committed by the program.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text

from services.province.storage.database import Database

Name = tuple[str, str, int]
"""A health report: site, boot, seq."""

POSTGRES = (
    "CREATE TABLE heard (site_id text, boot_id text, seq bigint, times int,"
    " PRIMARY KEY (site_id, boot_id, seq))",
    "CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF NEW.kind = 'health' THEN INSERT INTO heard VALUES (NEW.site_id, NEW.boot_id, NEW.seq, 1)"
    " ON CONFLICT (site_id, boot_id, seq) DO UPDATE SET times = heard.times + 1; END IF;"
    " RETURN NEW; END $$",
    "CREATE TRIGGER hearing BEFORE INSERT ON last_reports FOR EACH ROW EXECUTE FUNCTION hear()",
)
SQLITE = (
    "CREATE TABLE heard (site_id, boot_id, seq, times, PRIMARY KEY (site_id, boot_id, seq))",
    "CREATE TRIGGER hearing BEFORE INSERT ON last_reports WHEN NEW.kind = 'health' BEGIN"
    " INSERT INTO heard VALUES (NEW.site_id, NEW.boot_id, NEW.seq, 1)"
    " ON CONFLICT (site_id, boot_id, seq) DO UPDATE SET times = times + 1; END",
)


@dataclass(frozen=True, slots=True)
class Account:
    """What was said beside what is stored."""

    said: int
    stored: int
    twice: int
    missing: tuple[Name, ...]
    """Said and not stored."""
    behind: tuple[str, ...]
    """Sites whose newest stored report is not the newest that they said."""

    @property
    def right(self) -> bool:
        """Whether nothing was lost."""
        return not self.missing and not self.behind


def install(database: Database) -> None:
    """Begin to count."""
    words = POSTGRES if database.url.get_backend_name() == "postgresql" else SQLITE
    with database.writing() as session:
        for word in words:
            session.connection().exec_driver_sql(word)


def remove(database: Database) -> None:
    """Forget what was counted."""
    postgres = database.url.get_backend_name() == "postgresql"
    drop = "DROP FUNCTION hear CASCADE" if postgres else "DROP TRIGGER hearing"
    with database.writing() as session:
        for word in (drop, "DROP TABLE heard"):
            session.connection().exec_driver_sql(word)


def account(database: Database, said: Iterable[Name]) -> Account:
    """Compare, report by report."""
    wanted = set(said)
    newest: dict[str, int] = {}
    for site, _, seq in wanted:
        newest[site] = max(seq, newest.get(site, 0))
    with database.reading() as session:
        heard = {
            (row.site_id, row.boot_id, row.seq): row.times
            for row in session.execute(text("SELECT site_id, boot_id, seq, times FROM heard"))
        }
        kept = {
            row.site_id: row.seq
            for row in session.execute(
                text("SELECT site_id, seq FROM last_reports WHERE kind = 'health'")
            )
        }
    return Account(
        len(wanted),
        len(wanted & heard.keys()),
        sum(times > 1 for times in heard.values()),
        tuple(sorted(wanted - heard.keys())),
        tuple(sorted(site for site, seq in newest.items() if kept.get(site) != seq)),
    )
