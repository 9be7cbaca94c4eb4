"""Which release is to be had at an address, as RAUC vouches for it; costs some kilobytes."""

import json
import subprocess
from typing import Any

INSPECT = ("busctl", "--json=short", "call", "de.pengutronix.rauc", "/",
           "de.pengutronix.rauc.Installer", "InspectBundle", "sa{sv}")  # fmt: skip
"""RAUC's service asks, with all that an installation has: its keyring, its certificates, its user
for what comes over a line (RAUC's manual, D-Bus API; busctl(1) for the types)."""
DEADLINE_S = 120.0
"""A line that is slow, and a bus that starts RAUC for this."""


class AddressError(Exception):
    """Nothing is known of the release at an address; says which, and RAUC's reason."""


def offered(url: str, authority: str) -> str:
    """The version of the bundle at `url`, an https address, whose signature RAUC has verified.

    `authority`: a file with the one that the server's certificate has to be from, "" for the
    machine's own. Raises `AddressError` with RAUC's reason.
    """
    arguments = ("1", "tls-ca", "s", authority) if authority else ("0",)
    try:
        done = subprocess.run(
            (*INSPECT, url, *arguments), capture_output=True, text=True, timeout=DEADLINE_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AddressError(f"{url}: RAUC cannot be asked: {error}") from error
    if done.returncode != 0:
        raise AddressError(f"{url}: {done.stderr.strip() or 'RAUC said nothing'}")
    return _version(url, done.stdout)


def _version(url: str, said: str) -> str:
    """Of the one dictionary that is told; its ``update`` is a variant within a variant."""
    try:
        update: Any = json.loads(said)["data"][0]["update"]["data"]["data"]
        found = update["version"]["data"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise AddressError(f"{url}: RAUC tells no version: {said.strip()[:400]}") from error
    return str(found)
