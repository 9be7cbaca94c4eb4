"""The second copy of what makes a box this site, in the gap before the card's first partition.

Settings with their secrets, the site's key and certificate, the machine's identifier: a closed
list, as a tar behind a header of one sector. Of two copies the older is overwritten, so a write
that is cut short leaves the newer one. Bytes only: `second_copy_disk` has the disk.
"""

import hashlib
import io
import struct
import tarfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from services.card.site_file_on_card import SECRETS
from services.provisioning.provision import AUTHORITIES as AUTHORITIES_NAME
from services.provisioning.provision import RECORD as RECORD_NAME
from services.provisioning.provision import SETTLED as SETTLED_NAME

SECTOR_BYTES = 512
SECOND_COPY_OFFSETS = (0x1400 * SECTOR_BYTES, 0x1A00 * SECTOR_BYTES)
"""Where the copies lie on the disk, in bytes: behind the boot state, before the first partition at
4 MiB. A new image is zero there, so whoever flashes one over an old card has a new box."""
MAX_COPY_BYTES = 512 * 1024
"""Of one copy with its header, in bytes."""

SETTINGS = "site/site.toml"
RECORD = f"site/{RECORD_NAME}"
SETTLED = f"site/{SETTLED_NAME}"
AUTHORITIES = f"site/{AUTHORITIES_NAME}"
SECRET_NAMES = tuple(f"site/secrets/{name}" for name in sorted(SECRETS.values()))
IDENTITY = "health/identity.pem"
NEXT_KEY = "health/next-key.pem"
MACHINE_ID = "system/machine-id"
MEMBERS = (SETTINGS, AUTHORITIES, RECORD, SETTLED, *SECRET_NAMES, NEXT_KEY, IDENTITY, MACHINE_ID)
"""All that is kept, by its path below /data; what else an archive has is passed over.

Read in this order: a renewal writes the identity and then takes its key away, so a copy never has
the old certificate without the key of the new one.
"""

_MAGIC = b"DIEMCAU2"
_HEAD = struct.Struct("<8sQI")
"""Magic, sequence number, length of the archive; behind it SHA-256 of these and the archive."""
_PEM_END = b"-----END CERTIFICATE-----"


class TooLargeError(ValueError):
    """What is to be kept is larger than a copy may be; says how large it is."""


@dataclass(frozen=True, slots=True)
class SecondCopy:
    """One whole copy."""

    members: Mapping[str, bytes]
    """Contents by names of `MEMBERS`; the settings are always among them."""
    seq: int

    @property
    def site(self) -> str:
        """The id of the site that it belongs to."""
        return site_of(self.members)


def site_of(members: Mapping[str, bytes]) -> str:
    """The site's id in the settings, "" where it cannot be read.

    Not by `parse_site`: what an older release took for good must not be lost to a stricter one.
    """
    try:
        text = members[SETTINGS].decode("utf-8-sig")
        return str(tomllib.loads(text)["site"]["id"])
    except (KeyError, TypeError, ValueError):
        return ""


def encode(copy: SecondCopy) -> bytes:
    """Whole sectors, the same bytes for the same copy. Raises `TooLargeError`."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(copy.members):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(copy.members[name]), 0o600
            tar.addfile(entry, io.BytesIO(copy.members[name]))
    body = archive.getvalue()
    if SECTOR_BYTES + len(body) > MAX_COPY_BYTES:
        largest = max(copy.members, key=lambda name: len(copy.members[name]))
        raise TooLargeError(
            f"settings and identity take {len(body)} bytes, a second copy has room for"
            f" {MAX_COPY_BYTES - SECTOR_BYTES}; the largest is {largest} with"
            f" {len(copy.members[largest])}"
        )
    head = _HEAD.pack(_MAGIC, copy.seq, len(body))
    head += hashlib.sha256(head + body).digest()
    return head.ljust(SECTOR_BYTES, b"\0") + body + bytes(-len(body) % SECTOR_BYTES)


def decode(block: bytes) -> SecondCopy | None:
    """The copy at the beginning of `block`; None where there is none, or not a whole one.

    Nothing is extracted: no name of the archive ever becomes a path but by way of `MEMBERS`.
    """
    if len(block) < SECTOR_BYTES:
        return None
    magic, seq, length = _HEAD.unpack_from(block)
    body = block[SECTOR_BYTES : SECTOR_BYTES + length]
    found = block[_HEAD.size : _HEAD.size + hashlib.sha256().digest_size]
    if magic != _MAGIC or found != hashlib.sha256(block[: _HEAD.size] + body).digest():
        return None
    try:
        copy = SecondCopy(_members(body), seq)
    except (tarfile.TarError, OSError, ValueError):
        return None
    return copy if copy.site else None


def _members(body: bytes) -> Mapping[str, bytes]:
    members = {}
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:") as tar:
        for entry in tar:
            file = tar.extractfile(entry) if entry.isreg() and entry.name in MEMBERS else None
            if file is not None:
                members[entry.name] = file.read()
    return members


def newest(blocks: tuple[bytes, bytes]) -> tuple[SecondCopy | None, int]:
    """The copy in force and which place is to be overwritten; of a new disk the first."""
    first, second = map(decode, blocks)
    if second is not None and (first is None or second.seq > first.seq):
        return second, 0
    return first, 1 if first is not None else 0


def to_keep(found: Mapping[str, bytes], last: SecondCopy | None) -> Mapping[str, bytes]:
    """What the next copy holds: `found` on the data partition, and of this site's `last` copy what
    the partition has lost since. Blank secrets and a broken file never drive a good one out."""
    members = dict(found)
    if not is_whole_identity(members.get(IDENTITY, b"")):
        members.pop(IDENTITY, None)
    if last is not None and last.site == site_of(found):
        for name in SECRET_NAMES:
            if name in last.members:
                members.setdefault(name, last.members[name])
        if IDENTITY not in members and IDENTITY in last.members:
            # One with its own next key: the province grants each key one successor.
            members.pop(NEXT_KEY, None)
            kept = {name for name in (IDENTITY, NEXT_KEY) if name in last.members}
            members |= {name: last.members[name] for name in kept}
    if NEXT_KEY in members and members.get(IDENTITY, b"").startswith(members[NEXT_KEY]):
        # Its certificate has come; asked for again, the same key would be refused.
        del members[NEXT_KEY]
    return members


def is_whole_identity(content: bytes) -> bool:
    """Whether key and certificate are there to the end: a broken file system leaves zeros."""
    return b"PRIVATE KEY" in content and content.rstrip().endswith(_PEM_END)
