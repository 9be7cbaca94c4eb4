"""The bring-up of one board: watches, asks, writes the file, shows pages, ends starts."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from appliance.base.atomic_file import write_atomically
from appliance.base.paths import Paths
from appliance.base.supervisor import Supervisor
from appliance.core.message import N_
from hardware.vitals.identity import boot_id, slot
from hardware.vitals.reboot import last_panic
from services.bringup import memory
from services.bringup.boot_file import CardError
from services.bringup.check import Check, Outcome, When
from services.bringup.checklist import CHECKS
from services.bringup.meeting import agenda
from services.bringup.pages import LINES_A_PAGE, frames, page
from services.bringup.report import Line, lines, report, result_of
from services.bringup.seen import Ending, begun
from services.bringup.shell import NO_ANSWER, output_of
from services.bringup.steps import STEPS, Wanted, advanced, left_s, step_of, without_effect
from services.bringup.watcher import Watcher
from services.bringup.window import Window

log = logging.getLogger("diemcau.bringup")

REPORT_INTERVAL_S = 20.0
PAGE_S = 8.0
"""Six lines are read in it."""
MEETING_S = 12.0
"""So long the meeting itself is seen between two pages."""
LOOK_S = 0.1
ENDING_AFTER_S = 12.0
"""From the program's start to an ending, so that the page which says so was seen."""
ENDING_DEADLINE_S = 150.0
"""The watchdog takes twenty seconds, a restart whose programs hang two minutes at most."""
AGENDA = "agenda.ics"
CLOCK_STEP_S = 60.0
"""A clock that was set by more: the meeting's times are written anew."""
SLOT_CHECK = 11
"""Its number among the checks."""
WAIT = N_("Wait: the box is starting.")


async def _restart() -> None:
    await output_of("systemctl --no-block reboot")


async def _panic() -> None:
    os.sync()
    await asyncio.to_thread(Path("/proc/sysrq-trigger").write_text, "c")


async def _hang() -> None:
    # Not SIGSTOP, which the kernel keeps from the first process. At this signal systemd stands
    # still for ever (systemd(1), CrashAction=): nobody feeds the watchdog.
    os.sync()
    os.kill(1, signal.SIGABRT)


async def _back() -> None:
    await output_of("rauc status mark-active other && systemctl --no-block reboot")


ENDINGS: Mapping[Ending, Callable[[], Awaitable[None]]] = {
    Ending.RESTART: _restart,
    Ending.PANIC: _panic,
    Ending.HANG: _hang,
    Ending.BACK: _back,
}


