"""Puts a page above whatever the TV shows, and takes it away again."""

import asyncio
import contextlib
import io
import logging
import os
from pathlib import Path

from PIL import Image

from appliance.base.atomic_file import write_atomically

log = logging.getLogger("diemcau.bringup")

SHOWER = "/usr/bin/diemcau-background"
ENVIRONMENT = {"XDG_RUNTIME_DIR": "/run/diemcau-screen", "WAYLAND_DISPLAY": "wayland-0"}
DRAWN_S = 1.5
"""Until a new window has its picture; the one below is there so long."""
END_S = 3.0


class Window:
    """One page at a time, each a window of its own: the compositor puts the newest on top."""

    def __init__(self, folder: Path, user: str | None, shower: str = SHOWER) -> None:
        """`folder` takes the pictures; `user` is whose the compositor's socket is, None: ours."""
        self._folder = folder
        self._user = user
        self._shower = shower
        self._shown: asyncio.subprocess.Process | None = None
        self._count = 0

    async def show(self, picture: Image.Image) -> None:
        """Show `picture` in the place of the one before; a TV that cannot be reached is logged."""
        self._count = 1 - self._count
        file = self._folder / f"page-{self._count}.ppm"
        content = io.BytesIO()
        picture.save(content, "PPM")
        before, self._shown = self._shown, None
        try:
            write_atomically(file, content.getvalue(), sync=False, mode=0o644)
            self._shown = await asyncio.create_subprocess_exec(
                self._shower,
                str(file),
                env={**os.environ, **ENVIRONMENT},
                user=self._user,
                stdin=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            log.warning("no page on the TV: %s", error)
        await asyncio.sleep(DRAWN_S)
        await _ended(before)

    async def hide(self) -> None:
        """What is below is seen again."""
        before, self._shown = self._shown, None
        await _ended(before)


async def _ended(process: asyncio.subprocess.Process | None) -> None:
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_S):
            await process.wait()
