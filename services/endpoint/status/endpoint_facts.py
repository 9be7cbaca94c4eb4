"""What the endpoint tells its neighbours of one turn, as one typed value. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import msgspec

from appliance.core.decision import CallState, Decision
from appliance.core.floor_control import Floor
from appliance.core.problems import Problem
from appliance.core.scenes import Scene
from appliance.wire.facts import (
    MAX_AGENDA_PROBLEMS,
    MAX_MEETING_TIMES,
    EndpointFacts,
    HandFacts,
    MeetingTime,
)
from appliance.wire.meeting import Meeting
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.call.call_keeper import CallKeeper, Ended

MAX_SENTENCE = 200
"""Letters of one sentence about the agenda."""
AHEAD_S = 24 * 3600.0
"""Whoever may not disturb a meeting looks two hours ahead; a day says enough to a reader."""


def facts_of_turn(
    decision: Decision,
    shown: Scene,
    floor: Floor,
    problems: Sequence[Problem],
    call_keeper: CallKeeper,
    agenda: AgendaPoller,
    now: float,
    *,
    clock_trusted: bool,
) -> EndpointFacts:
    """The facts of a turn at `now` (POSIX s): what people see, the call and the agenda."""
    facts = endpoint_facts(
        decision,
        shown,
        floor,
        problems,
        call=call_keeper.fact.state,
        tries=call_keeper.tries,
        ended=call_keeper.ended,
    )
    return with_agenda(
        facts,
        agenda.meetings,
        agenda.state.fetched_at,
        now,
        clock_trusted=clock_trusted,
        problems=agenda.state.agenda.problems,
    )


def endpoint_facts(
    decision: Decision,
    shown: Scene,
    floor: Floor,
    problems: Sequence[Problem],
    *,
    call: CallState,
    tries: int,
    ended: Ended | None,
) -> EndpointFacts:
    """The facts of a turn; what no decision needs is added by `with_measured`."""
    return EndpointFacts(
        phase=decision.phase.value,
        screen=shown.screen.value,
        meeting=decision.meeting.uid if decision.meeting else "",
        call=call.value,
        tries=tries,
        ended=ended.reason.value if ended else "",
        detail=ended.detail if ended else "",
        lamp=shown.lamp.value,
        hand=HandFacts(
            up=floor.hand,
            confirmed=floor.hand_confirmed,
            live=floor.mic,
            floor=floor.given,
            returned=floor.returned,
        ),
        microphone=shown.microphone.value,
        line=shown.line.value,
        speaker=shown.speaker,
        problems=tuple(problem.code for problem in problems),
        problem_details={one.code: one.detail for one in problems if one.detail},
    )


def with_agenda(
    facts: EndpointFacts,
    meetings: Iterable[Meeting],
    agenda_at: float | None,
    now: float,
    *,
    clock_trusted: bool,
    problems: Iterable[str] = (),
) -> EndpointFacts:
    """`facts` with the meetings of the next day that can be joined; `now` in POSIX seconds.

    `problems` are sentences about what of the agenda was left out or guessed.
    """
    times = (
        MeetingTime(one.begin, one.end, one.doors_s)
        for one in meetings
        if one.address and one.end > now and one.begin < now + AHEAD_S
    )
    return msgspec.structs.replace(
        facts,
        meetings=tuple(islice(times, MAX_MEETING_TIMES)),
        agenda_at=agenda_at,
        agenda_problems=tuple(one[:MAX_SENTENCE] for one in islice(problems, MAX_AGENDA_PROBLEMS)),
        clock_trusted=clock_trusted,
    )


def with_measured(facts: EndpointFacts, measured: Mapping[str, str | float]) -> EndpointFacts:
    """`facts` with figures and the last self-test, by the names of their fields."""
    return msgspec.structs.replace(facts, **measured)
