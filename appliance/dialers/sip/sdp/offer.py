"""Offer and answer (RFC 3264): two descriptions in, what each medium sends and receives out.

Without I/O. A medium that we have no use for (BFCP, far-end camera control, T.38...) keeps its
place with port 0.
"""

from collections.abc import Iterator
from dataclasses import replace

from appliance.dialers.sip.sdp.description import Description, Media, SdpError
from appliance.dialers.sip.sdp.formats import Crypto, Payload, feedback, payloads
from appliance.dialers.sip.sdp.offer_formats import (
    EVENT,
    answered,
    clock,
    events,
    h264,
    h264_answer,
    h264_bps,
    mode,
    sound,
)
from appliance.dialers.sip.sdp.offer_keys import key_from_offer, keys_from_answer
from appliance.dialers.sip.sdp.offer_lines import (
    FEEDBACK,
    HEADERS_BPS,
    SOUND_BPS,
    Agreed,
    Agreement,
    Encryption,
    Ours,
    Role,
    Secured,
    description,
    media_line,
    refused_line,
    with_keys,
)
from appliance.media.codecs.bitrate_ladder import BITRATE_LADDER
from appliance.media.codecs.parameter_sets import signalled_sets
from appliance.media.rtp.h264_payload import LEAST_BPS
from appliance.media.rtp.receiver import Receiving
from appliance.media.rtp.sender import Sending
from appliance.media.rtp.udp_ports import Address

_CONTENT = {"slides", "alt"}
_MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly"}
MIN_BPS = 64_000


def answer(ours: Ours, remote: Description) -> Agreement:
    """Answer an offer; raises SdpError when nothing could be seen or heard."""
    lines: list[Media] = []
    agreed: list[Agreed] = []
    refusals: list[str] = []
    for media in remote.media:
        role = _role(media)
        if role is None or not media.port or any(known.role is role for known in agreed):
            lines.append(refused_line(media))
            continue
        try:
            formats, medium = _answer(ours, remote, media, role)
        except SdpError as error:
            refusals.append(error.detail)
            lines.append(refused_line(media))
            if ours.encryption is Encryption.REQUIRED and role is Role.AUDIO:
                raise
            continue
        lines.append(formats)
        agreed.append(medium)
    _demand(agreed, refusals)
    return Agreement(description(ours, tuple(lines)), tuple(agreed))


def accept(ours: Ours, local: Description, remote: Description) -> Agreement:
    """Take the answer to our offer `local`; raises SdpError when it leaves nothing."""
    agreed: list[Agreed] = []
    refusals: list[str] = []
    for offered, media in _paired(local.media, remote.media):
        role = _own_role(ours, offered)
        if role is None or not media.port:
            continue
        try:
            agreed.append(_accept(ours, offered, remote, media, role))
        except SdpError as error:
            refusals.append(error.detail)
            if ours.encryption is Encryption.REQUIRED:
                raise
    _demand(agreed, refusals)
    return Agreement(local, tuple(agreed))


def _paired(
    offered: tuple[Media, ...], answers: tuple[Media, ...]
) -> Iterator[tuple[Media, Media]]:
    """Each line of our offer with its answer: by the place (RFC 3264 section 6), or by the kind
    where the far end has put the lines into an order of its own."""
    placed = list(zip(offered, answers, strict=False))
    if all(one.kind == other.kind or not other.port for one, other in placed):
        yield from placed
        return
    left = list(answers)
    for one in offered:
        found = next((other for other in left if other.kind == one.kind), None)
        if found is not None:
            left.remove(found)
            yield one, found


def _demand(agreed: list[Agreed], refusals: list[str]) -> None:
    if not any(medium.role in (Role.AUDIO, Role.VIDEO) for medium in agreed):
        raise SdpError(
            "; ".join(dict.fromkeys(refusals)) or "the far end offers neither sound nor picture"
        )


def _role(media: Media) -> Role | None:
    if media.kind == "audio":
        return Role.AUDIO
    if media.kind != "video":
        return None
    content = (media.value("content") or "").lower().replace(" ", "")
    return Role.CONTENT if _CONTENT & set(content.split(",")) else Role.VIDEO


def _own_role(ours: Ours, media: Media) -> Role | None:
    """The role of a media_line of ours, by its port: the media_line itself does not say it."""
    return next((role for role, port in ours.ports.items() if port == media.port), None)


def _answer(ours: Ours, remote: Description, media: Media, role: Role) -> tuple[Media, Agreed]:
    chosen = key_from_offer(ours, media)
    theirs = payloads(media)
    if role is Role.AUDIO:
        common = sound(theirs)
        formats = [_audio_answer(payload) for payload in common]
    else:
        best = h264(theirs)
        common = [] if best is None else [best]
        formats = [h264_answer(payload, ours.bps) for payload in common]
    if not common:
        raise SdpError(_nothing_common(media, theirs))
    offered = feedback(media, {payload.number for payload in common})
    kinds = tuple(kind for kind in FEEDBACK if kind in offered)
    direction = _direction(remote, media, role)
    keys = []
    both: Secured | None = None
    if chosen is not None:
        own = ours.own(role, chosen.suite)
        both = Secured(chosen.suite, own, chosen.keys)
        keys = [Crypto(chosen.tag, chosen.suite, (own,))]
    written = with_keys(media_line(ours, role, formats, direction, kinds), media.protocol, keys)
    return written, replace(
        _agreed(remote, media, role, common, common, direction, kinds), secured=both
    )


