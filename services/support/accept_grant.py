"""Accepts a stick's grant: verified, allowed by the policy, noted as used, and only then used."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.support.errors import StickError
from services.support.grant import NAME, Grant, parse
from services.support.grant_policy import ThisBox, refusal, seconds
from services.support.signature import MAX_SIGNED_BYTES, verify
from services.support.used_grants import read_used, write_used


@dataclass(frozen=True, slots=True)
class AcceptedGrant:
    """A grant that is noted as used, and may be used this once."""

    grant: Grant
    signer: str
    seconds: float
    """How long the shell may stay."""

    def __str__(self) -> str:
        grant, box = self.grant, self.grant.serial or self.grant.site
        return (
            f"support: {grant.who} may work here for {self.seconds / 3600:.1f} h, by grant"
            f" {grant.id} for {box}, issued {grant.issued.isoformat()}, until"
            f" {grant.until.isoformat()}, signed by {self.signer}"
        )


def find_grant(stick: Path) -> bytes | None:
    """The signed grant on the stick; None where there is none. Raises `OSError`."""
    for entry in stick.iterdir():
        if entry.name.lower() == NAME and entry.is_file():
            with entry.open("rb") as file:
                return file.read(MAX_SIGNED_BYTES + 1)
    return None


def accept_grant(
    signed: bytes, authority: Path, data: Path, this_box: Callable[[], ThisBox]
) -> AcceptedGrant:
    """Accept `signed`; raises `StickError` with the reason where the grant opens nothing here.

    It is noted as used on `data` before it is used: a power cut costs a grant and never gives two,
    unless the data partition is memory, which forgets at each start.
    """
    content, signer = verify(signed, authority)
    grant = parse(content)
    box, used = this_box(), read_used(data)
    reason = refusal(grant, signer, box, used)
    if reason:
        raise StickError(reason)
    try:
        write_used(data, used.after(grant))
    except OSError as error:
        raise StickError(f"that it is used cannot be written down: {error}") from error
    return AcceptedGrant(grant, signer.name, seconds(grant, box.time))
