"""Why a box is in rescue: what is noted of each slot, what its bytes say, what people are told."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from appliance.core.rescue import PROBLEM_WORDS, RescueProblem
from appliance.wire.facts import EndpointFacts, UpdateFacts, parse_facts
from services.endpoint.tools.rescue_page_command import known
from services.slots.attempt_marks import BACKGROUND, RESCUE_FLAG, STARTS_FILE, failed_starts
from services.slots.failure_reason import NEVER_REACHED_DATA, REACHED_DATA
from services.slots.header import read_header
from services.slots.record import Outcome, SlotRecord, SlotResult, read_record, write_record
from services.slots.rescue import UNREADABLE, problem_of
from services.slots.rescue_command import rescue
from services.slots.slot_check import missing
from services.slots.slot_good_command import slot_good
from services.slots.state import COPY_OFFSETS, SECTOR_BYTES, BootState
from services.updates.tools.update_command import update
from tests.slots.slot_files import NEWER, OLDER, slot_bytes


class Box:
    """The files that a box in rescue has, and its answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("data/boot", "run", "rescue", "root/proc", "work"):
            (folder / name).mkdir(parents=True)
        (folder / "root/proc/cmdline").write_text("ro rauc.slot=B quiet")
        (folder / "rescue" / RESCUE_FLAG).write_text("8\n")
        self.slot("A", slot_bytes(folder / "work", OLDER))
        self.slot("B", slot_bytes(folder / "work", NEWER))

    def slot(self, letter: str, content: bytes) -> None:
        (self.folder / f"slot-{letter.lower()}").write_bytes(content)

    def words(self, *names: str) -> list[str]:
        places = {
            "slots": "slot-{}",
            "data": "data",
            "run": "run",
            "root": "root",
            "folder": "rescue",
            "rescue": "rescue",
            "disk": "disk",
        }
        return [word for name in names for word in (f"--{name}", str(self.folder / places[name]))]

    def found(self, *more: str) -> dict[str, Any]:
        words = self.words("slots", "data", "run", "root", "folder")
        done = CliRunner().invoke(rescue, [*words, *more])
        assert done.exit_code == 0, done.output
        facts: dict[str, Any] = json.loads((self.folder / "run/updater.json").read_text())
        return facts


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def faults(facts: dict[str, Any]) -> dict[str, str]:
    return {entry["slot"]: entry["problem"] for entry in facts["slots"]}


def test_a_noted_reason_stands_and_damage_is_looked_for_where_none_is(box: Box) -> None:
    note = SlotResult(NEWER, Outcome.FAILED, "the gate was not passed: endpoint")
    record = SlotRecord({"A": SlotResult(OLDER, Outcome.GOOD), "B": note})
    write_record(box.folder / "data", record)
    spoilt = bytearray(slot_bytes(box.folder / "work", OLDER))
    spoilt[4096] ^= 1
    box.slot("A", bytes(spoilt))
    facts = box.found()
    assert (facts["state"], facts["starts"], facts["slot"]) == ("rescue", 8, "B")
    assert facts["release"] == NEWER
    assert faults(facts) == {"A": RescueProblem.CARD, "B": RescueProblem.ENDPOINT}
    assert facts["detail"].startswith("8 starts in a row did not pass the gate; A 0.1.9")
    kept = read_record(box.folder / "data").results
    assert kept["A"].reason.startswith("kernel is damaged")
    assert kept["B"] == note
    # What was found once is not looked for again: the slot is whole, and still said to be damaged.
    box.slot("A", slot_bytes(box.folder / "work", OLDER))
    assert faults(box.found())["A"] == RescueProblem.CARD


def test_what_may_have_been_a_power_cut_is_not_kept(box: Box) -> None:
    assert faults(box.found()) == {"A": RescueProblem.NO_START, "B": RescueProblem.NO_START}
    assert not (box.folder / "data/boot/slots.json").exists()


def test_a_slot_that_reached_data_hung(box: Box) -> None:
    with (box.folder / "slot-b").open("rb") as image:
        header = read_header(image)
    assert header is not None
    (box.folder / "data/boot/reached-B").write_text(header.root.digest.hex() + "\n")
    assert faults(box.found()) == {"A": RescueProblem.NO_START, "B": RescueProblem.HUNG}


