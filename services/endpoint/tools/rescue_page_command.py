"""``diemcau rescue-page``: draws what is behind the endpoint of a box in rescue."""

import io
import math
import time
from pathlib import Path

import click

from appliance.base.atomic_file import write_atomically
from appliance.base.fact_file import UPDATE_FILE
from appliance.base.site_file import SiteFileError, read_site
from appliance.core.rescue import FailedSlot, Rescue, RescueProblem
from appliance.core.scenes import Help, rescued
from appliance.wire.facts import FailedSlotFacts, UpdateFacts
from hardware.vitals.identity import serial
from services.endpoint.screen import FontMissingError, draw

NAMELESS = "Điểm Cầu"
SIZE = (1280, 720)
"""The TV's mode: image/root/etc/kanshi/config."""
MAX_SLOTS = 2
READABLE = 0o644
"""The compositor runs as another user."""


@click.command("rescue-page")
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The facts of `diemcau rescue`.")  # fmt: skip
@click.option("--site", "site_path", default="/data/site/site.toml", show_default=True,
              type=click.Path(path_type=Path), help="Who this is.")  # fmt: skip
@click.option("--folder", default="/run/diemcau-rescue", show_default=True,
              type=click.Path(path_type=Path), help="Where the page is put.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
def rescue_page(run_path: Path, site_path: Path, folder: Path, root: Path) -> None:
    """Exit code 0 once the page is there for the compositor's next start, 1 where it is not.

    Whatever is not known, settings or findings, is left out.
    """
    name, locale, who_helps = NAMELESS, "vi", Help()
    try:
        settings = read_site(site_path)
        name, locale = settings.site.name, settings.site.locale
        who_helps = Help(settings.help.telephone, settings.help.link)
    except (OSError, SiteFileError) as error:
        click.echo(f"without the site's name: {error}", err=True)
    facts = UPDATE_FILE.read(run_path, time.time(), math.inf) or UpdateFacts()
    page = folder / "page.ppm"
    try:
        scene = rescued(name, known(facts, serial(root)), who_helps)
        picture = io.BytesIO()
        draw(scene, SIZE, locale).image.save(picture, "PPM")
        write_atomically(page, picture.getvalue(), sync=False, mode=READABLE)
        line = f"PICTURE={page}\n".encode()
        write_atomically(folder / "screen.env", line, sync=False, mode=READABLE)
    except (FontMissingError, OSError) as error:
        raise click.ClickException(f"the page is not drawn: {error}") from error


def known(facts: UpdateFacts, serial_number: str) -> Rescue:
    """What the facts of this start say of the box with that board."""
    slots = tuple(_slot(slot) for slot in facts.slots if slot.slot)
    return Rescue(max(0, facts.starts), slots[:MAX_SLOTS], serial_number)


def _slot(slot: FailedSlotFacts) -> FailedSlot:
    known_problem = slot.problem in set(RescueProblem)
    problem = RescueProblem(slot.problem) if known_problem else RescueProblem.UNKNOWN
    return FailedSlot(slot.slot, slot.version, problem, slot.reason)
