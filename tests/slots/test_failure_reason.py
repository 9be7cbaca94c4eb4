"""Why a slot does not run: what its bytes say, and what its attempts have left behind."""

import io
import os
import random
import struct
import zlib
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.base.fact_file import SITE_FILE, UPDATE_FILE
from appliance.core.versions import order, refusal
from appliance.wire.facts import SiteFileFacts
from services.slots.confirm_command import confirm
from services.slots.failure_reason import NEVER_REACHED_DATA, REACHED_DATA, new_failure
from services.slots.header import read_header
from services.slots.integrity import damage
from services.slots.record import (
    Outcome,
    Refused,
    SlotRecord,
    SlotResult,
    read_record,
    write_record,
)
from services.slots.slot_good_command import slot_good
from services.slots.slots_command import slots
from services.slots.state import COPY_OFFSETS, SECTOR_BYTES, BootState
from services.updates.install import HANDLER_REFUSED, after, reason_of
from services.updates.tools.admit_command import admit
from tests.slots.slot_files import BLOCKS, NEWER, OLDER, slot_bytes


@pytest.fixture
def slot(tmp_path: Path) -> bytes:
    return slot_bytes(tmp_path)


def found_in(content: bytes) -> str:
    file = io.BytesIO(content)
    header = read_header(file)
    assert header is not None
    return damage(file, header)


def test_a_whole_slot_has_no_damage(slot: bytes) -> None:
    assert found_in(slot) == ""


@pytest.mark.parametrize("seed", range(12))
def test_one_flipped_bit_is_found_where_it_is(slot: bytes, seed: int) -> None:
    header = read_header(io.BytesIO(slot))
    assert header is not None
    chance = random.Random(seed)
    spoilt = bytearray(slot)
    part = chance.choice(["kernel", "initrd", "root"])
    if part == "root":
        block = chance.randrange(BLOCKS)
        place = header.root.offset + block * 4096 + chance.randrange(4096)
        expected = f"root is damaged: block {block} of {BLOCKS}"
    else:
        place = header.parts[part].offset + chance.randrange(header.parts[part].size)
        expected = f"{part} is damaged"
    spoilt[place] ^= 1 << chance.randrange(8)
    assert found_in(bytes(spoilt)).startswith(expected)


def test_a_header_that_is_not_whole_is_none(slot: bytes) -> None:
    spoilt = bytearray(slot)
    spoilt[100] ^= 1
    assert read_header(io.BytesIO(bytes(spoilt))) is None
    assert read_header(io.BytesIO(b"")) is None
    assert read_header(io.BytesIO(bytes(4096))) is None
    body = b"version=1\0".ljust(4092, b"\0")
    assert read_header(io.BytesIO(struct.pack("<I", zlib.crc32(body)) + body)) is None


def test_releases_are_ordered_by_number_then_by_minute() -> None:
    assert order("0.10.0+202601010000") > order("0.9.9+202701010000")
    assert refusal(NEWER, NEWER) == ""
    assert refusal(NEWER, OLDER) == ""
    assert OLDER in refusal(OLDER, NEWER)
    assert "0.1.0+202611280000" in refusal("0.1.0+202611280000", "0.1.0+202611280001")
    assert "not of the form" in refusal("2026.11", NEWER)


