"""The authority in its folder: made once, read at each start, never replaced.

A folder of which a file is missing or broken is no reason to make a new authority: every site would
be locked out for good, while the file may lie in a backup. So the program does not start, and says
which file it is.
"""

import logging
import os
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.base.atomic_file import write_atomically
from services.province.ca.authority import Authority, private_pem

log = logging.getLogger("diemcau.province.authority")

CERTIFICATE, KEY = "authority.pem", "authority-key.pem"
SOON_S = 3 * 365 * 86_400.0
"""Another authority has to be in every box's image before this one ends."""
REMEDY = "put it back from a backup (`diemcau province restore`); nothing was changed"


class AuthorityError(Exception):
    """The authority's files cannot be used; says which one and what to do."""


def open_authority(folder: Path, now: float, *, name: str = "Điểm Cầu") -> Authority:
    """Read it from `folder` (``authority.pem``, ``authority-key.pem``); where there is no folder or
    an empty one, make a new authority.

    Raises `AuthorityError` where a file is missing or broken or the two do not belong together, and
    `OSError` where the folder cannot be used.
    """
    try:
        there = {entry.name for entry in folder.iterdir()}
    except FileNotFoundError:
        there = set()
    if not there:
        return _make(folder, now, name)
    for file, other in ((CERTIFICATE, KEY), (KEY, CERTIFICATE)):
        if file not in there:
            beside = f" beside {other}" if other in there else ""
            raise AuthorityError(f"{folder / file} is missing{beside}; {REMEDY}")
    key, certificate = _read_key(folder / KEY), _read_certificate(folder / CERTIFICATE)
    if certificate.public_key() != key.public_key():
        raise AuthorityError(f"{folder / KEY} is not the key of {folder / CERTIFICATE}; {REMEDY}")
    end = certificate.not_valid_after_utc
    if end.timestamp() - now < SOON_S:
        log.warning(
            "the authority %s ends on %s, and with it every certificate; plan another in time",
            folder / CERTIFICATE, end.date(),
        )  # fmt: skip
    return Authority(key, certificate)


def _make(folder: Path, now: float, name: str) -> Authority:
    """Both files at once: a power cut leaves an authority or none, never half of one."""
    made = Authority.make(now, name=name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as whole:
        new = Path(whole) / folder.name
        new.mkdir(mode=0o700)
        write_atomically(new / KEY, private_pem(made.key))
        write_atomically(new / CERTIFICATE, made.pem)
        new.rename(folder)  # an empty one may be in its place (rename(2))
    handle = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return made


def _read_key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise AuthorityError(f"{file} cannot be read as a private key; {REMEDY}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityError(f"{file} holds no elliptic curve key; put the right one there")
    return key


def _read_certificate(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except ValueError as error:
        raise AuthorityError(f"{file} cannot be read as a certificate; {REMEDY}") from error
