"""From the endpoint's fact file to what the province is told of it."""

from collections.abc import Mapping
from itertools import islice

from appliance.core.decision import Phase
from appliance.wire.facts import EndpointFacts, UpdateFacts
from appliance.wire.report import Hand, Meeting, Update
from appliance.wire.report_id import ReportId

SILENT = "silent"
PHASES: Mapping[str, tuple[str, str]] = {
    Phase.WAITING: (Phase.IN_MEETING, "waiting"),
    Phase.OVERTIME: (Phase.IN_MEETING, "overtime"),
    Phase.LEFT: (Phase.IDLE, "left"),
}
"""The phases that a province of an earlier release does not know: those it does, and the period."""
MAX_LETTERS, MAX_NAME_LETTERS, MAX_WORD_LETTERS = 400, 100, 40
"""Of a sentence, a name and a word of a closed set, as `wire.report` takes them: a longer one would
cost the whole report."""
MAX_PROBLEMS = 50


def meeting_of(endpoint: EndpointFacts | None, report_id: ReportId) -> Meeting:
    """What the endpoint does; a silent one is said to be silent, whatever it did last."""
    if endpoint is None:
        return Meeting(report_id, SILENT)
    phase, period = PHASES.get(endpoint.phase, (endpoint.phase, ""))
    return Meeting(
        report_id,
        phase=phase[:MAX_WORD_LETTERS] or SILENT,
        period=period,
        meeting=endpoint.meeting[:MAX_LETTERS],
        call=endpoint.call[:MAX_WORD_LETTERS],
        tries=max(0, endpoint.tries),
        ended=endpoint.ended[:MAX_WORD_LETTERS],
        detail=endpoint.detail[:MAX_LETTERS],
        line=endpoint.line[:MAX_WORD_LETTERS],
        microphone=endpoint.microphone[:MAX_WORD_LETTERS],
        problems=tuple(code[:MAX_LETTERS] for code in endpoint.problems[:MAX_PROBLEMS]),
        details={
            code[:MAX_LETTERS]: detail[:MAX_LETTERS]
            for code, detail in islice(endpoint.problem_details.items(), MAX_PROBLEMS)
        },
    )


def hand_up(endpoint: EndpointFacts | None) -> bool:
    """Whether the room wishes to speak; a silent endpoint says nothing."""
    return endpoint is not None and endpoint.hand.up


def hand_of(endpoint: EndpointFacts | None, report_id: ReportId, since: float) -> Hand:
    """The hand, up `since` (POSIX s)."""
    if endpoint is None:
        return Hand(report_id, up=False, since=0.0, meeting="", live=False)
    hand, meeting = endpoint.hand, endpoint.meeting[:MAX_LETTERS]
    return Hand(report_id, hand.up, since if hand.up else 0.0, meeting, hand.live, hand.returned)


def update_of(update: UpdateFacts, report_id: ReportId) -> Update:
    """Which release runs, and what became of the other."""
    return Update(
        report_id,
        state=update.state[:MAX_WORD_LETTERS] or "unknown",
        release=update.release[:MAX_NAME_LETTERS],
        wanted=update.wanted[:MAX_NAME_LETTERS],
        slot=update.slot[:MAX_NAME_LETTERS],
        progress=min(1.0, max(0.0, update.progress)),
        detail=update.detail[:MAX_LETTERS],
    )