class BringUp:
    """One start of the card."""

    def __init__(
        self,
        paths: Paths,
        folder: Path,
        wanted: Wanted,
        window: Window,
        put: Callable[[bytes], None],
        *,
        checks: Sequence[Check] = CHECKS,
        endings: Mapping[Ending, Callable[[], Awaitable[None]]] = ENDINGS,
    ) -> None:
        """`folder` takes the agenda; `put` writes the file onto the card, or raises `CardError`."""
        self._paths = paths
        self._folder = folder
        self._wanted = wanted
        self._window = window
        self._put = put
        self._checks = checks
        self._endings_by = endings
        self._watcher = Watcher(paths)
        self._outputs: dict[int, str] = {}
        self._told: tuple[Line, ...] = ()
        self._due = asyncio.Event()
        self._began = time.monotonic()
        self._agenda: tuple[bool, float] | None = None
        root = paths.root
        self._seen = begun(memory.read(paths.data), boot_id(root), slot(root), last_panic(root))
        self._keep()

    async def run(self) -> None:
        """Until the power goes; what fails is started again, and costs the others nothing."""
        supervisor = Supervisor()
        try:
            async with asyncio.TaskGroup() as group:
                for name, part in (
                    ("watch", self._watch),
                    ("ask", self._ask),
                    ("pages", self._pages),
                    ("endings", self._endings),
                ):
                    group.create_task(supervisor.keep(name, part), name=name)
        finally:
            await self._window.hide()

    def _keep(self) -> None:
        if problem := memory.write(self._paths.data, self._seen):
            log.warning("what was seen is not kept: %s", problem)

    @property
    def _good(self) -> bool:
        """Whether the running slot has passed its check: before, each start is counted."""
        return any(
            line.check.number == SLOT_CHECK and line.result.outcome is Outcome.PASS
            for line in self._told
        )

    async def _watch(self) -> None:
        last = time.monotonic()
        while True:
            now = time.monotonic()
            before = self._seen.step
            self._seen = advanced(self._watcher.look(self._seen, now), now - last, self._wanted)
            last = now
            if self._seen.step != before:
                self._keep()
                self._due.set()
            self._tell_agenda()
            await asyncio.sleep(LOOK_S)

    def _tell_agenda(self) -> None:
        """The meeting is on in its steps, and cancelled in others; anew where the clock was set."""
        step, offset = step_of(self._seen), time.time() - time.monotonic()
        if self._agenda is not None:
            on, written = self._agenda
            if on == step.in_meeting and abs(offset - written) < CLOCK_STEP_S:
                return
        self._agenda = (step.in_meeting, offset)
        log.info("step %s: the meeting is %s", step.name, "on" if step.in_meeting else "off")
        content = agenda(time.time(), wanted=step.in_meeting)
        write_atomically(self._folder / AGENDA, content, sync=False, mode=0o644)

    async def _ask(self) -> None:
        # A file at once, also where a command of the first round takes its whole time.
        await self._report()
        while True:
            # Before: a step that begins meanwhile is to have its question at once.
            self._due.clear()
            for check in self._checks:
                if self._is_due(check):
                    self._outputs[check.number] = output = await output_of(check.command)
                    if check.when not in (When.ALWAYS, When.EACH_START):
                        kept = {**self._seen.kept, str(check.number): output}
                        self._seen = replace(self._seen, kept=kept)
                    self._tell()
            await self._report()
            try:
                async with asyncio.timeout(REPORT_INTERVAL_S):
                    await self._due.wait()
            except TimeoutError:
                continue

    def _is_due(self, check: Check) -> bool:
        kept = self._seen.kept.get(str(check.number))
        if check.when is When.EACH_START:
            kept = self._outputs.get(check.number)
        if check.when in (When.ONCE, When.EACH_START):
            # What waited for hands is asked again: they may have done it.
            if kept is None or kept.startswith(NO_ANSWER):
                return True
            return result_of(check, kept, self._seen).outcome is Outcome.HANDS
        if check.when is When.BY_STEP:
            return kept is None and step_of(self._seen).check == check.number
        if check.when is When.IN_CALL:
            return self._watcher.in_call
        return check.when is When.ALWAYS

    def _tell(self) -> None:
        outputs = {int(number): output for number, output in self._seen.kept.items()}
        self._told = lines(self._checks, {**outputs, **self._outputs}, self._seen)

    async def _report(self) -> None:
        self._tell()
        self._keep()
        try:
            await asyncio.to_thread(self._put, report(self._told))
        except CardError as error:
            log.warning("BRINGUP.txt is not written: %s", error)

    async def _pages(self) -> None:
        first = 0
        while True:
            step = step_of(self._seen)
            waits = step.after_check and not self._good
            do = WAIT if waits else step.text
            if step.frames:
                picture = await asyncio.to_thread(frames, do)
            else:
                place = f"{min(self._seen.step + 1, len(STEPS))}/{len(STEPS)}"
                shown = self._told[first : first + LINES_A_PAGE]
                left = left_s(self._seen, self._wanted)
                picture = await asyncio.to_thread(page, do, place, left, shown)
                first = first + LINES_A_PAGE if first + LINES_A_PAGE < len(self._told) else 0
            await self._window.show(picture)
            await asyncio.sleep(PAGE_S)
            if self._watcher.in_call and step.in_meeting:
                await self._window.hide()
                await asyncio.sleep(MEETING_S)

    async def _endings(self) -> None:
        while True:
            await asyncio.sleep(1)
            ending = step_of(self._seen).ending
            early = ENDING_AFTER_S * self._wanted.pace
            shown_s = min(time.monotonic() - self._began, self._seen.step_s)
            if ending is None or not self._good or shown_s < early:
                continue
            log.warning("this start is ended: %s", ending)
            await self._report()
            self._seen = replace(self._seen, pending=ending.value)
            self._keep()
            await self._endings_by[ending]()
            await asyncio.sleep(ENDING_DEADLINE_S)
            why = f"nothing started the box again within {ENDING_DEADLINE_S:g} s"
            self._seen = without_effect(self._seen, ending, why)
            self._keep()