def _accept(ours: Ours, offered: Media, remote: Description, media: Media, role: Role) -> Agreed:
    own = payloads(offered)
    theirs = payloads(media, own)
    pairs = answered(theirs, own)
    if role is Role.AUDIO:
        known = sound([payload for payload, _ in pairs])
        pairs = [pair for pair in pairs if pair[0] in known]
    common = [payload for payload, _ in pairs]
    if not any(payload.name.lower() != EVENT for payload in common):
        raise SdpError(_nothing_common(media, theirs))
    kinds = _feedback(offered, media, pairs)
    used = {payload.number for _, payload in pairs}
    numbers = {payload.number for payload in own}
    # A number that means one thing in our offer and another in the answer is the answer's.
    other = [payload for payload in common if payload.number not in numbers & used]
    taken = [payload for payload in own if payload.number not in {p.number for p in other}]
    mine = offered.direction or "sendrecv"
    direction = _both(mine, _direction(remote, media, role))
    medium = _agreed(remote, media, role, common, taken + other, direction, kinds)
    return replace(medium, secured=keys_from_answer(ours, offered, media, role))


def _feedback(
    offered: Media, media: Media, pairs: list[tuple[Payload, Payload]]
) -> tuple[str, ...]:
    theirs = feedback(media, {payload.number for payload, _ in pairs})
    ours = feedback(offered, {payload.number for _, payload in pairs})
    return tuple(kind for kind in FEEDBACK if kind in theirs & ours)


def _nothing_common(media: Media, theirs: list[Payload]) -> str:
    names = ", ".join(dict.fromkeys(payload.name for payload in theirs[:12])) or "nothing known"
    return f"the far end offers {media.kind} as {names}, none of which is known here"


def _direction(remote: Description, media: Media, role: Role) -> str:
    """Our direction, from theirs."""
    theirs = remote.direction(media)
    where = remote.connection_of(media)
    if where is None or where.is_nowhere:
        theirs = _both(theirs, "sendonly")
    return _both(
        _MIRROR.get(theirs, "inactive"), "recvonly" if role is Role.CONTENT else "sendrecv"
    )


def _both(one: str, other: str) -> str:
    """The direction that both of two directions allow."""
    send = all(d in ("sendrecv", "sendonly") for d in (one, other))
    receive = all(d in ("sendrecv", "recvonly") for d in (one, other))
    if send:
        return "sendrecv" if receive else "sendonly"
    return "recvonly" if receive else "inactive"


def _audio_answer(payload: Payload) -> Payload:
    known = {"opus": {"useinbandfec": "1"}, EVENT: {"0-15": ""}}
    return replace(payload, parameters=known.get(payload.name.lower(), {}))


def _agreed(
    remote: Description,
    media: Media,
    role: Role,
    common: list[Payload],
    taken: list[Payload],
    direction: str,
    kinds: tuple[str, ...],
) -> Agreed:
    """`common` is what the far end takes, the first of it wanted; `taken` is what we take."""
    where = remote.connection_of(media)
    rtp = rtcp = None
    if where is not None and not where.is_nowhere:
        rtp = (where.host, media.port)
        rtcp = _rtcp(media, rtp)
    sending = receiving = None
    if direction in ("sendrecv", "sendonly"):
        first = next(payload for payload in common if payload.name.lower() != EVENT)
        keys = [event.number for event in events(common) if event.rate == clock(first)]
        bps = _bps(remote, media)
        if role is not Role.AUDIO:
            bps = min(bps, h264_bps(first))
        sending = Sending(
            first.number,
            first.name,
            clock(first),
            mode(first),
            "nack" in kinds,
            keys[0] if keys else None,
            bps,
        )
    if direction in ("sendrecv", "recvonly"):
        receiving = Receiving(
            {payload.number: (payload.name, clock(payload)) for payload in taken},
            frozenset(kinds),
            next(filter(None, map(_sets, common)), ()),
        )
    return Agreed(role, rtp, rtcp, sending, receiving)


def _sets(payload: Payload) -> tuple[bytes, ...]:
    return signalled_sets(payload.parameters.get("sprop-parameter-sets", ""))


def _rtcp(media: Media, rtp: Address) -> Address:
    """The far end's RTCP address: the next port, or the one that it names (RFC 3605)."""
    words = (media.value("rtcp") or "").split()
    if words and words[0].isascii() and words[0].isdigit() and 0 < int(words[0][:6]) < 65536:
        return (words[3] if len(words) > 3 else rtp[0], int(words[0]))
    return rtp[0], min(rtp[1] + 1, 65535)


def _bps(remote: Description, media: Media) -> int:
    """The bit/s that the far end can take (RFC 3890, RFC 8866 section 5.8)."""
    own = media.bandwidth("TIAS")
    if own is None and media.bandwidth("AS"):
        own = round((media.bandwidth("AS") or 0) * 1000 * 0.95)
    limits = [own] if own else []
    whole = remote.bandwidth("TIAS") or (remote.bandwidth("AS") or 0) * 1000
    if whole:
        limits.append(whole - SOUND_BPS - HEADERS_BPS)
    least = min(limits, default=2_500_000)
    # Between both ends of the last rung it would stop at the first loss and never go on.
    return max(LEAST_BPS if BITRATE_LADDER[-1].leave_bps <= least else MIN_BPS, least)