def test_what_is_older_is_not_admitted(tmp_path: Path) -> None:
    bundle, here = tmp_path / "bundle", tmp_path / "here"
    bundle.mkdir()
    here.mkdir()
    (bundle / "system.img").write_bytes(slot_bytes(here, OLDER))
    (tmp_path / "slot-a").write_bytes(slot_bytes(here, NEWER))
    data = tmp_path / "data"
    words = ["--bundle", str(bundle), "--slots", str(tmp_path / "slot-{}"), "--root", str(here)]
    words += ["--data", str(data)]
    refused = CliRunner().invoke(admit, words)
    assert refused.exit_code == 1
    kept = after(
        read_record(data), "x.raucb", f"{HANDLER_REFUSED}: Child process exited with code 1"
    )
    assert kept.refused is not None
    assert kept.refused.bundle == "x.raucb"
    assert kept.refused.reason == f"{OLDER} is older than {NEWER}, which runs here"
    other = after(kept, "y.raucb", "bad signature").refused
    assert other is not None
    assert other.reason == "bad signature"
    assert after(kept, "y.raucb", "").refused is None
    assert f"<< error {OLDER} is older than {NEWER}" in refused.output
    (bundle / "system.img").write_bytes(slot_bytes(here, NEWER))
    assert CliRunner().invoke(admit, words).exit_code == 0
    (bundle / "system.img").write_bytes(b"no slot")
    assert "no slot of this kind of box" in CliRunner().invoke(admit, words).output
    (bundle / "system.img").unlink()
    assert "cannot be read" in CliRunner().invoke(admit, words).output


def test_the_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    record = SlotRecord(
        {"A": SlotResult(OLDER, Outcome.GOOD), "B": SlotResult(NEWER, Outcome.FAILED, "đứng")},
        Refused("x.raucb", "signature", 7.5),
    )
    assert read_record(tmp_path) == SlotRecord()
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record
    (tmp_path / "boot/slots.json").write_bytes(b'{"trials": [], "refused": 3}')
    assert read_record(tmp_path) == SlotRecord()


def test_a_slot_that_did_not_start_is_judged_once(slot: bytes) -> None:
    header = read_header(io.BytesIO(slot))
    assert header is not None
    nothing = SlotRecord()

    def told(
        attempts: int = 0, record: SlotRecord = nothing, *, reached: bool = False
    ) -> str | None:
        failure = new_failure("B", header, attempts, record, reached=reached, damage=lambda: "")
        return failure.reason if failure else None

    assert told() == NEVER_REACHED_DATA
    assert told(reached=True) == REACHED_DATA
    assert told(attempts=1) is None
    gate = SlotRecord({"B": SlotResult(NEWER, Outcome.FAILED, "the gate")})
    assert told(record=gate) is None
    assert told(record=SlotRecord({"B": SlotResult(NEWER, Outcome.GOOD)})) == NEVER_REACHED_DATA
    assert told(record=SlotRecord({"B": SlotResult(OLDER, Outcome.FAILED)})) == NEVER_REACHED_DATA
    assert new_failure("B", None, 0, nothing, reached=False, damage=lambda: "") is None
    spoilt = new_failure("B", header, 0, nothing, reached=True, damage=lambda: "kernel is damaged")
    assert spoilt == SlotResult(NEWER, Outcome.FAILED, "kernel is damaged")


def test_a_gate_that_is_not_passed_is_noted_for_the_other_slot(tmp_path: Path) -> None:
    (tmp_path / "slot-a").write_bytes(slot_bytes(tmp_path, NEWER))
    data = tmp_path / "data"
    (data / "site").mkdir(parents=True)
    (data / "site/site.toml").write_text("")
    (tmp_path / "screen").touch()
    words = ["--run", str(tmp_path / "run"), "--data", str(data), "--within", "0"]
    words += ["--screen", str(tmp_path / "screen"), "--slots", str(tmp_path / "slot-{}")]
    done = CliRunner().invoke(confirm, words)
    assert done.exit_code == 1
    noted = read_record(data).results["A"]
    assert noted == SlotResult(NEWER, Outcome.FAILED, "the gate was not passed: endpoint")


