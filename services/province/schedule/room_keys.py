"""The keys of a meeting's room: one for each invited site, and the console's own.

All are made of the meeting's secret, so that every copy of the program, and the feed that was read
yesterday, have the same ones. What they are for: docs/room.md, *Who is who*.
"""

import hashlib
import hmac
import secrets
from functools import lru_cache

from appliance.dialers.janus.proof import ConsoleSigner, text_of

SECRET_BYTES = 32


def new_secret() -> str:
    """A secret for a new meeting, as hexadecimal digits."""
    return secrets.token_hex(SECRET_BYTES)


def site_key(secret: str, site: str) -> str:
    """What the feed of `site` gives it as ``X-DIEMCAU-SITE-KEY``; "" without a secret."""
    return f"{site}/{text_of(_derived(secret, f'site {site}'))}" if secret else ""


@lru_cache(maxsize=1024)
def console_signer(secret: str) -> ConsoleSigner:
    """With what the console signs its displays in this meeting's room."""
    return ConsoleSigner(_derived(secret, "console"))


@lru_cache(maxsize=4096)
def console_key(secret: str) -> str:
    """What every feed gives as ``X-DIEMCAU-CONSOLE-KEY``; "" without a secret."""
    return console_signer(secret).public if secret else ""


def _derived(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"diemcau {purpose}".encode(), hashlib.sha256)
