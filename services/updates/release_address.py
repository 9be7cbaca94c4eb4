"""Asks RAUC which release lies at an address; costs some kilobytes of the line."""

import json
import subprocess
from typing import Any

INSPECT_BUNDLE = ("busctl", "--json=short", "call", "de.pengutronix.rauc", "/",
           "de.pengutronix.rauc.Installer", "InspectBundle", "sa{sv}")  # fmt: skip
"""RAUC's service does it as for an installation: with its keyring, and with the process of another
user for what comes over a line (RAUC's manual, D-Bus API; busctl(1) for the types)."""
DEADLINE_S = 120.0
"""For a slow line, and a bus that starts RAUC first."""


class AddressError(Exception):
    """Nothing is known of the bundle at an address; says which address, and why."""


def version_at(url: str, authority: str) -> str:
    """The version of the bundle at `url`, an https address, whose signature RAUC has verified.

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
    return _version(url, done.stdout)


def _version(url: str, printed: str) -> str:
    """Of the dictionary that busctl prints; its ``update`` is a variant within a variant."""
    try:
        update: Any = json.loads(printed)["data"][0]["update"]["data"]["data"]
        found = update["version"]["data"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise AddressError(f"{url}: RAUC tells no version: {printed.strip()[:400]}") from error
    return str(found)
