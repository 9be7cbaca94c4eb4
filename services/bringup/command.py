"""``diemcau bring-up``: try a real board out, with hands that have no keyboard."""

import asyncio
from functools import partial
from pathlib import Path

import click

from appliance.base.journal import open_journal
from appliance.base.paths import Paths
from appliance.base.run import run_until_signal
from services.bringup.judges.use import CALL_S, PULLS, RESTARTS
from services.bringup.steps import Wanted

ROOT = Path("/")
DEVICES = Path("/dev")


@click.group("bring-up")
def bring_up() -> None:
    """What a bring-up card runs, and what it asks; see docs/bring-up.md."""


@bring_up.command("run")
@click.option("--data", default="/data/bringup", show_default=True,
              type=click.Path(path_type=Path), help="What must survive a power cut.")  # fmt: skip
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--folder", default="/run/diemcau-bringup", show_default=True,
              type=click.Path(path_type=Path), help="Pages and the agenda.")  # fmt: skip
@click.option("--boot", default="/dev/diemcau/boot", show_default=True,
              type=click.Path(path_type=Path), help="The FAT partition.")  # fmt: skip
@click.option("--user", default="diemcau-endpoint", show_default=True,
              help="Whose the compositor's socket is.")  # fmt: skip
@click.option("--call", "call_s", default=CALL_S, show_default=True, help="Seconds of the call.")
@click.option("--restarts", default=RESTARTS, show_default=True)
@click.option("--pulls", default=PULLS, show_default=True)
@click.option("--pace", default=1.0, show_default=True,
              help="What the time of each step is multiplied with.")  # fmt: skip
def run(
    data: Path,
    run_path: Path,
    folder: Path,
    boot: Path,
    user: str,
    call_s: float,
    restarts: int,
    pulls: int,
    pace: float,
) -> None:
    """Watch, ask, write BRINGUP.txt every 20 s and tell the TV, as long as the power is on."""
    # The probes below are run again and again, and need none of this.
    from services.bringup.boot_file import write_on_card  # noqa: PLC0415
    from services.bringup.program import BringUp  # noqa: PLC0415
    from services.bringup.window import Window  # noqa: PLC0415

    open_journal("bringup")
    wanted = Wanted(call_s, restarts, pulls, pace)

    async def work() -> None:
        paths = Paths(data, run_path, ROOT)
        window = Window(folder, user or None)
        put = partial(write_on_card, device=boot, place=folder / "boot")
        await BringUp(paths, folder, wanted, window, put).run()

    asyncio.run(run_until_signal(work()))


@bring_up.command("camera")
def camera() -> None:
    """Formats, sizes and rates of each camera."""
    from services.bringup.probes.camera import cameras  # noqa: PLC0415

    click.echo(cameras(ROOT, DEVICES))


@bring_up.command("cec")
def cec() -> None:
    """What the TV answers at each CEC adapter."""
    from services.bringup.probes.cec import adapters  # noqa: PLC0415

    click.echo(adapters(ROOT, DEVICES))


@bring_up.command("tone")
def tone() -> None:
    """Two seconds of 440 Hz at the TV's sound card."""
    from services.bringup.probes.tone import play  # noqa: PLC0415

    click.echo(play(ROOT))


@bring_up.command("threads")
def threads() -> None:
    """The threads that take the most, over eight seconds."""
    from services.bringup.probes.threads import measure  # noqa: PLC0415

    click.echo(measure(ROOT))