def test_an_empty_slot_is_none_a_spoilt_one_is_the_card(box: Box) -> None:
    box.slot("A", bytes(1 << 16))
    assert faults(box.found()) == {"B": RescueProblem.NO_START}
    box.slot("A", b"\xff" * (1 << 16))
    assert faults(box.found()) == {"A": RescueProblem.CARD, "B": RescueProblem.NO_START}
    (box.folder / "slot-a").unlink()
    assert faults(box.found()) == {"A": RescueProblem.CARD, "B": RescueProblem.NO_START}


def test_slots_are_not_read_for_longer_than_the_endpoint_may_wait(box: Box) -> None:
    facts = box.found("--within", "-1")
    assert faults(facts) == {"A": RescueProblem.UNKNOWN, "B": RescueProblem.UNKNOWN}
    assert facts["slots"][0]["reason"] == "not all was read in time"


def test_each_reason_of_the_house_has_its_words() -> None:
    lacking = [
        missing(None, settings=True, looked=True, screen=False),
        missing(None, settings=False, looked=False, screen=True),
        missing(None, settings=True, looked=True, screen=True),
        missing(EndpointFacts(phase="idle"), settings=True, looked=True, screen=True),
    ]
    gate = [problem_of(f"the gate was not passed: {what}") for what in lacking]
    assert gate == [
        RescueProblem.SCREEN,
        RescueProblem.SETTINGS,
        RescueProblem.ENDPOINT,
        RescueProblem.PICTURE,
    ]
    assert problem_of(REACHED_DATA) is RescueProblem.HUNG
    assert problem_of(NEVER_REACHED_DATA) is RescueProblem.NO_START
    assert problem_of("root is damaged: block 7 of 9 is not the signed one") is RescueProblem.CARD
    assert problem_of(f"{UNREADABLE}: Input/output error") is RescueProblem.CARD
    assert problem_of("") is problem_of("something new") is RescueProblem.UNKNOWN
    assert set(PROBLEM_WORDS) == set(RescueProblem)


def test_the_page_reads_what_was_written(box: Box) -> None:
    box.found()
    content = (box.folder / "run/updater.json").read_bytes()
    page = known(parse_facts(content, UpdateFacts), "100000001")
    assert (page.starts, page.serial) == (8, "100000001")
    assert [(slot.slot, slot.version, slot.problem) for slot in page.slots] == [
        ("A", OLDER, RescueProblem.NO_START),
        ("B", NEWER, RescueProblem.NO_START),
    ]


def test_a_passed_gate_ends_the_rescue(box: Box) -> None:
    box.found()
    data, folder = box.folder / "data", box.folder / "rescue"
    (data / STARTS_FILE).write_bytes(b"." * 8)
    (folder / BACKGROUND).write_text("PICTURE=x\n")
    with (box.folder / "disk").open("wb") as disk:
        disk.truncate(COPY_OFFSETS[1] + SECTOR_BYTES)
        disk.seek(COPY_OFFSETS[0])
        disk.write(bytes(BootState(("B", "A"), (3, 3), 5)))
    words = box.words("disk", "slots", "data", "run", "root", "rescue")
    done = CliRunner().invoke(slot_good, words)
    assert done.exit_code == 0, done.output
    assert not (data / STARTS_FILE).exists()
    assert failed_starts(folder) == 0
    assert list(folder.iterdir()) == []
    assert json.loads((box.folder / "run/updater.json").read_text())["state"] == "running"


@pytest.mark.parametrize(("code", "left"), [(0, False), (1, True)])
def test_a_bundle_that_is_installed_has_a_whole_budget(box: Box, code: int, left: bool) -> None:
    count = box.folder / "data" / STARTS_FILE
    count.write_bytes(b"." * 8)
    rauc = box.folder / "work/rauc"
    rauc.write_text(f"#!/bin/sh\necho LastError: bad\nexit {code}\n")
    rauc.chmod(0o755)
    words = ["x.raucb", "--data", str(box.folder / "data")]
    done = CliRunner().invoke(update, words, env={"PATH": f"{rauc.parent}:/usr/bin:/bin"})
    assert done.exit_code == code
    assert count.exists() is left
