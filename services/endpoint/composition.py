"""The endpoint's composition root: builds every part once and runs them together."""

import asyncio
import logging
import time
from math import inf

import numpy as np

from appliance.base.clock import SystemClock
from appliance.base.config import Site
from appliance.base.fact_file import SITE_FILE
from appliance.base.paths import Paths
from appliance.base.systemd import SystemdNotifier
from appliance.core.scenes import name_card
from appliance.dialers.api import Call
from appliance.dialers.registry import Dialers
from appliance.media.codecs.board_encoders import encoders_for
from appliance.media.tv.television import Television, TvProblem
from hardware.board import open_board
from hardware.vitals.identity import model
from hardware.vitals.link import any_carrier
from hardware.wiring import TWO_BUTTONS
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.agenda.feed import Feed
from services.endpoint.call.call_keeper import CallKeeper
from services.endpoint.call.dismissals import Dismissals
from services.endpoint.conductor import Conductor
from services.endpoint.devices.devices import Devices
from services.endpoint.screen.display import Display
from services.endpoint.screen.overlay import self_view
from services.endpoint.screen.renderer import SceneRenderer, card
from services.endpoint.simulator import Simulator
from services.endpoint.status.problems import SiteProblems
from services.endpoint.status.province import Province
from services.endpoint.status.reports import Reports
from services.endpoint.status.self_test import SelfTest
from services.endpoint.status.self_test_steps import trials
from services.endpoint.status.stick import stick

log = logging.getLogger("diemcau.endpoint")


async def serve(
    site: Site,
    paths: Paths,
    simulator: Simulator | None,
    systemd: SystemdNotifier,
    television: Television,
) -> None:
    """Be this site on a TV that runs, until cancelled; raises what any part dies of."""
    size, locale, identity = (site.tv.width, site.tv.height), site.site.locale, site.site
    face = np.asarray(
        await asyncio.to_thread(
            card, name_card(identity.name), (site.camera.width, site.camera.height), locale
        )
    )
    corner = self_view(size)
    encoders = encoders_for(model(paths.root))
    devices = Devices(site, face, (corner.width, corner.height), encoders)
    easel = SceneRenderer(size, locale, devices.camera.preview)
    dismissals = Dismissals(paths.data)
    clock = SystemClock(trust=site.clock.trust)
    dialers = Dialers(site.call.ca, sip=site.sip)

    def plugged() -> bool:
        return any_carrier(paths.root) if simulator is None else simulator.linked()

    def tv_problem() -> TvProblem | None:
        return television.problem

    def measured() -> dict[str, str | float]:
        dbfs = devices.loudness.dbfs
        heard = {} if dbfs is None else {"microphone_dbfs": round(dbfs, 1)}
        return {**selftest.result, **symptoms.line_figures, **heard}

    async def call(address: str) -> Call:
        return await dialers.dial(address, devices.near(), name=identity.name)

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
        ) as feed:
            agendas = AgendaPoller(feed, clock.now)
            symptoms = SiteProblems(
                agendas,
                devices,
                board.panel,
                linked=plugged,
                tv_problem=tv_problem,
                button_box=board.problem,
                site_file=refused is not None and bool(refused.problems),
                stick=lambda now: stick(paths.run, now),
            )
            selftest = SelfTest(
                trials(
                    devices,
                    agendas,
                    linked=plugged,
                    trusted=clock.trusted,
                    chime=lambda: television.play(chime(), time.monotonic()),
                    tv_problem=tv_problem,
                ),
                clock.now,
            )
            conductor = Conductor(
                site,
                clock=clock,
                agendas=agendas,
                devices=devices,
                panel=board.panel,
                dismissals=dismissals,
                symptoms=symptoms,
                reports=Reports(
                    systemd,
                    paths.run,
                    measured,
                ),
                line=lambda changed: CallKeeper(
                    call, changed, seed=identity.id, spread=site.call.spread
                ),
                stage=lambda media: Display(television, easel, time.monotonic, media),
                selftest=selftest,
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(conductor.run(), name="conductor")
                province = Province(
                    paths.run,
                    hurry=agendas.hurry,
                    claimed=conductor.claimed,
                    said=conductor.told,
                    now=clock.now,
                )
                group.create_task(province.run(), name="province")
                if simulator is not None:
                    simulated = simulator.run(devices.camera, devices.microphone, conductor)
                    group.create_task(simulated, name="simulator")


def chime(seconds: float = 0.15, hertz: float = 660.0) -> bytes:
    """A soft tone for the self-test: s16le stereo 48 kHz."""
    at = np.arange(int(48_000 * seconds)) / 48_000
    wave = 8_000 * np.sin(2 * np.pi * hertz * at) * np.sin(np.pi * at / seconds)
    return np.repeat(wave.astype("<i2"), 2).tobytes()
