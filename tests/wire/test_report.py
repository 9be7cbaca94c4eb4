"""Reports: what docs/wire.md shows is what is read and written; nothing wrong is believed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.alarm import Alarm
from appliance.wire.desired import Desired
from appliance.wire.enrolment import EnrolAnswer, EnrolRequest, RenewRequest
from appliance.wire.fields import MAX_ITEMS, MAX_PAYLOAD_BYTES, MAX_TEXT_LENGTH, WireError
from appliance.wire.report import (
    READERS,
    Hand,
    Health,
    Meeting,
    Presence,
    Report,
    Update,
    kind_of,
    parse_report,
    print_report,
)
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from tests.wire.golden import SEEN, STORABLE, examples

TEXTS = st.text(STORABLE, max_size=60)
WORDS = st.text(SEEN, max_size=40)
HOURS = st.floats(0, 1e11)
IDS = st.builds(
    ReportId,
    HOURS,
    st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True),
    st.integers(0, 2**53 - 1),
)
LOCALES = st.dictionaries(st.sampled_from(["vi", "en"]), TEXTS)
ALARMS = st.builds(Alarm, WORDS, st.text(SEEN, max_size=10), st.integers(1, 3), HOURS, TEXTS,
                   LOCALES, LOCALES)  # fmt: skip
NUMBERS = st.dictionaries(TEXTS, st.floats(allow_nan=False, allow_infinity=False), max_size=9)
REPORTS: st.SearchStrategy[Report] = st.one_of(
    st.builds(Presence, IDS, st.booleans(), st.integers(0, 2**53 - 1), WORDS, WORDS, WORDS),
    st.builds(Health, IDS, st.lists(ALARMS, max_size=4).map(tuple), NUMBERS,
              st.dictionaries(TEXTS, TEXTS, max_size=9)),
    st.builds(Meeting, IDS, WORDS, TEXTS, WORDS, st.integers(0, 99), WORDS, TEXTS, WORDS, WORDS,
              st.lists(TEXTS, max_size=4).map(tuple),
              st.dictionaries(TEXTS, TEXTS, max_size=4)),
    st.builds(Hand, IDS, st.booleans(), HOURS, TEXTS, st.booleans()),
    st.builds(Update, IDS, WORDS, WORDS, WORDS, WORDS, st.floats(0, 1), TEXTS),
)  # fmt: skip


@pytest.mark.parametrize("kind", READERS)
def test_each_example_of_the_document_is_read_and_written_letter_for_letter(kind: Kind) -> None:
    for example in examples(kind):
        report = parse_report(kind, example)
        assert kind_of(report) is kind
        assert print_report(report) == example


def test_the_example_of_what_is_desired_too() -> None:
    (example,) = examples("desired")
    assert Desired.parse(example).payload == example


def test_the_examples_of_enrolment_too() -> None:
    for kind, reader in (("enrol", EnrolRequest), ("renew", RenewRequest), ("answer", EnrolAnswer)):
        (example,) = examples(kind)
        assert reader.parse(example).payload == example


@pytest.mark.parametrize(
    ("reader", "payload"),
    [
        (EnrolRequest, b'{"site":"+","csr":"x"}'), (EnrolRequest, b'{"site":"a"}'),
        (RenewRequest, b'{"certificate":"x","csr":"x"}'), (EnrolAnswer, b'{"state":"maybe"}'),
        (EnrolRequest, b'{"site":"a","csr":"' + b"x" * 9000 + b'"}'), (EnrolAnswer, b"<html>"),
    ],
)  # fmt: skip
def test_what_is_no_enrolment_is_refused(
    reader: type[EnrolRequest] | type[RenewRequest] | type[EnrolAnswer], payload: bytes
) -> None:
    with pytest.raises(WireError):
        reader.parse(payload)


@given(REPORTS)
def test_what_is_written_is_read_back_the_same(report: Report) -> None:
    assert parse_report(kind_of(report), print_report(report)) == report


@pytest.mark.parametrize("kind", READERS)
def test_an_older_release_ignores_what_it_does_not_know(kind: Kind) -> None:
    for example in examples(kind):
        newer = json.loads(example) | {"colour": {"deep": [1, None]}, "Alarms": 3}
        assert parse_report(kind, json.dumps(newer).encode()) == parse_report(kind, example)


@pytest.mark.parametrize("kind", READERS)
def test_a_newer_release_needs_the_id_and_little_else(kind: Kind) -> None:
    needed = {"online": True, "session": 1, "phase": "idle", "up": False, "state": "idle"}
    bare = {"at": 1.0, "boot_id": "b", "seq": 1} | needed
    assert parse_report(kind, json.dumps(bare).encode()).id == ReportId(1.0, "b", 1)
    for name in ("at", "boot_id", "seq"):
        without = {key: value for key, value in bare.items() if key != name}
        with pytest.raises(WireError, match=f"{name} is missing"):
            parse_report(kind, json.dumps(without).encode())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": "noon"}, "at is 'noon'; expected a number"),
        ({"at": True}, "at is True; expected a number"),
        ({"at": -1}, "at is -1; expected a number from 0"),
        ({"at": 10**400}, "at is 1000"),
        ({"seq": 1.5}, "seq is 1.5; expected a whole number"),
        ({"seq": 2**53}, "expected a whole number"),
        ({"boot_id": "a b"}, "expected letters, digits"),
        ({"boot_id": ""}, "expected letters, digits"),
        ({"alarms": {}}, "alarms is {}; expected a list"),
        ({"alarms": [1]}, r"alarms\[0\] is 1; expected an object"),
        ({"alarms": [{}]}, r"alarms\[0\].key is missing"),
        ({"alarms": [{"key": "hot", "severity": 9}]}, r"alarms\[0\].severity is 9"),
        ({"alarms": [{"key": "hot"}] * (MAX_ITEMS + 1)}, "a list of at most 100"),
        ({"figures": {"soc_c": "hot"}}, "figures.soc_c is 'hot'; expected a number"),
        ({"facts": {"slot": 1}}, "facts.slot is 1; expected a text"),
        ({"facts": {"slot": "x" * (MAX_TEXT_LENGTH + 1)}}, "facts.slot"),
    ],
)
def test_what_is_wrong_is_named_with_its_value(change: dict[str, Any], said: str) -> None:
    values = json.loads(examples("health")[0]) | change
    with pytest.raises(WireError, match=said):
        parse_report(Kind.HEALTH, json.dumps(values).encode())


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"at":NaN}', b'{"at":Infinity}', b"offline",
        b"[" * 50_000, b'{"at":1}' + b" " * MAX_PAYLOAD_BYTES,
    ],
)  # fmt: skip
def test_what_is_no_object_is_an_error_and_nothing_else(payload: bytes) -> None:
    for kind in READERS:
        with pytest.raises(WireError):
            parse_report(kind, payload)


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(payload: bytes) -> None:
    for kind in Kind:
        try:
            parse_report(kind, payload)
        except WireError:
            continue
    try:
        Desired.parse(payload)
    except WireError:
        return


@pytest.mark.parametrize("kind", [Kind.DESIRED, Kind.NUDGE])
def test_what_the_province_says_is_no_report(kind: Kind) -> None:
    with pytest.raises(WireError, match="is no report"):
        parse_report(kind, b"{}")


def presence(boot: str, session: int, online: bool) -> Presence:
    return Presence(ReportId(1000.0 + session, boot, session + (not online)), online, session)


def test_a_will_marks_its_own_session_dead_and_no_newer_one() -> None:
    birth, will = presence("b1", 5, True), presence("b1", 5, False)
    assert birth.after(None)
    assert will.after(birth)
    assert not birth.after(will)
    newer = presence("b1", 9, True)
    assert newer.after(will)
    assert not will.after(newer)


def test_a_will_of_the_boot_before_never_marks_this_one_dead() -> None:
    now = presence("b2", 3, True)
    assert now.after(presence("b1", 500, True))
    assert not presence("b1", 500, False).after(now)


def test_an_older_wish_does_not_replace_a_newer_one() -> None:
    assert Desired(1.0, 5).after(None)
    assert Desired(1.0, 5).after(Desired(1.0, 5))
    assert not Desired(9.0, 4).after(Desired(1.0, 5))
