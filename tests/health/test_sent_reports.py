"""What was acknowledged stays in memory, within a bound, and is found by when it was."""

from appliance.wire.topics import Kind
from services.health.backlog import Item
from services.health.sent_reports import ITEM_BYTES, SentReports


def item(number: int, size: int = 100) -> Item:
    return Item(Kind.HEALTH, str(number).encode().ljust(size))


def test_they_are_found_by_when_they_were_acknowledged() -> None:
    sent = SentReports()
    for number in range(10):
        sent.add(100.0 + number, item(number))
    assert sent.since(0.0) == [item(number) for number in range(10)]
    assert sent.since(107.0) == [item(number) for number in (7, 8, 9)]
    assert sent.since(110.0) == []


def test_the_oldest_go_and_a_clock_that_was_set_back_loses_none() -> None:
    sent = SentReports(max_bytes=5 * (100 + ITEM_BYTES))
    for number in range(8):
        sent.add(100.0 - number, item(number))
    assert sent.since(0.0) == [item(number) for number in range(3, 8)]
    assert sent.since(96.0) == [item(3), item(4)]
    sent.add(1.0, item(9, size=10_000))
    assert sent.since(0.0) == []
    sent.add(1.0, item(9))
    assert sent.since(0.0) == [item(9)]
