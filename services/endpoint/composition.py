"""The endpoint's composition root: builds every part once and runs them together."""

import asyncio
import logging
import time
from functools import partial
from math import inf

from appliance.base.clock import SteadyClock, SystemClock
from appliance.base.config import Site
from appliance.base.fact_file import SITE_FILE
from appliance.base.paths import Paths
from appliance.base.supervisor import Supervisor
from appliance.base.systemd import SystemdNotifier
from appliance.dialers.registry import Dialers
from appliance.media.codecs.board_encoders import encoders_for
from appliance.media.tv.television import Television
from hardware.board import open_board
from hardware.boards import abilities, board_problems
from hardware.display.tv_control import TvControl
from hardware.vitals.identity import model, uptime_s
from hardware.vitals.link import any_carrier
from hardware.vitals.temperature import soc_celsius
from hardware.wiring import TWO_BUTTONS
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.agenda.feed import Feed
from services.endpoint.call.call_keeper import CallKeeper
from services.endpoint.call.dismissals import Dismissals
from services.endpoint.call.ended_meetings import EndedMeetings
from services.endpoint.call.media_record import MediaRecord
from services.endpoint.call.rehearsal_call import RehearsalCall
from services.endpoint.call.site_dialer import SiteDialer
from services.endpoint.call.site_floor import SiteFloor
from services.endpoint.conductor import Conductor
from services.endpoint.devices.devices import Devices
from services.endpoint.margin_setting import MarginSetting
from services.endpoint.screen.display import Display
from services.endpoint.screen.overlay import self_view
from services.endpoint.screen.renderer import SceneRenderer, draw_name_card
from services.endpoint.simulator import Simulator
from services.endpoint.status.problems import SiteProblems
from services.endpoint.status.province_facts import ProvinceFacts
from services.endpoint.status.reports import Reports
from services.endpoint.status.self_test import SelfTest
from services.endpoint.status.self_test_steps import SelfTestSteps
from services.support.trusted_time import release_made

log = logging.getLogger("diemcau.endpoint")


async def serve(
    site: Site,
    paths: Paths,
    simulator: Simulator | None,
    systemd: SystemdNotifier,
    television: Television,
    margin: MarginSetting,
    changed: asyncio.Event,
    supervisor: Supervisor,
) -> None:
    """Be this site on a TV that runs, until cancelled; raises what a vital part dies of."""
    size, identity = (site.tv.width, site.tv.height), site.site
    camera_size = (site.camera.width, site.camera.height)
    card = await asyncio.to_thread(draw_name_card, identity.name, camera_size, identity.locale)
    corner = self_view(size)
    encoders = encoders_for(model(paths.root))
    devices = Devices(
        site, card, (corner.width, corner.height), encoders, partial(soc_celsius, paths.root)
    )
    renderer = SceneRenderer(size, identity.locale, devices.camera.preview)
    hosts = frozenset(site.agenda.hosts)
    dialers = await asyncio.to_thread(Dialers, site.call.ca, sip=site.sip, hosts=hosts)
    dialer = SiteDialer(dialers, devices, identity.name)
    clock = SteadyClock(SystemClock(trust=site.clock.trust, floor=release_made(paths.root)))
    linked = partial(any_carrier, paths.root) if simulator is None else simulator.linked
    refused = SITE_FILE.read(paths.run, clock.now(), inf)
    with open_board(TWO_BUTTONS, pins=simulator and simulator.pins) as board:
        if board.problem:
            log.error("button box: %s", board.problem)
        async with Feed(
            site.agenda.url,
            paths.data / "agenda",
            zone=identity.zoneinfo,
            hosts=frozenset(site.agenda.hosts),
            ca=site.agenda.ca,
            proxy=site.network.proxy,
        ) as feed:
            agenda_poller = AgendaPoller(
                feed, clock.now, changed, paths.data / "agenda", seed=identity.id
            )
            call_keeper = CallKeeper(
                dialer.dial,
                changed,
                seed=identity.id,
                spread=site.call.spread,
                uptime_s=inf if simulator else uptime_s(paths.root) or inf,
                supervisor=supervisor,
            )
            board_now = partial(board_problems, paths.root)
            tv_control = TvControl(paths.root, changed, enabled=site.tv.cec)
            steps = SelfTestSteps(
                devices, agenda_poller, clock, television, linked, board_now, tv_control
            )
            conductor = Conductor(
                site,
                changed=changed,
                clock=clock,
                agenda_poller=agenda_poller,
                call_keeper=call_keeper,
                devices=devices,
                margin=margin,
                media_record=MediaRecord(paths.data, paths.run),
                dismissals=Dismissals(paths.data, paths.run),
                display=Display(
                    television, renderer, time.monotonic, call_keeper.note_media, supervisor
                ),
                panel=board.panel,
                problems=SiteProblems(
                    agenda_poller,
                    devices,
                    board.panel,
                    television,
                    paths.run,
                    linked=linked,
                    board=board_now,
                    tv_control=tv_control,
                    button_box=board.problem,
                    site_file=refused is not None and bool(refused.problems),
                    site_file_detail=refused.first_vi if refused is not None else "",
                    supervisor=supervisor,
                ),
                province=ProvinceFacts(
                    paths.run, clock.now, agenda_poller, changed, EndedMeetings(paths.data)
                ),
                reports=Reports(systemd, paths.run),
                self_test=SelfTest(
                    steps.by_area(),
                    changed,
                    clock.now,
                    supervisor,
                    rehearsal_call=RehearsalCall(dialer.dial),
                ),
                site_floor=SiteFloor(changed, supervisor=supervisor),
                tv_control=tv_control,
                fast_enough=abilities(model(paths.root)).calls,
                supervisor=supervisor,
            )
            if simulator is None:
                await conductor.run()
            else:
                await conductor.run(simulator.run(devices.camera, devices.microphone, conductor))
