"""The endpoint's life: a picture on the TV first, then all that a meeting needs."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from appliance.base.config import Site
from appliance.base.errors import PartError
from appliance.base.paths import Paths
from appliance.base.program_ends import ENDPOINT_RUN, ProgramEnds
from appliance.base.run import run_until_signal
from appliance.base.supervisor import Supervisor
from appliance.base.systemd import SystemdNotifier
from appliance.core.scenes import starting
from appliance.media.tv.output import Output
from appliance.media.tv.television import Television
from hardware.boards import abilities
from hardware.vitals.identity import model
from hardware.vitals.tv_sound import TvSound
from services.endpoint.screen.margin_setting import MarginSetting
from services.endpoint.screen.renderer import SceneRenderer
from services.endpoint.simulator import Simulator

Serve = Callable[
    [
        Site,
        Paths,
        Simulator | None,
        SystemdNotifier,
        Television,
        MarginSetting,
        asyncio.Event,
        Supervisor,
    ],
    Awaitable[None],
]


async def conduct(site: Site, paths: Paths, simulator: Simulator | None, output: Output) -> None:
    """Be this site until SIGTERM or SIGINT; raises what a vital part dies of."""
    systemd = SystemdNotifier()
    with ProgramEnds(ENDPOINT_RUN, paths.run).counted() as ended:
        work = _site(site, paths, simulator, output, systemd, ended)
        await run_until_signal(work, systemd=systemd)


async def _site(
    site: Site,
    paths: Paths,
    simulator: Simulator | None,
    output: Output,
    systemd: SystemdNotifier,
    ended: str,
) -> None:
    """Screen first: the TV shows that the box lives before anything else is asked or loaded."""
    size = (site.tv.width, site.tv.height)
    sound = TvSound(paths.root, by_usb=not abilities(model(paths.root)).tv_sound)
    television = Television(size, output, sound=sound)
    margin = MarginSetting(paths.data, site.tv.margin)
    scene = starting(site.site.name, margin.percent)
    first = SceneRenderer(size, site.site.locale, lambda: None).draw_scene(scene)
    television.show(first, time.monotonic())
    changed = asyncio.Event()
    supervisor = Supervisor(changed.set)
    if ended:
        supervisor.note("program", PartError(ended))
    async with asyncio.TaskGroup() as group:
        showing = supervisor.keep("television", television.run, vital=True)
        group.create_task(showing, name="television")
        serve = await asyncio.to_thread(_loaded)
        await serve(site, paths, simulator, systemd, television, margin, changed, supervisor)


def _loaded() -> Serve:
    """What dials, reads calendars and fetches is more than half of what the endpoint loads: seconds
    on a cold card, in which VLC starts."""
    from services.endpoint.composition import serve  # noqa: PLC0415 - see above

    return serve
