"""Run in the guest: the product's `TvControl` and a TV that the kernel and cec-follower play.

Prints a line of JSON for each step: its name, and what is known of the TV.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from hardware.display.tv_control import TvControl
from hardware.display.tv_state import TvState, Want, Wish
from hardware.vitals.tv import cec_devices

TV, BOX = "/dev/cec0", "/dev/cec1"
HERE = Path(tempfile.gettempdir())
LOG = HERE / "follower.log"
STEP_S = 120.0


def tool(*words: str) -> None:
    subprocess.run(words, stdout=subprocess.DEVNULL, check=False, timeout=STEP_S)


def hide_edid() -> None:
    """The TV drops its hot-plug line; the wire of CEC stays (kernel: vivid)."""
    tool("v4l2-ctl", "-d1", "-c", "display_present=0")
    tool("v4l2-ctl", "-d0", "-c", "hdmi_000_0_is_connected_to=0")


def show_edid() -> None:
    tool("v4l2-ctl", "-d0", "-c", "hdmi_000_0_is_connected_to=2")
    tool("v4l2-ctl", "-d1", "-c", "display_present=1")
    tool("v4l2-ctl", "-d0", "--set-edid=edid=hdmi")


def play_tv() -> None:
    """A TV by v4l-utils, until the guest ends."""
    tool("cec-ctl", "-d", TV, "--tv")
    words = ["stdbuf", "-oL", "cec-follower", "-d", TV, "-m", "-w"]
    with LOG.open("w") as log:
        subprocess.Popen(words, stdout=log, stderr=log)


async def until(name: str, holds: Callable[[], bool], control: TvControl) -> None:
    for _ in range(round(STEP_S / 0.25)):
        if holds():
            break
        await asyncio.sleep(0.25)
    told = {"step": name, "came": holds(), "state": control.state, "problem": control.problem}
    sys.stdout.write("STEP " + json.dumps(told) + "\n")
    sys.stdout.flush()


async def main() -> None:
    box = HERE / "box"
    (box / "dev").mkdir(parents=True)
    (box / "dev/cec1").symlink_to(BOX)
    sys.stdout.write(
        "STEP " + json.dumps({"step": "devices", "names": cec_devices(Path("/"))}) + "\n"
    )
    show_edid()
    play_tv()
    said = LOG.read_text

    def slept() -> bool:
        return said().count("STANDBY (0x36)") >= 2

    control = TvControl(box, asyncio.Event())
    running = asyncio.create_task(control.run())
    await until("on", lambda: control.state is TvState.ON, control)
    tool("cec-ctl", "-d", BOX, "--to", "0", "--standby")
    await asyncio.sleep(10.0)  # it goes to standby over more than five seconds
    hide_edid()
    await until("hidden", lambda: control.state is TvState.NO_LINK, control)
    control.want(Wish(Want.WAKE, "giao-ban early"))
    await until("view on", lambda: control.state is TvState.TRANSITION, control)
    show_edid()
    await until("woken", lambda: control.state is TvState.ON, control)
    await until("shown again", lambda: said().count("ACTIVE_SOURCE (0x82)") >= 2, control)
    shown = said().count("ACTIVE_SOURCE (0x82)")
    tool("cec-ctl", "-d", TV, "--set-stream-path", "phys-addr=2.0.0.0")
    await until("reasserted", lambda: said().count("ACTIVE_SOURCE (0x82)") > shown, control)
    await asyncio.sleep(15.0)
    tool("cec-ctl", "-d", TV, "--set-stream-path", "phys-addr=3.0.0.0")
    await until("by hand", lambda: control.problem is not None, control)
    tool("cec-ctl", "-d", TV, "--set-stream-path", "phys-addr=1.0.0.0")
    await until("ours again", lambda: control.problem is None, control)
    control.want(Wish(Want.REST))
    await until("standby", lambda: slept() and control.state is not TvState.ON, control)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    sys.stdout.write("".join(f"LOG {line}\n" for line in said().splitlines()))


if __name__ == "__main__":
    asyncio.run(main())
