"""The page on which a commune enters how many people are in its hall: the address the TV shows.

The box makes it of the key that its own feed gives it for this meeting (`room_keys.SITE_KEY`), so
nothing more travels. It opens one page of the province, of one site and one occurrence, and says
nothing else; the province takes it from half an hour before the begin until an hour after the end.
"""

import base64
import hashlib
import hmac

from appliance.wire.room_keys import RoomKeys

HEADS = "/heads"
PROOF_FORM = "[A-Za-z0-9_-]{16}"
_BYTES = 12
"""96 bits: more than anybody guesses at a page that answers a few times a second."""


def head_count_proof(site_key: str, meeting: str) -> str:
    """Sixteen letters of HMAC-SHA256 by a site's key of the occurrence's uid."""
    words = f"diemcau head count\n{meeting}".encode()
    return base64.urlsafe_b64encode(
        hmac.digest(site_key.encode(), words, hashlib.sha256)[:_BYTES]
    ).decode()


def head_count_link(province: str, keys: RoomKeys | None) -> str:
    """The page's address; "" where no province or no key is known."""
    if not province or keys is None or not keys.site_key:
        return ""
    site = keys.site_key.partition("/")[0]
    return f"{province}{HEADS}/{site}/{head_count_proof(keys.site_key, keys.meeting)}"
