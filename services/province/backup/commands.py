"""``diemcau province backup FILE`` and ``diemcau province restore FILE``."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from services.province.backup.archive import BackupError
from services.province.backup.whole import Place, back_up, restore
from services.province.storage.database import Database

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=FILE)
@click.pass_context
def backup_command(context: click.Context, file: Path) -> None:
    """Write database, authority, ledger and settings into FILE, which only its user may read.

    The province may run meanwhile. Whoever has FILE can let a device in as any site: keep it as
    you keep the server itself.
    """
    with _place(context) as place:
        made = back_up(place, file)
    size_mb = file.stat().st_size / 1e6
    click.echo(f"{file}: {sum(made.tables.values())} rows, {size_mb:.1f} MB")


@click.command("restore")
@click.argument("file", type=FILE)
@click.pass_context
def restore_command(context: click.Context, file: Path) -> None:
    """Restore FILE into an empty data folder and an empty database."""
    with _place(context) as place:
        made = restore(place, file)
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(made.made_at))
    click.echo(f"restored as it was at {at}: {sum(made.tables.values())} rows")
    for name, value in made.settings.items():
        if value not in ("", None, [], False):
            click.echo(f"  it was started with {name}: {value}")


@contextmanager
def _place(context: click.Context) -> Iterator[Place]:
    """The data folder and the database of the options before the command's name."""
    given = context.parent.params if context.parent is not None else {}
    data: Path = given["data"]
    fresh = not data.exists()
    if context.info_name == "backup" and fresh:
        raise click.ClickException(f"{data} is not there; --data names the province's folder")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(given["database"] or f"sqlite:///{data.resolve() / 'province.db'}")
    try:
        yield Place(data, database)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    except SQLAlchemyError as error:
        raise click.ClickException(f"the database: {getattr(error, 'orig', error)}") from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or data}: {error.strerror}") from error
    finally:
        database.close()
