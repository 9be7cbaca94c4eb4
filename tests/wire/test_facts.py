"""Facts are read back as they were written, and what is damaged is no fact."""

import pytest

from appliance.wire.facts import (
    MAX_FACTS_BYTES,
    DesiredFacts,
    EndpointFacts,
    Facts,
    FactsError,
    FailedSlotFacts,
    HandFacts,
    HealthFacts,
    MeetingTime,
    ReleaseFacts,
    SiteFileFacts,
    StickFacts,
    UpdateFacts,
    parse_facts,
    print_facts,
)

EACH: list[Facts] = [
    EndpointFacts(
        at=1.5,
        boot_id="b",
        phase="in meeting",
        hand=HandFacts(up=True, confirmed=True),
        meetings=(MeetingTime(10.0, 20.0),),
        problems=("M1", "C2"),
        agenda_at=1.0,
        rtt_ms=38.0,
    ),
    HealthFacts(at=1.5, connected=True, desired=DesiredFacts(floor="m"), nudged_at=1.0),
    UpdateFacts(at=1.5, state="rescue", slots=(FailedSlotFacts(slot="A", problem="card"),)),
    StickFacts(at=1.5, stage="reading"),
    ReleaseFacts(at=1.5, version="0.2.0+202612010000", failures=2),
    SiteFileFacts(at=1.5, problems=("line 3: agenda.url: unknown key",), ended=True),
]


@pytest.mark.parametrize("facts", EACH, ids=lambda one: type(one).__name__)
def test_what_was_written_is_read(facts: Facts) -> None:
    assert parse_facts(print_facts(facts), type(facts)) == facts


def test_a_neighbour_of_a_later_release_may_say_more() -> None:
    facts = parse_facts(b'{"at": 1, "stage": "reading", "new": {"a": 1}}', StickFacts)
    assert facts == StickFacts(at=1.0, stage="reading")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"at": 1}', "missing required field `stage`"),
        (b'{"at": 1, "stage": 5}', r"Expected `str`, got `int` - at `\$.stage`"),
        (b'{"at": "soon", "stage": "reading"}', r"at `\$.at`"),
        (b'{"stage": "reading"}', "does not say when"),
        (b'{"at": 1, "stage": "\xff"}', "no StickFacts"),
        (b'{"at": 1, "stage": ' + b"[" * 5000, "no StickFacts"),
        (b" " * (MAX_FACTS_BYTES + 1), "at most"),
    ],
)
def test_what_does_not_fit_its_kind_is_no_fact(content: bytes, why: str) -> None:
    with pytest.raises(FactsError, match=why):
        parse_facts(content, StickFacts)
