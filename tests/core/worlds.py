"""Random agendas, calls and facts, on a coarse grid of times so that coincidences are common."""

from hypothesis import strategies as st

from appliance.core.decision import CallFact, CallState, Facts
from appliance.wire.meeting import Meeting

MINUTE = 60.0
UIDS = ("a", "b", "c", "d")
ADDRESSES = ("loopback:1", "loopback:2")

times = st.integers(0, 36).map(lambda n: n * 5 * MINUTE)
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

facts = st.builds(
    Facts,
    meetings=agendas,
    call=calls,
    flowed=st.frozensets(uids),
    dismissed=st.frozensets(uids, max_size=2),
    clock_trusted=st.sampled_from((True, True, True, False)),
    fast_enough=st.sampled_from((True, True, True, False)),
)
