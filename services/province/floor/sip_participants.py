"""Who is in a conference that we cannot join (SIP), from what the sites report of themselves."""

import zlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.core.decision import Phase
from appliance.core.screen_texts import Microphone
from appliance.wire.topics import Kind
from services.province.fleet.overview import statuses_of
from services.province.floor.participants import Participant
from services.province.storage.reports import fields_of
from services.province.storage.tables import LastReport


def reported_participants(
    session: Session, sites: Mapping[str, str], uid: str, now: float
) -> list[Participant]:
    """The sites (names by ids) that report to be in the meeting `uid`, with hand and microphone.

    Each is known by its certificate at the broker.

    A silent site is in no meeting, whatever it reported last.
    """
    statuses = statuses_of(session, sites, now, close=True)
    hands = hands_of(session)
    found = []
    for site, name in sites.items():
        status = statuses[site]
        if status.phase != Phase.IN_MEETING or status.meeting != uid:
            continue
        _, hand = hands.get(site, (0, {}))
        here = hand.get("meeting") == uid
        live = here and hand.get("live") is True
        returned = here and hand.get("returned") is True
        found.append(
            Participant(participant_number(site), name, is_raised(hand, uid), live, returned, site)
        )
    return found


def has_floor(session: Session, site: str, uid: str) -> bool:
    """Whether the site reports that it has the floor in this meeting, or speaks already."""
    report = session.get(LastReport, (site, Kind.MEETING))
    state = fields_of(report.state) if report is not None else {}
    given = state.get("microphone") in (Microphone.GIVEN, Microphone.LIVE)
    return state.get("meeting") == uid and given


def hands_of(session: Session) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """Each site's last report of its hand, as (seq, state)."""
    rows = select(LastReport.site_id, LastReport.seq, LastReport.state).where(
        LastReport.kind == Kind.HAND
    )
    return {site: (seq, fields_of(state)) for site, seq, state in session.execute(rows)}


def is_raised(hand: Mapping[str, Any], uid: str) -> bool:
    """Whether that report is of a raised hand in this meeting."""
    return hand.get("up") is True and hand.get("meeting") == uid


def participant_number(site: str) -> int:
    """A number in place of the id that a room gives to a participant."""
    return zlib.crc32(site.encode())
