"""Tells a story: a commune's evening, and the list of phases that it went through."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from gpiozero import Factory
from icalendar import Calendar, Event, vDuration, vUri

from appliance.base.clock import SteadyClock
from appliance.base.config import AgendaSource, Identity, Province, Site
from appliance.base.fact_file import HEALTH_FILE
from appliance.base.supervisor import Supervisor
from appliance.base.systemd import SystemdNotifier
from appliance.core.end_reasons import EndReason
from appliance.core.floor_control import Floor
from appliance.core.problems import Area
from appliance.core.scenes import Scene, Screen
from appliance.media.tv.compositor import I420
from appliance.media.tv.television import TvProblem
from appliance.wire.facts import DesiredFacts, HealthFacts, RehearsalWish
from appliance.wire.meeting import EndedMeeting
from hardware.board import MODEL, open_board
from hardware.boards import abilities, board_problems
from hardware.display.cec_device import CecDevice
from hardware.display.tv_control import Adapter, TvControl
from hardware.simulator.pins import Simulator
from hardware.vitals.identity import model
from hardware.wiring import TWO_BUTTONS
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.agenda.feed import Feed
from services.endpoint.call.call_keeper import CallKeeper, Dial
from services.endpoint.call.dismissals import Dismissals
from services.endpoint.call.ended_meetings import EndedMeetings
from services.endpoint.call.media_record import MediaRecord
from services.endpoint.call.rehearsal_call import RehearsalCall
from services.endpoint.call.site_floor import SiteFloor
from services.endpoint.conductor import Conductor
from services.endpoint.devices.near_devices import NearDevices
from services.endpoint.margin_setting import MarginSetting
from services.endpoint.screen.display import Display, Renderer
from services.endpoint.status.problems import SiteProblems
from services.endpoint.status.province_facts import ProvinceFacts
from services.endpoint.status.reports import Reports
from services.endpoint.status.self_test import SelfTest, Step
from services.endpoint.status.self_test_steps import SelfTestSteps
from tests.stories.far_end import FarEnd
from tests.stories.rehearsals.near_end import StoryDevices, StoryNear

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = datetime(2026, 11, 23, tzinfo=ZONE)
CLOSING_S = 60.0
"""Who comes so soon after the end finds the room closed."""
BLANK = np.zeros((3, 2), np.uint8)


class StoryTv:
    """A television and a renderer in one; a story looks at the scene, not at pixels."""

    def __init__(self) -> None:
        self.shown = 0
        self.problem: TvProblem | None = None
        self.far: object = None
        self.scene: Scene | None = None
        """The newest that was drawn, whole or over the far picture."""
        self.seen_at = 0.0

    @property
    def screen(self) -> Screen | None:
        """What kind of scene that is."""
        return None if self.scene is None else self.scene.screen

    @property
    def codes(self) -> dict[str, str]:
        """The problems that it tells, each with its detail."""
        problems = () if self.scene is None else self.scene.problems
        return {problem.code: problem.detail for problem in problems}

    def show(self, picture: I420, due: float) -> None:
        self.shown += 1

    def play(self, pcm: bytes, due: float) -> None: ...

    def draw_scene(self, scene: Scene) -> I420:
        self.scene = scene
        return BLANK

    def with_self_view(self) -> I420:
        return BLANK

    def prepare_signs(self, scene: Scene) -> None:
        self.scene = scene

    def compose(self, frame: object) -> I420:
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
        self.begin = at(begin)
        self._begin_at = self.begin.timestamp()
        self.clock = StoryClock(self.begin)
        self.far = FarEnd()
        self.dial = dial or self.far.dial
        self.devices = StoryDevices()
        self.near: NearDevices | None = None
        """Instead of them, which a story may ask."""
        self.tv = StoryTv()
        self.open_adapter: Callable[[Path], Adapter] = CecDevice
        """What stands at `board_root`'s ``dev/cec*``; there is none unless a story makes it."""
        self.renderer: Renderer = self.tv
        self.self_test_steps: dict[Area, Step] = {}
        self.tested: StoryNear | None = None
        """What the product's own steps try; None: the steps above."""
        self.pins: Factory | None = None
        """Instead of the simulator's, which ``hands`` press."""
        self.data = folder / "data"
        self.feed_kind: Callable[..., Feed] = Feed
        self.systemd_kind = SystemdNotifier
        self.province_now: Callable[[], float] | None = None
        self.province_interval_s = 3600.0
        self.phases: list[str] = []
        self.meetings: dict[str, Event] = {}
        self._ends: dict[str, tuple[str, float]] = {}
        self.plugged = True
        self.seed = ""
        """The site's id, by which it has doors of its own; without one they are the feed's."""
        self.uptime_s = inf
        """The board's, whenever the program is started."""
        self.closes_s: float | None = 3.0
        """So long after its scheduled end the far end closes a room; None: it goes on."""
        self.model_file: Path | None = None
        """Where a Pi has its model: for a story on its real pins, else on the simulator's."""
        self.board_root = folder / "board"
        """Where sysfs and procfs tell of the board; nothing there is a board that can do all."""
        self.site_file_refused = False
        self.province_url = ""
        self.hands = Simulator(TWO_BUTTONS)
        self.conductor: Conductor | None = None
        self.province: ProvinceFacts | None = None
        self.site_floor: SiteFloor | None = None
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
        site_key: str = "",
        doors: float | None = 0,
    ) -> None:
        """Put a meeting into the feed, or another version of one; `doors` in minutes, None: it
        does not say."""
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
        if site_key:
            event.add("x-diemcau-site-key", site_key)
        if doors is not None:
            event.add("x-diemcau-doors", vDuration(timedelta(minutes=doors)))
        self.meetings[uid] = event
        self._ends[uid] = address, at(end).timestamp()
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

    async def _close_rooms(self) -> None:
        """The far end's own clock: each meeting's calls are ended a little after its end."""
        loop = asyncio.get_running_loop()
        while self.closes_s is not None:
            await asyncio.sleep(1.0)
            now = self._begin_at + loop.time()
            over = {
                address
                for address, end in self._ends.values()
                if 0 <= now - end - self.closes_s < CLOSING_S
            }
            for call in [one for one in self.far.live if one.address in over]:
                call.end(EndReason.FAR_END, "the meeting was ended")

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

    @property
    def floor(self) -> Floor:
        """Hand, microphone and floor, as they are now."""
        assert self.site_floor is not None
        return self.site_floor.floor

    def province_says(
        self,
        *,
        floor: str = "",
        hand_seen: bool = False,
        rehearsal: RehearsalWish | None = None,
        ended: tuple[EndedMeeting, ...] = (),
    ) -> None:
        """The health program has heard this of the province."""
        desired = DesiredFacts(floor=floor, rehearsal=rehearsal, ended=ended)
        facts = HealthFacts(desired=desired, hand_seen=hand_seen)
        HEALTH_FILE.write(self.folder / "run", facts, self.clock.now())
        assert self.province is not None
        self.province.poll()

    @asynccontextmanager
    async def powered(self) -> AsyncIterator[Conductor]:
        """The box has power inside this block; at its end it is cut."""
        listener = _Phases(self.phases)
        logging.getLogger("diemcau.conductor").addHandler(listener)
        logging.getLogger("diemcau").setLevel(logging.INFO)
        loop = asyncio.get_running_loop()
        clock = SteadyClock(self.clock, loop.time)
        site = Site(
            site=Identity(id="ia-kly", name="Xã Ia Kly"),
            agenda=AgendaSource(url=f"file:{self._feed}"),
            province=Province(url=self.province_url),
        )
        near = self.near or self.devices
        feed = self.feed_kind(f"file:{self._feed}", self.data, zone=ZONE)
        pins = self.pins or (self.hands.pins if self.model_file is None else None)
        with open_board(
            TWO_BUTTONS, pins=pins, model_file=self.model_file or MODEL, clock=loop.time
        ) as board:
            run, changed = self.folder / "run", asyncio.Event()
            supervisor = Supervisor(changed.set)
            agenda_poller = AgendaPoller(feed, clock.now, changed, seed=self.seed)
            call_keeper = CallKeeper(
                self.dial,
                changed,
                seed=self.seed or "ia-kly",
                uptime_s=self.uptime_s,
                supervisor=supervisor,
            )
            self.site_floor = SiteFloor(changed, supervisor=supervisor)
            self.province = ProvinceFacts(
                run,
                self.province_now or clock.now,
                agenda_poller,
                changed,
                EndedMeetings(self.data),
                interval_s=self.province_interval_s,
            )
            tv_control = TvControl(self.board_root, changed, self.open_adapter)
            board_now = partial(board_problems, self.board_root)
            steps = self.self_test_steps
            if self.tested is not None:
                self.devices.tested = self.tested
                steps = SelfTestSteps(
                    self.tested,
                    agenda_poller,
                    clock,
                    self.tv,
                    lambda: self.plugged,
                    board_now,
                    tv_control,
                ).by_area()
            self.conductor = Conductor(
                site,
                changed=changed,
                clock=clock,
                agenda_poller=agenda_poller,
                call_keeper=call_keeper,
                devices=near,
                media_record=MediaRecord(self.data, run),
                dismissals=Dismissals(self.data, run),
                display=Display(
                    self.tv, self.renderer, loop.time, call_keeper.note_media, supervisor
                ),
                margin=MarginSetting(self.data, 0),
                panel=board.panel,
                problems=SiteProblems(
                    agenda_poller,
                    near,
                    board.panel,
                    self.tv,
                    run,
                    linked=lambda: self.plugged,
                    board=board_now,
                    tv_control=tv_control,
                    button_box=board.problem,
                    site_file=self.site_file_refused,
                    supervisor=supervisor,
                ),
                province=self.province,
                reports=Reports(self.systemd_kind(loop.time), run),
                self_test=SelfTest(
                    steps,
                    changed,
                    clock.now,
                    supervisor,
                    rehearsal_call=RehearsalCall(self.dial),
                ),
                site_floor=self.site_floor,
                tv_control=tv_control,
                fast_enough=abilities(model(self.board_root)).calls,
                supervisor=supervisor,
            )
            running = asyncio.create_task(self.conductor.run())
            closing = asyncio.create_task(self._close_rooms())
            try:
                yield self.conductor
            finally:
                if running.done():
                    running.result()
                closing.cancel()
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running
                logging.getLogger("diemcau.conductor").removeHandler(listener)
                near.want(False, live=False)


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
