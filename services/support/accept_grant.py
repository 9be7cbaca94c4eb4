"""Takes the grant of a stick: verified, judged, written down as used, and only then put to use."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.support.errors import StickError
from services.support.grant import NAME, Grant, parse
from services.support.grant_policy import Here, refusal, seconds
from services.support.signature import LARGEST, verify
from services.support.used_grants import read_used, write_used


@dataclass(frozen=True, slots=True)
class Admitted:
    """A grant that is used up from now on."""

    grant: Grant
    signer: str
    seconds: float

    def __str__(self) -> str:
        grant, box = self.grant, self.grant.serial or self.grant.site
        return (
            f"support: {grant.who} may work here for {self.seconds / 3600:.1f} h, by grant"
            f" {grant.id} for {box}, issued {grant.issued.isoformat()}, until"
            f" {grant.until.isoformat()}, signed by {self.signer}"
        )


def find(stick: Path) -> bytes | None:
    """The signed grant on the stick; None where there is none. Raises `OSError`."""
    for entry in stick.iterdir():
        if entry.name.lower() == NAME and entry.is_file():
            with entry.open("rb") as file:
                return file.read(LARGEST + 1)
    return None


def admit(signed: bytes, authority: Path, data: Path, here: Callable[[], Here]) -> Admitted:
    """Raises `StickError` with the reason where the grant opens nothing here.

    It is written down before it is used: a power cut costs a grant and never gives two, unless the
    data partition is memory, which forgets at each start.
    """
    content, signer = verify(signed, authority)
    grant = parse(content)
    box, used = here(), read_used(data)
    reason = refusal(grant, signer, box, used)
    if reason:
        raise StickError(reason)
    try:
        write_used(data, used.after(grant))
    except OSError as error:
        raise StickError(f"that it is used cannot be written down: {error}") from error
    return Admitted(grant, signer.name, seconds(grant, box.hour))
