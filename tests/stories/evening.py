"""Tells a story: a commune's evening, and the list of phases that it went through."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from icalendar import Calendar, Event, vUri

from appliance.base.config import AgendaSource, Identity, Site
from appliance.base.systemd import SystemdNotifier
from appliance.core.problems import Problem
from appliance.core.scenes import Scene
from appliance.media.tv.compositor import I420
from appliance.media.tv.television import TvProblem
from hardware.board import MODEL, open_board
from hardware.simulator.pins import Simulator
from hardware.wiring import TWO_BUTTONS
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.agenda.feed import Feed
from services.endpoint.call.call_keeper import CallKeeper, Dial
from services.endpoint.call.dismissals import Dismissals
from services.endpoint.conductor import Conductor
from services.endpoint.screen.display import Display
from services.endpoint.status.problems import SiteProblems
from services.endpoint.status.reports import Reports
from services.endpoint.status.self_test import SelfTest
from services.endpoint.status.stick import stick
from tests.stories.far_end import FarEnd

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = datetime(2026, 11, 23, tzinfo=ZONE)
BLANK = np.zeros((3, 2), np.uint8)


class StoryDevices:
    """Camera and microphone, of which a story wants to know when they were open."""

    def __init__(self) -> None:
        self.open = self.live = False
        self.opened = 0
        self.found: list[Problem] = []

    def want(self, wanted: bool, *, live: bool) -> None:
        self.opened += wanted and not self.open
        self.open, self.live = wanted, wanted and live

    def problems(self) -> list[Problem]:
        return self.found


class _Tv:
    """A television and an easel in one; a story looks at the scene, not at pixels."""

    def __init__(self) -> None:
        self.shown = 0
        self.far: object = None
        self.scene: Scene | None = None
        """The newest that was drawn, whole or over the far picture."""
        self.seen_at = 0.0

    def show(self, picture: I420, due: float) -> None:
        self.shown += 1

    def play(self, pcm: bytes, due: float) -> None: ...

    def whole(self, scene: Scene) -> I420:
        self.scene = scene
        return BLANK

    def mirror(self) -> I420:
        return BLANK

    def signs(self, scene: Scene) -> None:
        self.scene = scene

    def over(self, frame: object) -> I420:
        self.far = frame
        self.seen_at = asyncio.get_running_loop().time()
        return BLANK


class StoryClock:
    """The story's hour; wrong by `off` seconds, and believed or not."""

    def __init__(self, begin: datetime) -> None:
        self._begin = begin.timestamp()
        self.off = 0.0
        self.believed = True

    def now(self) -> float:
        return self._begin + asyncio.get_running_loop().time() + self.off

    def trusted(self) -> bool:
        return self.believed


class Evening:
    """One site, its feed in a folder, and a far end; `phases` is the story that it told."""

    def __init__(self, folder: Path, begin: str, dial: Dial | None = None) -> None:
        self.folder = folder
        self.clock = StoryClock(at(begin))
        self.far = FarEnd()
        self.dial = dial or self.far.dial
        self.devices = StoryDevices()
        self.tv = _Tv()
        self.phases: list[str] = []
        self.meetings: dict[str, Event] = {}
        self.plugged = True
        self.tv_problem: TvProblem | None = None
        self.model_file: Path | None = None
        """Where a Pi has its model: for a story on its real pins, else on the simulator's."""
        self.site_file_refused = False
        self.hands = Simulator(TWO_BUTTONS)
        self.conductor: Conductor | None = None
        self._feed = folder / "feed.ics"

    def meeting(
        self,
        uid: str,
        begin: str,
        end: str,
        *,
        address: str = "janus+ws://mcu.example/janus?room=1",
        status: str = "CONFIRMED",
        free: bool = False,
    ) -> None:
        """Put a meeting into the feed, or another version of one."""
        event = Event()
        event.add("uid", uid)
        event.add("dtstamp", at("06:00"))
        event.add("dtstart", at(begin))
        event.add("dtend", at(end))
        event.add("summary", f"Họp {uid}")
        event.add("status", status)
        event.add("conference", vUri(address), parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
        if free:
            event.add("x-diemcau-speak", "FREE")
        self.meetings[uid] = event
        self.publish()

    def publish(self) -> None:
        """Write the feed as it is now."""
        calendar = Calendar()
        calendar.add("prodid", "-//diemcau//story//VI")
        calendar.add("version", "2.0")
        calendar.add("refresh-interval", timedelta(minutes=1), parameters={"VALUE": "DURATION"})
        for event in self.meetings.values():
            calendar.add_component(event)
        self._feed.write_bytes(calendar.to_ical())

    def vanish(self) -> None:
        """The province is gone: no feed any more."""
        self._feed.unlink()

    def hour(self, hour: str) -> float:
        """That hour of the story's true time, as the loop's clock has it."""
        return at(hour).timestamp() - self.clock._begin

    async def until(self, hour: str) -> None:
        """Live on until that hour of the story's true time."""
        await asyncio.sleep(self.hour(hour) - asyncio.get_running_loop().time())

    async def press(self, seconds: float = 0.2) -> None:
        """Press the button, and let what follows from it happen."""
        await self.hands.press(seconds)
        await asyncio.sleep(1.0)

    @asynccontextmanager
    async def powered(self) -> AsyncIterator[Conductor]:
        """The box has power inside this block; at its end it is cut."""
        listener = _Phases(self.phases)
        logging.getLogger("diemcau.conductor").addHandler(listener)
        logging.getLogger("diemcau").setLevel(logging.INFO)
        loop = asyncio.get_running_loop()
        site = Site(
            site=Identity(id="ia-kly", name="Xã Ia Kly"),
            agenda=AgendaSource(url=f"file:{self._feed}"),
        )
        feed = Feed(f"file:{self._feed}", self.folder / "data", zone=ZONE)
        pins = self.hands.pins if self.model_file is None else None
        with open_board(
            TWO_BUTTONS, pins=pins, model_file=self.model_file or MODEL, clock=loop.time
        ) as board:
            agendas = AgendaPoller(feed, self.clock.now)
            self.conductor = Conductor(
                site,
                clock=self.clock,
                agendas=agendas,
                devices=self.devices,
                panel=board.panel,
                dismissals=Dismissals(self.folder / "data"),
                symptoms=SiteProblems(
                    agendas,
                    self.devices,
                    board.panel,
                    linked=lambda: self.plugged,
                    tv_problem=lambda: self.tv_problem,
                    button_box=board.problem,
                    site_file=self.site_file_refused,
                    stick=lambda now: stick(self.folder / "run", now),
                ),
                reports=Reports(SystemdNotifier(loop.time), self.folder / "run"),
                line=lambda changed: CallKeeper(self.dial, changed, seed="ia-kly"),
                stage=lambda media: Display(self.tv, self.tv, loop.time, media),
                selftest=SelfTest({}),
            )
            running = asyncio.create_task(self.conductor.run())
            try:
                yield self.conductor
            finally:
                if running.done():
                    running.result()
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running
                logging.getLogger("diemcau.conductor").removeHandler(listener)
                self.devices.want(False, live=False)


class _Phases(logging.Handler):
    """Reads the story off the journal's own lines."""

    def __init__(self, phases: list[str]) -> None:
        super().__init__()
        self._phases = phases

    def emit(self, record: logging.LogRecord) -> None:
        phase = getattr(record, "PHASE", None)
        if phase is not None:
            self._phases.append(phase)


def at(hour: str) -> datetime:
    """``14:05`` or ``14:05:30`` of the story's day."""
    hours, minutes, *seconds = (int(part) for part in hour.split(":"))
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
