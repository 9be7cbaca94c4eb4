"""The endpoint's life: a picture on the TV first, then all that a meeting needs."""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from appliance.base.config import Site
from appliance.base.limits import Limits
from appliance.base.systemd import Lifeline
from appliance.core.scenes import starting
from appliance.media.tv.output import Output
from appliance.media.tv.television import Television
from services.endpoint.paths import Paths
from services.endpoint.screen.renderer import SceneRenderer
from services.endpoint.simulator import Simulator

log = logging.getLogger("diemcau.endpoint")

Serve = Callable[[Site, Paths, Simulator | None, Lifeline, Television], Awaitable[None]]


async def conduct(site: Site, places: Paths, simulator: Simulator | None, output: Output) -> None:
    """Be this site until SIGTERM or SIGINT; raises what any part dies of."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    lifeline = Lifeline()
    work = asyncio.create_task(_site(site, places, simulator, output, lifeline), name="site")
    ending = asyncio.create_task(stop.wait(), name="stop signal")
    await asyncio.wait({work, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not work.done():
        log.info("stopping")
        lifeline.stopping()
        work.cancel()
        await asyncio.wait({work}, timeout=Limits().stop)
    with suppress(asyncio.CancelledError):
        work.result() if work.done() else None


async def _site(
    site: Site, places: Paths, simulator: Simulator | None, output: Output, lifeline: Lifeline
) -> None:
    """Screen first: the TV shows that the box lives before anything else is asked or loaded."""
    size = (site.tv.width, site.tv.height)
    television = Television(size, output)
    first = SceneRenderer(size, site.site.locale, lambda: None).whole(starting(site.site.name))
    television.show(first, time.monotonic())
    async with asyncio.TaskGroup() as group:
        group.create_task(television.run(), name="television")
        serve = await asyncio.to_thread(_loaded)
        await serve(site, places, simulator, lifeline, television)


def _loaded() -> Serve:
    """What dials, reads calendars and fetches is more than half of what the endpoint loads: seconds
    on a cold card, in which VLC starts."""
    from services.endpoint.composition import serve  # noqa: PLC0415 - see above

    return serve
