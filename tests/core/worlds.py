"""Random agendas, calls and facts, on a coarse grid of times so that coincidences are common."""

from dataclasses import replace

from hypothesis import strategies as st

from appliance.core.decision import CallFact, CallState, Facts, MediaFact
from appliance.wire.meeting import EndedMeeting, Meeting

MINUTE = 60.0
UIDS = ("a", "b", "c", "d")
ADDRESSES = ("loopback:1", "loopback:2")

times = st.integers(0, 60).map(lambda n: n * 5 * MINUTE)
uids = st.sampled_from(UIDS)
addresses = st.sampled_from(("", *ADDRESSES))


@st.composite
def meetings(draw: st.DrawFn, uid: str | None = None) -> Meeting:
    begin = draw(times)
    length = draw(st.integers(0, 24)) * 5 * MINUTE
    return Meeting(
        uid=draw(uids) if uid is None else uid,
        title="Giao ban",
        begin=begin,
        end=begin + length,
        address=draw(addresses),
        doors_s=draw(st.sampled_from((0.0, 5 * MINUTE, 10 * MINUTE, 40 * MINUTE))),
    )


agendas = st.lists(meetings(), max_size=4, unique_by=lambda m: m.uid).map(
    lambda listed: tuple(sorted(listed, key=lambda m: (m.begin, m.uid)))
)

calls = st.one_of(
    st.just(CallFact()),
    st.builds(
        CallFact,
        state=st.sampled_from(CallState),
        uid=st.sampled_from((*UIDS, "gone")),
        address=st.sampled_from(ADDRESSES),
    ),
)


@st.composite
def media_facts(draw: st.DrawFn, listed: tuple[Meeting, ...], call: CallFact) -> MediaFact | None:
    """Of the call that is up, or of one that was: of a listed meeting, or of one that is not."""
    known = draw(st.booleans())
    of = draw(st.sampled_from(listed)) if listed and known else None
    meeting = of or draw(meetings(uid=draw(st.sampled_from((*UIDS, "gone")))))
    flows = call.state is CallState.UP and (call.uid, call.address) == (
        meeting.uid,
        meeting.address,
    )
    if not flows and draw(st.booleans()):
        return None
    return MediaFact(
        meeting,
        last_at=None if flows else draw(times),
        ended=not flows and draw(st.booleans()),
        alone_since=draw(st.one_of(st.none(), times)) if flows else None,
        in_time_at=draw(st.sampled_from((float("-inf"), 0.0, 60 * MINUTE, 150 * MINUTE))),
    )


plain_facts = st.builds(
    Facts,
    meetings=agendas,
    call=calls,
    flowed=st.frozensets(uids),
    dismissed=st.frozensets(uids, max_size=2),
    clock_trusted=st.sampled_from((True, True, True, False)),
    fast_enough=st.sampled_from((True, True, True, False)),
    cancelled=st.frozensets(uids, max_size=1),
)


@st.composite
def ended(draw: st.DrawFn, facts: Facts) -> frozenset[EndedMeeting]:
    """What the chair has ended of these facts, and of meetings that nobody knows."""
    known = [*facts.meetings, *([facts.media.meeting] if facts.media is not None else [])]
    named = st.sampled_from([*(one.occurrence for one in known), ("gone", 0)])
    return draw(st.one_of(st.just(frozenset()), st.frozensets(named, max_size=2)))


@st.composite
def with_media(draw: st.DrawFn) -> Facts:
    """Facts whose media fit their call: they flow only where one is up."""
    base = draw(plain_facts)
    joined_one = draw(st.booleans())
    if base.meetings and joined_one:
        joined = draw(st.sampled_from(base.meetings))
        call = CallFact(CallState.UP, joined.uid, joined.address)
        base = replace(base, call=call)
    base = replace(base, media=draw(media_facts(base.meetings, base.call)))
    return replace(base, ended=draw(ended(base)))


facts = with_media()
