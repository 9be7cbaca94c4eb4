"""Chooses the SRTP keys of a medium, or refuses it where it must not go without."""

from appliance.dialers.sip.sdp.description import Media, SdpError
from appliance.dialers.sip.sdp.formats import Crypto, cryptos
from appliance.dialers.sip.sdp.offer_lines import Encryption, Ours, Role, Secured

SECURE = {"RTP/SAVP", "RTP/SAVPF"}
PLAIN = {"RTP/AVP", "RTP/AVPF"}


def key_from_offer(ours: Ours, media: Media) -> Crypto | None:
    """The far end's key from its offer; None for a medium without encryption. Raises SdpError."""
    protocol = media.protocol.upper()
    usable = cryptos(media)
    if protocol not in SECURE | PLAIN:
        raise SdpError(f"the far end offers {media.kind} by {media.protocol!r} only")
    if protocol in SECURE and ours.encryption is Encryption.OFF:
        raise SdpError("the far end demands encryption, and encryption is off here")
    if usable and ours.encryption is not Encryption.OFF:
        return usable[0]
    if protocol in SECURE:
        raise SdpError("the far end demands encryption of a kind that is not known here")
    if ours.encryption is Encryption.REQUIRED:
        raise SdpError("encryption is demanded here, and the far end offers none")
    return None


def keys_from_answer(ours: Ours, offered: Media, media: Media, role: Role) -> Secured | None:
    """The keys from its answer `media` to our line; None without encryption. Raises SdpError.

    The suite decides: some far ends number their keys anew instead of by our tag (RFC 4568 5.1.2),
    and each suite of ours has one key.
    """
    mine = {crypto.suite for crypto in cryptos(offered)}
    for crypto in cryptos(media):
        if crypto.suite in mine:
            return Secured(crypto.suite, ours.own(role, crypto.suite), crypto.keys)
    if media.protocol.upper() in SECURE or ours.encryption is Encryption.REQUIRED:
        raise SdpError("encryption is demanded here, and the far end's answer brings no key for it")
    return None
