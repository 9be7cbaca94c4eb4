"""``diemcau grant``: the IT centre makes and signs a support grant."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from services.support.errors import StickError
from services.support.grant import MAX_HOURS, MAX_VALIDITY, NAME, Grant
from services.support.signature import sign

PKCS11 = "pkcs11:"


@click.command("grant")
@click.option("--serial", default="", help="Of the box's board, as RESULT.txt tells it.")
@click.option("--site", default="", help="The site's id, where the serial is not known.")
@click.option("--who", required=True, help="Who will stand before the box.")
@click.option("--hours", default=2.0, show_default=True, type=float,
              help=f"How long the shell may stay, at most {MAX_HOURS:g}.")  # fmt: skip
@click.option("--days", default=1.0, show_default=True, type=float,
              help=f"How long the stick may wait, at most {MAX_VALIDITY.days}.")  # fmt: skip
@click.option("--certificate", required=True, type=click.Path(path_type=Path, exists=True),
              help="The signer's, of the provisioning authority.")  # fmt: skip
@click.option("--key", required=True, help="The signer's key: a file, or a PKCS#11 address.")
@click.option("--out", default=NAME, show_default=True, type=click.Path(path_type=Path),
              help="The file for the stick.")  # fmt: skip
def grant(
    serial: str,
    site: str,
    who: str,
    hours: float,
    days: float,
    certificate: Path,
    key: str,
    out: Path,
) -> None:
    """Make one grant for one box, and sign it; it can be used once.

    Exit code 0 where the file is written, 1 where it is not; nothing is asked but by openssl.
    """
    if not key.startswith(PKCS11) and not Path(key).is_file():
        # Not repeated: it may be the key itself.
        raise click.ClickException(f"--key is no file and no address that begins with {PKCS11}")
    issued = datetime.now(UTC).replace(microsecond=0)
    try:
        made = Grant(
            id=secrets.token_hex(8),
            who=who,
            issued=issued,
            until=issued + timedelta(days=days),
            hours=hours,
            serial=serial,
            site=site,
        )
        out.write_bytes(sign(bytes(made), certificate, key))
    except (StickError, OSError) as error:
        raise click.ClickException(f"no grant: {error}") from error
    click.echo(bytes(made).decode(), nl=False)
    click.echo(f"{out}: copy it to a USB stick labelled DIEMCAU-IT")
