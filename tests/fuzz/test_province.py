"""A short seeded run of what ``make fuzz`` does for minutes with a whole province."""

from pathlib import Path

import pytest

from tests.fuzz.hostile.mutations import Mutations
from tests.fuzz.hostile.sheets import HostileSheets
from tests.fuzz.province import HOSTILE, MAX_WAIT_S, addresses, run


@pytest.mark.case("K7", "K8")
@pytest.mark.timeout(300)
async def test_boxes_browsers_and_files_that_mean_no_good_stop_nobody(tmp_path: Path) -> None:
    counts = await run(tmp_path, 8.0, seed=1)
    assert (counts.ends, counts.failed, counts.answers.wrong, counts.tracebacks) == (
        [],
        [],
        [],
        [],
    ), str(counts)
    assert counts.stored > 8, str(counts)
    assert counts.longest_wait_s <= MAX_WAIT_S, str(counts)
    assert counts.right
    assert counts.inputs.total() > 30 * len(HOSTILE), str(counts)
    assert {"reports", "not JSON", "topics", "pages", "forms", "calendars"} <= counts.inputs.keys()
    assert counts.passed_over.get("reports", 0) > 20, str(counts)


def test_a_seed_spoils_the_same_files() -> None:
    first, second = (HostileSheets(Mutations(7)) for _ in range(2))
    files = [first.next()[2] for _ in range(30)]
    assert files == [second.next()[2] for _ in range(30)]
    assert len(set(files)) > 20
    assert len(addresses()) > 40
