"""Who is in a conference in which nobody of ours is (SIP): what the sites say of themselves."""

import zlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.core.decision import Phase
from appliance.core.screen_texts import Microphone
from appliance.wire.topics import Kind
from services.province.fleet.overview import standings_of
from services.province.floor.participants import Present
from services.province.storage.tables import LastReport


def reported(session: Session, sites: Mapping[str, str], uid: str, now: float) -> list[Present]:
    """The sites (ids by names) that say they are in the meeting `uid`, with hand and microphone.

    A site that fell silent is in no meeting, whatever it said last.
    """
    standings = standings_of(session, sites.values(), now, close=True)
    hands = hands_of(session)
    found = []
    for name, site in sites.items():
        standing = standings[site]
        if standing.phase != Phase.IN_MEETING or standing.meeting != uid:
            continue
        _, hand = hands.get(site, (0, {}))
        here = hand.get("meeting") == uid
        live = here and hand.get("live") is True
        returned = here and hand.get("returned") is True
        found.append(Present(number_of(site), name, is_up(hand, uid), live, returned))
    return found


def knows_floor(session: Session, site: str, uid: str) -> bool:
    """Whether the site says that it has the floor in this meeting, or speaks already."""
    said = session.get(LastReport, (site, Kind.MEETING))
    return (
        said is not None
        and said.state.get("meeting") == uid
        and said.state.get("microphone") in (Microphone.GIVEN, Microphone.LIVE)
    )


def hands_of(session: Session) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """Each site's last word on its hand, and the `seq` of that."""
    rows = select(LastReport.site_id, LastReport.seq, LastReport.state).where(
        LastReport.kind == Kind.HAND
    )
    return {site: (seq, state) for site, seq, state in session.execute(rows)}


def is_up(hand: Mapping[str, Any], uid: str) -> bool:
    """Whether that word is a raised hand in this meeting."""
    return hand.get("up") is True and hand.get("meeting") == uid


def number_of(site: str) -> int:
    """What stands for the number that a room gives to a participant."""
    return zlib.crc32(site.encode())
