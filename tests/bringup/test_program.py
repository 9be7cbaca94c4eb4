"""A whole start of the card on a recorded board: asks, writes, shows, restarts, and goes on."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.base.paths import Paths
from appliance.wire.calendar.agenda import read_agenda
from appliance.wire.facts import EndpointFacts
from services.bringup import memory
from services.bringup.boot_file import NAME, write_in
from services.bringup.check import Check, Result, When, passed
from services.bringup.checklist import CHECKS
from services.bringup.judges import board, sound, tv, use
from services.bringup.meeting import agenda
from services.bringup.pins import Button, pressed
from services.bringup.program import AGENDA, SLOT_CHECK, BringUp
from services.bringup.seen import Ending, Seen
from services.bringup.shell import MAX_BYTES, NO_ANSWER, output_of
from services.bringup.steps import STEPS, Wanted
from services.bringup.watcher import Watcher
from services.bringup.window import Window
from tests.hardware.vitals.trees import pi, plant, spoil

PINS = (
    "gpiochip0: GPIOs 512-569, parent: platform/fe200000.gpio, pinctrl-bcm2711:\n"
    " gpio-529 (GPIO17              |lg                  ) in  {level} IRQ \n"
    " gpio-535 (GPIO23              |lg                  ) out lo \n"
)


def once(output: str, seen: Seen) -> Result:
    del seen
    return passed(output)


SHORT = (
    Check(1, "Release", "echo IMAGE_VERSION=0.1.0", board.release),
    Check(2, "Board", "echo asked >> {folder}/asked; echo x", once, When.ONCE),
    Check(5, "Seconds to picture and page", "echo asked >> {folder}/began; echo x", once,
          When.EACH_START),
    Check(25, "Tone of 440 Hz", "echo asked >> {folder}/tone; echo played", sound.tone,
          When.BY_STEP),
    Check(SLOT_CHECK, "Check of the running slot", "echo active", board.slot_good),
    Check(21, "HDMI pulled in the meeting", "", tv.plug_in_call, When.NEVER),
    Check(40, "Ten restarts", "echo active", use.restarts),
)  # fmt: skip
MEETING = next(number for number, step in enumerate(STEPS) if step.in_meeting)
RESTARTS = next(number for number, step in enumerate(STEPS) if step.ending is Ending.RESTART)


class Bench:
    """A board in a folder, and what it did."""

    def __init__(self, folder: Path) -> None:
        self.root, self.card, self.folder = pi(folder / "root"), folder / "card", folder / "run"
        self.paths = Paths(folder / "data", folder / "facts", self.root)
        for one in (self.card, self.folder, self.paths.data, self.paths.run):
            one.mkdir()
        plant(
            self.root, {"proc/sys/kernel/random/boot_id": "boot 1\n", "proc/cmdline": "rauc.slot=A"}
        )
        self.shower = folder / "shower"
        self.shower.write_text(f"#!/bin/sh\necho $1 >> {folder}/shown\nexec sleep 60\n")
        self.shower.chmod(0o755)
        self.shown = folder / "shown"
        self.asked = folder / "asked"
        self.restarts = 0
        self.pace = 0.01
        self.slow = ""
        """Before each command."""

    async def restart(self) -> None:
        self.restarts += 1

    def begin(self, put: Callable[[bytes], None] | None = None) -> BringUp:
        checks = [
            replace(one, command=self.slow + one.command.format(folder=self.asked.parent))
            for one in SHORT
        ]
        return BringUp(
            self.paths,
            self.folder,
            Wanted(restarts=2, pace=self.pace),
            Window(self.folder, None, str(self.shower)),
            put or partial(write_in, folder=self.card),
            checks=checks,
            endings={Ending.RESTART: self.restart},
        )

    async def run(
        self, until: Callable[[], bool], put: Callable[[bytes], None] | None = None
    ) -> None:
        running = asyncio.create_task(self.begin(put).run())
        try:
            async with asyncio.timeout(60):
                while not until():
                    await asyncio.sleep(0.02)
                    assert not running.done()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def count(self, name: str) -> int:
        """How often the command that leaves this file was run."""
        file = self.asked.parent / name
        return file.read_text().count("asked") if file.exists() else 0

    def told(self) -> dict[str, str]:
        try:
            rows = (self.card / NAME).read_text("utf-8-sig").splitlines()
        except OSError:
            return {}
        return {row.split(" | ")[0]: row.split(" | ")[1] for row in rows}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_it_asks_writes_and_shows(bench: Bench) -> None:
    await bench.run(lambda: bench.told().get("11") == "PASS" and bench.shown.exists())
    assert bench.told() == {
        "01": "PASS", "02": "PASS", "05": "PASS", "11": "PASS",
        "21": "needs hands", "25": "needs hands", "40": "needs hands",
    }  # fmt: skip
    assert (bench.folder / "page-1.ppm").open("rb").read(12) == b"P6\n1280 720\n"
    assert bench.shown.read_text().split()[0] == str(bench.folder / "page-1.ppm")


async def test_the_file_is_there_before_the_first_answer(bench: Bench) -> None:
    bench.slow = "sleep 60; "
    await bench.run(lambda: len(bench.told()) == len(SHORT))
    assert set(bench.told().values()) == {"needs hands"}


async def test_a_question_whose_time_was_over_is_asked_again(bench: Bench) -> None:
    late = Seen(boot_id="boot 1", starts=1, kept={"2": f"{NO_ANSWER} 30 s"})
    memory.write(bench.paths.data, late)
    await bench.run(lambda: memory.read(bench.paths.data).kept.get("2") == "x")


async def test_it_restarts_the_box_and_counts_the_starts(bench: Bench) -> None:
    memory.write(bench.paths.data, Seen(step=RESTARTS, boot_id="boot 0", starts=1, slots=("A",)))
    for start in (1, 2):
        spoil(bench.root, "proc/sys/kernel/random/boot_id", f"boot {start}\n")
        await bench.run(lambda wanted=start: bench.restarts == wanted)  # type: ignore[misc]
        assert memory.read(bench.paths.data).pending == Ending.RESTART
    spoil(bench.root, "proc/sys/kernel/random/boot_id", "boot 3\n")
    await bench.run(
        lambda: memory.read(bench.paths.data).step > RESTARTS and bench.count("began") == 3
    )
    seen = memory.read(bench.paths.data)
    # The very first of these starts was asked for by nobody.
    assert (seen.restarts, seen.pulls, bench.restarts) == (2, 1, 2)
    assert bench.count("asked") == 1, "what is asked once a card was asked again"
    assert bench.count("tone") == 0, "nobody was told to listen"


async def test_the_tone_sounds_once_when_hands_are_told_to_listen(bench: Bench) -> None:
    bench.pace = 0.1
    step = next(number for number, step in enumerate(STEPS) if step.check == 25)
    memory.write(bench.paths.data, Seen(step=step, boot_id="boot 1", starts=1))
    await bench.run(lambda: "25" in memory.read(bench.paths.data).kept)
    assert bench.told()["25"] == "needs hands"
    memory.write(bench.paths.data, replace(memory.read(bench.paths.data), step=step))
    await bench.run(lambda: memory.read(bench.paths.data).step > step)
    assert bench.count("tone") == 1


async def test_a_card_that_takes_nothing_costs_the_file_alone(bench: Bench) -> None:
    def put(content: bytes) -> None:
        write_in(content, bench.folder / "none")

    await bench.run(lambda: bench.shown.exists() and bench.asked.exists(), put)
    assert bench.told() == {}


async def test_the_meeting_is_on_in_its_steps_alone(bench: Bench) -> None:
    async def meetings(step: int) -> tuple[int, int]:
        memory.write(bench.paths.data, Seen(step=step, boot_id="boot 1", starts=1))
        (bench.folder / AGENDA).unlink(missing_ok=True)
        await bench.run((bench.folder / AGENDA).exists)
        now = time.time()
        read = read_agenda(
            (bench.folder / AGENDA).read_bytes(),
            begin=now - 3600,
            end=now + 86400,
            zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        )
        assert not read.problems
        return len([one for one in read.meetings if one.address]), len(read.cancelled)

    assert await meetings(MEETING) == (1, 0)
    assert await meetings(0) == (0, 1)


def test_a_meeting_that_goes_on_is_due_now_and_calls_the_box_itself() -> None:
    now = 1_793_610_030.0
    (meeting,) = read_agenda(
        agenda(now, wanted=True), begin=now - 3600, end=now + 7200, zone=ZoneInfo("UTC")
    ).meetings
    assert meeting.begin <= now < meeting.end - 1800
    assert meeting.address is not None
    assert str(meeting.address).startswith("loopback:")


def test_the_watcher_sees_what_hands_do(bench: Bench) -> None:
    watcher = Watcher(bench.paths, wall=lambda: 1000.0)
    plant(bench.root, {"sys/kernel/debug/gpio": PINS.format(level="hi"),
                       "sys/class/drm/card1-HDMI-A-1/enabled": "enabled\n"})  # fmt: skip
    facts = EndpointFacts(phase="meeting", call="up", problems=())
    seen, now = Seen(), 0.0

    def look(times: int = 1, each: float = 1.1) -> None:
        nonlocal seen, now
        for _ in range(times):
            now += each
            seen = watcher.look(seen, now)

    look()
    ENDPOINT_FILE.write(bench.paths.run, facts, 1000.0)
    look(2)
    assert (seen.calls, round(seen.call_s, 1), seen.hottest_c) == (1, 1.1, 52.35)
    spoil(bench.root, "sys/class/drm/card1-HDMI-A-1/status", "disconnected\n")
    look()
    spoil(bench.root, "sys/class/drm/card1-HDMI-A-1/status", "connected\n")
    look()
    assert (seen.away_in_call, seen.back_in_call, seen.shown) == (1, 1, frozenset({"HDMI-A-1"}))
    spoil(bench.root, "sys/kernel/debug/gpio", PINS.format(level="lo"))
    look(3, 0.1)
    spoil(bench.root, "sys/kernel/debug/gpio", PINS.format(level="hi"))
    look(3, 0.1)
    assert seen.gestures == {"short"}
    spoil(bench.root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    spoil(bench.root, "sys/kernel/debug/gpio", PINS.format(level="lo"))
    look(20, 2.0)
    assert seen.gestures >= {"short", "long", "stuck"}
    assert seen.under_voltage


def test_a_board_that_is_too_slow_says_so_by_the_endpoints_code(bench: Bench) -> None:
    facts = EndpointFacts(phase="idle", problems=("P8",))
    ENDPOINT_FILE.write(bench.paths.run, facts, 1000.0)
    assert Watcher(bench.paths, wall=lambda: 1000.0).look(Seen(), 1.0).no_calls


def test_a_pin_is_read_as_the_kernel_prints_it(tmp_path: Path) -> None:
    assert pressed(PINS.format(level="lo")) is True
    assert pressed(PINS.format(level="hi")) is False
    assert pressed(PINS.format(level="lo"), pin=23) is None, "a lamp is no button"
    assert pressed("") is None
    assert Button(tmp_path).look(0.0) == []


async def test_a_command_has_a_time_and_a_size() -> None:
    assert await output_of("echo one; echo two >&2") == "one\ntwo"
    assert await output_of("sleep 30", deadline_s=0.2) == "no answer within 0.2 s"
    assert len(await output_of("head -c 100000 /dev/zero | tr '\\0' x")) == MAX_BYTES
    assert "not found" in await output_of("no-such-command-at-all")


def test_every_command_is_one_that_a_shell_can_read() -> None:
    for check in CHECKS:
        if check.when is not When.NEVER:
            done = subprocess.run(["sh", "-n", "-c", check.command], check=False, timeout=10)
            assert done.returncode == 0, check.number
