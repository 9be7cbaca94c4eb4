"""Random walks of facts with an obedient caller, and whole evenings told as lists of phases."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from appliance.core.decision import (
    IN_CALL,
    CallFact,
    CallState,
    Decision,
    Facts,
    MediaFact,
    Phase,
    decide,
)
from appliance.core.floor_control import NO_MEETING
from appliance.wire.meeting import Meeting
from tests.core import worlds

STEPS = 4  # up elsewhere, closing, down, dialing, up: the longest way to what is wanted


def obey(facts: Facts, decision: Decision, now: float) -> Facts:
    """One step of a caller that does what it is told, as fast as its state allows."""
    now_is, wanted = facts.call, decision.call
    if now_is.state is CallState.CLOSING:
        return replace(facts, call=CallFact())
    if wanted is None:
        if now_is.state is CallState.DOWN:
            return facts
        facts = silent(facts, now, ended=True)
        return replace(facts, call=replace(now_is, state=CallState.CLOSING))
    if now_is.state is CallState.DOWN:
        dialed = CallFact(CallState.DIALING, wanted.uid, wanted.address)
        return replace(facts, call=dialed)
    assert (now_is.uid, now_is.address) == (wanted.uid, wanted.address)
    up = replace(now_is, state=CallState.UP)
    return replace(facts, call=up, flowed=facts.flowed | {wanted.uid})


def settled(facts: Facts, now: float) -> Facts:
    for _ in range(STEPS):
        facts = obey(facts, decide(facts, now), now)
    return facts


def silent(facts: Facts, now: float, *, ended: bool = False) -> Facts:
    """The call is gone, and with it the media."""
    media = facts.media
    if media is None or media.last_at is not None:
        return facts
    return replace(facts, media=replace(media, last_at=now, ended=ended, alone_since=None))


@given(worlds.facts, worlds.times)
def test_any_state_reaches_what_is_wanted_and_stays(facts: Facts, now: float) -> None:
    rest = settled(facts, now)
    decision = decide(rest, now)
    assert decision.phase in IN_CALL | NO_MEETING
    assert (decision.phase in IN_CALL) == (rest.call.state is CallState.UP)
    assert obey(rest, decision, now) == rest


changes = st.one_of(
    st.tuples(st.just("agenda"), worlds.agendas),
    st.tuples(st.just("later"), st.integers(1, 12).map(lambda n: n * 5 * worlds.MINUTE)),
    st.tuples(st.just("dismissed"), st.frozensets(worlds.uids, max_size=2)),
    st.tuples(st.just("clock"), st.booleans()),
    st.tuples(st.just("ended"), st.booleans()),
    st.tuples(st.just("dropped"), st.none()),
    st.tuples(st.just("restarted"), st.none()),
    st.tuples(st.just("obey"), st.none()),
    st.tuples(st.just("obey"), st.none()),
    st.tuples(st.just("obey"), st.none()),
)


def joinable(facts: Facts, now: float) -> set[tuple[str, str]]:
    """Whose calls may be up at all, worked out without asking decide."""
    if not facts.clock_trusted:
        return set()
    in_time = [m for m in facts.meetings if m.doors <= now < m.end]
    if facts.media is not None and (
        now >= facts.media.meeting.begin or facts.media.last_at is None
    ):
        of_call = [m for m in facts.meetings if m.uid == facts.media.meeting.uid]
        in_time += of_call or [facts.media.meeting]
    return {
        (m.uid, m.address)
        for m in in_time
        if m.address and m.uid not in facts.dismissed and m.occurrence not in facts.ended
    }


@given(worlds.facts, worlds.times, st.lists(changes, max_size=25))
def test_no_call_ever_comes_unasked(
    facts: Facts, now: float, walk: list[tuple[str, object]]
) -> None:
    for kind, value in walk:
        before = facts
        match kind, value:
            case "agenda", tuple():
                facts = replace(facts, meetings=value)
            case "later", float():
                now += value
            case "dismissed", frozenset():
                facts = replace(facts, dismissed=value)
            case "ended", bool():
                known = (
                    frozenset(one.occurrence for one in facts.meetings) if value else frozenset()
                )
                facts = replace(facts, ended=known)
            case "clock", bool():
                facts = replace(facts, clock_trusted=value)
            case "dropped", _:
                facts = replace(silent(facts, now), call=CallFact())
            case "restarted", _:
                facts = replace(silent(facts, now), call=CallFact(), flowed=frozenset())
            case _:
                facts = obey(facts, decide(facts, now), now)
        dials = facts.call.state is CallState.DIALING and facts.call != before.call
        if dials:
            assert (facts.call.uid, facts.call.address) in joinable(facts, now)
        rises = facts.call.state is CallState.UP and before.call.state is not CallState.UP
        if rises:
            assert (facts.call.uid, facts.call.address) in joinable(facts, now)
    rest = settled(facts, now)
    if rest.call.state is not CallState.DOWN:
        assert (rest.call.uid, rest.call.address) in joinable(rest, now)


NOON = 12 * 3600.0
MINUTE = 60.0
GIAO_BAN = Meeting(
    uid="giao-ban",
    title="Giao ban",
    begin=NOON,
    end=NOON + 60 * MINUTE,
    address="loopback:1",
    doors_s=0.0,
)


@dataclass
class Evening:
    """A site without hands: an obedient caller, the hours that decide asks for, and a list."""

    facts: Facts
    now: float
    phases: list[Phase] = field(default_factory=list)

    def turn(self) -> None:
        for _ in range(2 * STEPS):
            decision = decide(self.facts, self.now)
            if not self.phases or self.phases[-1] is not decision.phase:
                self.phases.append(decision.phase)
            self.facts = obey(self.facts, decision, self.now)

    def until(self, hour: float) -> None:
        """Sleep as decide says, and only so, until `hour`."""
        self.turn()
        while (wake_at := decide(self.facts, self.now).wake_at) is not None and wake_at <= hour:
            self.now = wake_at
            self.turn()
        self.now = hour
        self.turn()

    def learn(self, facts: Facts) -> None:
        self.facts = facts
        self.turn()


IDLE, UPCOMING, LEFT, JOINING, WAITING, IN_MEETING, OVERTIME, REJOINING, LEAVING = Phase


def test_a_quiet_evening() -> None:
    site = Evening(Facts(meetings=(GIAO_BAN,)), NOON - 60 * MINUTE)
    site.until(NOON + 120 * MINUTE)
    assert site.phases == [IDLE, UPCOMING, JOINING, IN_MEETING, LEAVING, IDLE]


def test_an_evening_with_doors_and_an_overrun() -> None:
    site = Evening(Facts(meetings=(replace(GIAO_BAN, doors_s=600.0),)), NOON - 60 * MINUTE)
    site.until(NOON - 9 * MINUTE)
    assert site.phases == [IDLE, UPCOMING, JOINING, WAITING]
    site.learn(replace(site.facts, media=MediaFact(site.facts.meetings[0])))
    site.until(NOON + 240 * MINUTE)
    assert site.phases[4:] == [IN_MEETING, OVERTIME, LEAVING, IDLE]


def test_power_on_late_joins_at_once() -> None:
    site = Evening(Facts(meetings=(GIAO_BAN,)), NOON + 20 * MINUTE)
    site.until(NOON + 30 * MINUTE)
    assert site.phases == [JOINING, IN_MEETING]


def test_the_far_end_drops_at_minute_twelve() -> None:
    site = Evening(Facts(meetings=(GIAO_BAN,)), NOON)
    site.until(NOON + 12 * MINUTE)
    site.learn(replace(site.facts, call=CallFact()))
    site.until(NOON + 61 * MINUTE)
    assert site.phases == [JOINING, IN_MEETING, REJOINING, IN_MEETING, LEAVING, IDLE]


def test_a_meeting_that_is_extended_goes_on() -> None:
    site = Evening(Facts(meetings=(GIAO_BAN,)), NOON)
    site.until(NOON + 50 * MINUTE)
    longer = replace(GIAO_BAN, end=NOON + 90 * MINUTE)
    site.learn(replace(site.facts, meetings=(longer,)))
    site.until(NOON + 89 * MINUTE)
    assert site.phases == [JOINING, IN_MEETING]
    site.until(NOON + 91 * MINUTE)
    assert site.phases == [JOINING, IN_MEETING, LEAVING, IDLE]


def test_a_meeting_that_is_moved_while_it_runs_is_left_and_joined_again() -> None:
    site = Evening(Facts(meetings=(GIAO_BAN,)), NOON)
    site.until(NOON + 5 * MINUTE)
    moved = replace(GIAO_BAN, begin=NOON + 40 * MINUTE, end=NOON + 100 * MINUTE)
    site.learn(replace(site.facts, meetings=(moved,)))
    site.until(NOON + 101 * MINUTE)
    assert site.phases == [
        *(JOINING, IN_MEETING, LEAVING, IDLE),
        *(UPCOMING, REJOINING, IN_MEETING, LEAVING, IDLE),
    ]


def test_a_meeting_that_is_cancelled_while_it_runs_is_left() -> None:
    site = Evening(Facts(meetings=(GIAO_BAN,)), NOON)
    site.until(NOON + 5 * MINUTE)
    site.learn(replace(site.facts, meetings=()))
    assert site.phases == [JOINING, IN_MEETING, LEAVING, IDLE]


def test_a_readdressed_meeting_is_left_and_joined_at_the_new_address() -> None:
    site = Evening(Facts(meetings=(GIAO_BAN,)), NOON)
    site.until(NOON + 5 * MINUTE)
    site.learn(replace(site.facts, meetings=(replace(GIAO_BAN, address="loopback:2"),)))
    assert site.phases == [JOINING, IN_MEETING, LEAVING, REJOINING, IN_MEETING]
    assert site.facts.call.address == "loopback:2"


def test_two_that_overlap_are_joined_one_after_the_other() -> None:
    second = replace(GIAO_BAN, uid="b", begin=NOON + 30 * MINUTE, end=NOON + 90 * MINUTE)
    site = Evening(Facts(meetings=(GIAO_BAN, second)), NOON)
    site.until(NOON + 59 * MINUTE)
    assert site.facts.call.uid == "giao-ban"
    site.until(NOON + 91 * MINUTE)
    assert site.phases == [
        *(JOINING, IN_MEETING, LEAVING),
        *(JOINING, IN_MEETING, LEAVING, IDLE),
    ]


def test_a_hang_up_by_hand_survives_a_restart_and_join_takes_it_back() -> None:
    site = Evening(Facts(meetings=(GIAO_BAN,)), NOON)
    site.until(NOON + 5 * MINUTE)
    site.learn(replace(site.facts, dismissed=frozenset({"giao-ban"})))
    site.learn(replace(site.facts, call=CallFact(), flowed=frozenset()))
    site.until(NOON + 10 * MINUTE)
    assert site.phases == [JOINING, IN_MEETING, LEAVING, LEFT]
    site.learn(replace(site.facts, dismissed=frozenset()))
    assert site.phases == [JOINING, IN_MEETING, LEAVING, LEFT, JOINING, IN_MEETING]


def test_a_wrong_clock_at_boot_waits_for_the_right_one() -> None:
    site = Evening(Facts(meetings=(GIAO_BAN,), clock_trusted=False), 0.0)
    site.until(10 * MINUTE)
    assert site.phases == [IDLE]
    site.now = NOON + 10 * MINUTE
    site.learn(replace(site.facts, clock_trusted=True))
    assert site.phases == [IDLE, JOINING, IN_MEETING]
