"""The endpoint's life: a picture on the TV first, then all that a meeting needs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

from appliance.base.config import Site
from appliance.base.errors import PartError
from appliance.base.loading import loading
from appliance.base.paths import Paths
from appliance.base.run import run_until_signal
from appliance.base.supervisor import Supervisor
from appliance.base.systemd import SystemdNotifier
from appliance.media.tv.output import Output
from appliance.media.tv.television import Television
from hardware.boards import abilities
from hardware.vitals.identity import model, release
from hardware.vitals.tv_sound import TvSound
from services.endpoint.margin_setting import MarginSetting
from services.endpoint.simulator import Simulator
from services.endpoint.start_page import FILE, SHIPPED, StartPage

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

_CHILD_S = 2.0
"""The start of the TV's process goes before what is loaded beside it, and is waited for so long."""


async def conduct(site: Site, paths: Paths, simulator: Simulator | None, output: Output) -> None:
    """Be this site until SIGTERM or SIGINT; raises what a vital part dies of."""
    systemd = SystemdNotifier()
    with ExitStack() as counted:
        work = _site(site, paths, simulator, output, systemd, counted)
        await run_until_signal(work, systemd=systemd)


async def _site(
    site: Site,
    paths: Paths,
    simulator: Simulator | None,
    output: Output,
    systemd: SystemdNotifier,
    counted: ExitStack,
) -> None:
    """Screen first: the TV shows that the box lives before anything else is asked or loaded."""
    size = (site.tv.width, site.tv.height)
    sound = TvSound(paths.root, by_usb=not abilities(model(paths.root)).tv_sound)
    television = Television(size, output, sound=sound)
    margin = MarginSetting(paths.data, site.tv.margin)
    page = StartPage(site.site.name, site.site.locale, size, margin.percent, release(paths.root))
    kept = page.read(paths.data / FILE)
    ready = kept or page.general.read(paths.root / SHIPPED / page.shipped_as)
    changed = asyncio.Event()
    supervisor = Supervisor(changed.set)
    async with asyncio.TaskGroup() as group:

        def begin(picture: bytes) -> None:
            television.show(picture, time.monotonic())
            showing = supervisor.keep("television", television.run, vital=True)
            group.create_task(showing, name="television")

        if ready is not None:
            begin(ready)
            with suppress(TimeoutError):
                async with asyncio.timeout(_CHILD_S):
                    await television.started.wait()
        if ended := counted.enter_context(await asyncio.to_thread(_run_counted, paths.run)):
            supervisor.note("program", PartError(ended))
        if kept is None:
            drawn = await asyncio.to_thread(_drawn, page)
            if ready is None:
                begin(drawn)
            else:
                television.show(drawn, time.monotonic())
            keeping = asyncio.to_thread(page.keep, paths.data / FILE, drawn)
            group.create_task(keeping, name="start page")
        serve = await asyncio.to_thread(_loaded)
        await serve(site, paths, simulator, systemd, television, margin, changed, supervisor)


def _run_counted(run: Path) -> AbstractContextManager[str]:
    """From here on an end that nobody wanted is counted, and why; it gives the last run's."""
    from appliance.base.program_ends import ENDPOINT_RUN, ProgramEnds  # noqa: PLC0415 - see _drawn

    return ProgramEnds(ENDPOINT_RUN, run).counted()


def _drawn(page: StartPage) -> bytes:
    """The page's picture. What draws is loaded for it and no sooner, as all that is not needed for
    a picture that is ready: on a cold card each library of these costs a part of a second."""
    with loading():
        from appliance.core.scenes import starting  # noqa: PLC0415 - see above
        from services.endpoint.screen.renderer import SceneRenderer  # noqa: PLC0415 - see above

    renderer = SceneRenderer(page.size, page.locale, lambda: None)
    return renderer.draw_scene(starting(page.name, page.margin)).tobytes()


def _loaded() -> Serve:
    """What dials, reads calendars and fetches is more than half of what the endpoint loads: seconds
    on a cold card, in which VLC starts."""
    with loading():
        from services.endpoint.composition import serve  # noqa: PLC0415 - see above

    return serve
