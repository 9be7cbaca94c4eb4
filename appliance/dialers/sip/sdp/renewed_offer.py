"""Offers again in a call: what this site wants now, in the lines that both ends have agreed on.

A far end that held this site asks for our offer when it takes it back (a re-INVITE without a
description). To say again what was agreed would offer the hold: muted and dark to the end.
"""

from dataclasses import replace

from appliance.dialers.sip.sdp.description import Attribute, Description, Media
from appliance.dialers.sip.sdp.formats import Payload, payloads
from appliance.dialers.sip.sdp.offer_formats import AUDIO_OFFER, clock, h264_offer, mode
from appliance.dialers.sip.sdp.offer_keys import PLAIN, SECURE
from appliance.dialers.sip.sdp.offer_lines import (
    FEEDBACK,
    Encryption,
    Ours,
    Role,
    description,
    media_line,
    own_keys,
    with_keys,
)

_DYNAMIC = range(96, 128)
_DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})


def renewed(ours: Ours, local: Description) -> Description:
    """Our offer in the call whose last description of ours was ``local`` (RFC 3264 section 8).

    Each medium keeps its place, and each format its number. Sound and picture are wanted both ways,
    also where they were taken away; slides are only received. Where nothing is held it is
    ``local``.
    """
    roles = [_role(ours, media) for media in local.media]
    if not _held(local, roles):
        return local  # word for word: a far end may choose other codecs for any other
    wanted = [role for role in (Role.AUDIO, Role.VIDEO) if role not in roles]
    lines = []
    for media, role in zip(local.media, roles, strict=True):
        known = role
        if known is None and media.kind in wanted:
            known = Role(media.kind)
            wanted.remove(known)
        if known is None:
            lines.append(media)
        elif known is Role.CONTENT:
            lines.append(_directed(media, "recvonly"))
        else:
            lines.append(_line(ours, known, media))
    return description(ours, tuple(lines))


def _held(local: Description, roles: list[Role | None]) -> bool:
    """Whether sound or picture go fewer ways than we want, or were taken away."""
    both = {
        role
        for media, role in zip(local.media, roles, strict=True)
        if media.direction in (None, "sendrecv")
    }
    kinds = {media.kind for media in local.media}
    return any(role.value in kinds and role not in both for role in (Role.AUDIO, Role.VIDEO))


def _role(ours: Ours, media: Media) -> Role | None:
    """The role of a line of ours, by its port; None for one that was refused or taken away."""
    return next((role for role, port in ours.ports.items() if port == media.port), None)


def _line(ours: Ours, role: Role, before: Media) -> Media:
    audio = role is Role.AUDIO
    formats = list(AUDIO_OFFER) if audio else h264_offer(ours.bps)
    line = media_line(ours, role, _numbered(formats, before), "sendrecv", () if audio else FEEDBACK)
    protocol = before.protocol.upper()
    if protocol not in SECURE | PLAIN:
        protocol = "RTP/AVP"
    if ours.encryption is Encryption.REQUIRED and protocol in PLAIN and not before.port:
        protocol = "RTP/SAVP"
    return with_keys(line, protocol, own_keys(ours, role))


def _numbered(own: list[Payload], before: Media) -> list[Payload]:
    """Our formats by the numbers that they have in this call; a number never changes its format."""
    found: list[Payload] = []
    agreed = payloads(before)
    taken = {int(word) for word in before.formats if word.isascii() and word.isdecimal()}
    if not before.port:
        taken -= {payload.number for payload in own if payload.number not in _DYNAMIC}
    for payload in own:
        same = next((one for one in agreed if _same(one, payload)), None)
        number = payload.number if same is None else same.number
        if same is None and number in taken:
            free = (one for one in _DYNAMIC if one not in taken)
            number = next(free, number)
        taken.add(number)
        found.append(replace(payload, number=number))
    return found


def _same(one: Payload, other: Payload) -> bool:
    names = one.name.lower() == other.name.lower()
    return names and clock(one) == clock(other) and mode(one) == mode(other)


def _directed(media: Media, direction: str) -> Media:
    kept = (one for one in media.attributes if one.name.lower() not in _DIRECTIONS)
    return replace(media, attributes=(*kept, Attribute(direction)))
