"""What the TV shows and plays now: the far end under our signs, or a whole scene."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from appliance.base.supervisor import Supervisor
from appliance.core.scenes import Scene, Screen
from appliance.dialers.api import Call
from appliance.media.receive.track_follower import TrackFollower
from appliance.media.tv.compositor import I420

SELF_VIEW_INTERVAL_S = 0.1
"""How often the self-view moves while the far picture is awaited."""
STALE_S = 2.0
"""A far picture that has stood for so long gives way to the scene that says why."""


class Television(Protocol):
    """Where pictures and sound go (`appliance.media.tv`)."""

    def show(self, picture: I420, due: float) -> None:
        """Show at `due` (time.monotonic() seconds)."""

    def play(self, pcm: bytes, due: float) -> None:
        """Play 20 ms at `due`."""


class Renderer(Protocol):
    """Who draws (`services.endpoint.screen.renderer`)."""

    def draw_scene(self, scene: Scene) -> I420:
        """A scene that fills the TV; takes tens of milliseconds, is called in a thread."""

    def with_self_view(self) -> I420:
        """The scene drawn last with the newest self-view in it; fast."""

    def prepare_signs(self, scene: Scene) -> None:
        """Draw the signs that `compose` lays over the far picture from now on; as slow."""

    def compose(self, frame: Any) -> I420:
        """The far picture with the signs and the self-view; fast."""


class Display:
    """Owns what is on the TV. `want` may be said as often as one likes.

    `on_media` is called with each far frame that is shown or played: the sign of life of the call.
    """

    def __init__(
        self,
        television: Television,
        renderer: Renderer,
        monotonic: Callable[[], float],
        on_media: Callable[[], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        self._television = television
        self._renderer = renderer
        self._monotonic = monotonic
        self._on_media = on_media
        self._supervisor = supervisor or Supervisor()
        self._scene: Scene | None = None
        self._far_at = float("-inf")
        self._changed = asyncio.Event()
        self._picture = TrackFollower(self._show)
        self._sound = TrackFollower(self._play)
        self.shown = asyncio.Event()
        """Set once the first picture was handed to the TV."""

    def want(self, scene: Scene, call: Call | None) -> None:
        """From now on this scene, and the far end of this call."""
        self._picture.choose(call.video if call else None)
        self._sound.choose(call.audio if call else None)
        if call is None or call.video is None:
            self._far_at = float("-inf")
        if scene != self._scene:
            self._scene = scene
            self._changed.set()

    async def run(self) -> None:
        """Keep the TV right until cancelled.

        A far picture that fails costs no sound, and the reverse; a frame that cannot be shown costs
        that frame. Without drawing nobody sees what the site does: that part is vital, and what it
        raises after its last try is raised here.
        """
        async with asyncio.TaskGroup() as group:
            for name, part, vital in (
                ("far picture", self._picture.run, False),
                ("far sound", self._sound.run, False),
                ("drawing", self._draw, True),
            ):
                group.create_task(self._supervisor.keep(name, part, vital=vital), name=name)

    @property
    def far_seen(self) -> bool:
        """Whether the far picture is on the TV now."""
        in_meeting = self._scene is not None and self._scene.screen is Screen.IN_MEETING
        return in_meeting and self._monotonic() - self._far_at < STALE_S

    async def _draw(self) -> None:
        """Draw when the scene is another one, or when the far picture came or went."""
        drawn: tuple[Scene | None, bool] = (None, False)
        while True:
            self._changed.clear()
            scene, in_call = wanted = (self._scene, self.far_seen)
            if scene is not None and wanted != drawn:
                await self._draw_scene(scene, in_call=in_call)
                drawn = wanted
            mirrored = scene is not None and scene.screen is Screen.IN_MEETING and not in_call
            if mirrored:
                self._television.show(self._renderer.with_self_view(), self._monotonic())
            # A far picture that stands still gives way by time alone.
            wait_s = STALE_S / 2 if in_call else SELF_VIEW_INTERVAL_S if mirrored else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    async def _draw_scene(self, scene: Scene, *, in_call: bool) -> None:
        """Draw it, or what is left of it without the texts from outside: a meeting's title that no
        font can set must hide neither the microphone's sign nor the phase."""
        draw = self._draw_signs if in_call else self._draw_whole
        with self._supervisor.contain("drawing"):
            await draw(scene)
            return
        with self._supervisor.contain("drawing"):
            await draw(replace(scene, meeting=None, speaker="", problems=()))

    async def _draw_signs(self, scene: Scene) -> None:
        await asyncio.to_thread(self._renderer.prepare_signs, scene)

    async def _draw_whole(self, scene: Scene) -> None:
        picture = await asyncio.to_thread(self._renderer.draw_scene, scene)
        if not self.far_seen:
            self._television.show(picture, self._monotonic())
        self.shown.set()

    def _show(self, frame: Any) -> None:
        self._on_media()
        with self._supervisor.contain("far picture"):
            self._show_far(frame)

    def _show_far(self, frame: Any) -> None:
        if self._scene is None or self._scene.screen is not Screen.IN_MEETING:
            return
        if not self.far_seen:
            self._changed.set()
        self._far_at = self._monotonic()
        self._television.show(self._renderer.compose(frame), float(frame.pts * frame.time_base))

    def _play(self, frame: Any) -> None:
        self._on_media()
        with self._supervisor.contain("far sound"):
            self._television.play(bytes(frame.planes[0]), float(frame.pts * frame.time_base))