def test_a_box_whose_card_nobody_has_looked_at_is_no_new_box(tmp_path: Path) -> None:
    """Its boot partition came late: the slot passed as a new box's, and no endpoint ever ran."""
    (tmp_path / "slot-a").write_bytes(slot_bytes(tmp_path, NEWER))
    (tmp_path / "screen").touch()
    run = tmp_path / "run"
    run.mkdir()
    words = ["--run", str(run), "--data", str(tmp_path), "--within", "0"]
    words += ["--screen", str(tmp_path / "screen"), "--slots", str(tmp_path / "slot-{}")]
    for told in (None, SiteFileFacts()):
        if told is not None:
            SITE_FILE.write(run, told, 0.0)
        done = CliRunner().invoke(confirm, words)
        assert "the slot check is not passed: settings" in done.output
    noted = read_record(tmp_path).results["A"]
    assert noted == SlotResult(NEWER, Outcome.FAILED, "the gate was not passed: settings")


@pytest.mark.slow
def test_a_slot_is_marked_good_though_rauc_answers_late(tmp_path: Path) -> None:
    """A slow card: RAUC's client gives up, its service does not, and asked again it has it done."""
    programs, asked = tmp_path / "bin", tmp_path / "asked"
    programs.mkdir()
    rauc = programs / "rauc"
    rauc.write_text(
        f'#!/bin/sh\necho "$@" >> {asked}\n'
        f'[ "$(wc -l < {asked})" = 2 ] || {{ echo "Timeout was reached" >&2; exit 1; }}\n'
    )
    rauc.chmod(0o755)
    (tmp_path / "screen").touch()
    (tmp_path / "run").mkdir()
    SITE_FILE.write(tmp_path / "run", SiteFileFacts(ended=True), 0.0)
    words = ["--run", str(tmp_path / "run"), "--data", str(tmp_path), "--within", "30"]
    words += ["--screen", str(tmp_path / "screen")]
    path = f"{programs}:{os.environ['PATH']}"
    done = CliRunner(env={"PATH": path}).invoke(confirm, words)
    assert done.exit_code == 0, done.output
    assert asked.read_text().splitlines() == ["status mark-good"] * 2


def test_the_verdict_is_kept_and_told(tmp_path: Path) -> None:
    root, data, run = (tmp_path / name for name in ("root", "data", "run"))
    (root / "proc").mkdir(parents=True)
    run.mkdir()
    (root / "proc/cmdline").write_text("rauc.slot=A ro")
    disk = tmp_path / "disk"
    with disk.open("wb") as file:
        file.truncate(COPY_OFFSETS[1] + SECTOR_BYTES)
        file.seek(COPY_OFFSETS[0])
        file.write(bytes(BootState(("B", "A"), (3, 0), 5)))
    (tmp_path / "slot-a").write_bytes(slot_bytes(root, OLDER))
    content = bytearray(slot_bytes(root, NEWER))
    content[4096] ^= 1
    (tmp_path / "slot-b").write_bytes(content)
    words = ["--disk", str(disk), "--slots", str(tmp_path / "slot-{}"), "--data", str(data)]
    mark = data / "boot/reached-A"
    mark.parent.mkdir(parents=True)
    mark.write_text("of this start\n")
    done = CliRunner().invoke(slot_good, [*words, "--run", str(run), "--root", str(root)])
    assert done.exit_code == 0, done.output
    assert not mark.exists()
    told = UPDATE_FILE.read(run, 0.0, inf)
    assert told is not None
    assert told.state == "fell-back"
    shown = CliRunner().invoke(slots, ["--disk", str(disk), "show", "--data", str(data)])
    assert f"A {OLDER} good" in shown.output
    assert f"B {NEWER} failed: kernel is damaged" in shown.output
    refused = replace(read_record(data), refused=Refused("b.raucb", "wrong key", 1.0))
    write_record(data, refused)
    shown = CliRunner().invoke(slots, ["--disk", str(disk), "show", "--data", str(data)])
    assert "refused b.raucb: wrong key" in shown.output


def test_the_reason_is_raucs_word_or_the_handlers() -> None:
    said = "installing\n  0% Installing\nLastError: signature verification failed: bad\nfailed\n"
    assert reason_of(said) == "signature verification failed: bad"
    assert reason_of("something else\n\n") == "something else"
    assert reason_of("") == "rauc said nothing"
