"""Proves who is who in a room: sites to the console, the console to all sites.

Whoever is in a Janus VideoRoom reads every display and may copy it, so a proof is bound to what a
copy cannot have: the participant's own id, which the server lets nobody share. A site's is
HMAC-SHA256 (RFC 2104) by a key that it has in common with the console; the console's is a
signature (Ed25519, RFC 8032), so that a site which knows how to check it cannot make one.
"""

import base64
import hashlib
import hmac
import json
from binascii import Error
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.dialers.janus.display import Display, Feed
from appliance.wire.room_keys import RoomKeys

PROOF_BYTES = 16  # of the HMAC: 128 bits, which nobody guesses within a meeting


def site_proof(keys: RoomKeys, room: Feed, participant: Feed) -> str:
    """The proof for the display of the participant that this site is; "" without a key."""
    site, _, key = keys.site_key.partition("/")
    return f"{site}/{_mac(key, keys.meeting, room, participant)}" if key else ""


def proved_site(
    proof: str,
    meeting: str,
    room: Feed,
    participant: Feed,
    key_of: Callable[[str], str],
) -> str:
    """The id of the site that the participant proves to be, "" for none.

    `key_of` gives the ``X-DIEMCAU-SITE-KEY`` of a site for that meeting, "" for one that is not
    invited.
    """
    site, slash, given = proof.partition("/")
    _, _, key = key_of(site).partition("/") if slash else ("", "", "")
    if not key:
        return ""
    wanted = _mac(key, meeting, room, participant)
    return site if hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()) else ""


class ConsoleSigner:
    """Signs the console's displays for one meeting; `seed` is 32 secret bytes."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> str:
        """The ``X-DIEMCAU-CONSOLE-KEY`` of the feeds."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return text_of(raw)

    def sign(self, display: Display, meeting: str, room: Feed, participant: Feed) -> str:
        """The ``signature`` of the console's display."""
        return text_of(self._key.sign(_signed(display, meeting, room, participant)))


def is_console(display: Display, keys: RoomKeys, room: Feed, participant: Feed) -> bool:
    """Whether the console itself shows this display, in this meeting and as this participant."""
    if not (display.chair and display.signature and keys.console_key):
        return False
    try:
        public = Ed25519PublicKey.from_public_bytes(_bytes_of(keys.console_key))
        public.verify(
            _bytes_of(display.signature), _signed(display, keys.meeting, room, participant)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def text_of(raw: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes_of(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except Error as error:
        raise ValueError(str(error)) from error


def _mac(key: str, meeting: str, room: Feed, participant: Feed) -> str:
    message = json.dumps(["diemcau site", meeting, str(room), str(participant)])
    return text_of(hmac.digest(key.encode(), message.encode(), hashlib.sha256)[:PROOF_BYTES])


def _signed(display: Display, meeting: str, room: Feed, participant: Feed) -> bytes:
    said = [display.at, display.floor, display.leads]
    return json.dumps(["diemcau console", meeting, str(room), str(participant), *said]).encode()
