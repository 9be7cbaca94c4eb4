"""Asks RAUC which release lies at an address, and how large it is; costs some kilobytes."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from services.updates.bundle_size import BLOCK_BYTES, MAX_BUNDLE_BYTES, bundle_size

INSPECT_BUNDLE = ("busctl", "--json=short", "call", "de.pengutronix.rauc", "/",
           "de.pengutronix.rauc.Installer", "InspectBundle", "sa{sv}")  # fmt: skip
"""RAUC's service does it as for an installation: with its keyring, and with the process of another
user for what comes over a line (RAUC's manual, D-Bus API; busctl(1) for the types)."""
DEADLINE_S = 120.0
"""For a slow line, and a bus that starts RAUC first."""


class AddressError(Exception):
    """Nothing is known of the bundle at an address; says which address, and why."""


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """What lies at an address, as the bundle's signed manifest has it."""

    version: str
    size: int
    """Of the bundle, in bytes; up to 512 KiB more than it has (`bundle_size`)."""


def release_at(url: str, authority: str) -> PublishedRelease:
    """The release in the bundle at `url`, an https address, whose signature RAUC has verified.

    `authority`: a file with the one that the server's certificate has to be from, "" for the
    machine's own. Raises `AddressError` with RAUC's reason.
    """
    arguments = ("1", "tls-ca", "s", authority) if authority else ("0",)
    try:
        done = subprocess.run(
            (*INSPECT_BUNDLE, url, *arguments), capture_output=True, text=True, timeout=DEADLINE_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AddressError(f"{url}: RAUC cannot be asked: {error}") from error
    if done.returncode != 0:
        raise AddressError(f"{url}: {done.stderr.strip() or 'RAUC said nothing'}")
    version = _told(url, done.stdout, "update", "version")
    return PublishedRelease(str(version), _size(url, done.stdout))


def _size(url: str, printed: str) -> int:
    verity_size = _told(url, printed, "bundle", "verity-size")
    if not isinstance(verity_size, int) or verity_size <= 0 or verity_size % BLOCK_BYTES:
        raise AddressError(f"{url}: no size of a verity tree: {str(verity_size)[:40]}")
    # The tree alone is compared first: `bundle_size` takes no number beyond 64 bits.
    if verity_size > MAX_BUNDLE_BYTES or bundle_size(verity_size) > MAX_BUNDLE_BYTES:
        raise AddressError(f"{url}: the bundle has more than a slot has, {MAX_BUNDLE_BYTES} bytes")
    return bundle_size(verity_size)


def _told(url: str, printed: str, group: str, key: str) -> Any:
    """Of the dictionary that busctl prints; a group of it is a variant within a variant.

    A bundle of the format `plain` has no ``verity-size`` (RAUC's manual, D-Bus API).
    """
    try:
        return json.loads(printed)["data"][0][group]["data"]["data"][key]["data"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise AddressError(f"{url}: RAUC tells no {key}: {printed.strip()[:400]}") from error
