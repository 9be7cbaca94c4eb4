"""``diemcau rescue-page``: draws what is behind the endpoint of a box in rescue."""

import io
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from appliance.base.atomic_file import write_durably
from appliance.base.fact_file import read_facts
from appliance.base.site_file import SiteFileError, read_site
from appliance.core.rescue import FailedSlot, Rescue, RescueProblem
from appliance.core.scenes import rescued
from hardware.vitals.identity import serial
from services.endpoint.screen import FontMissingError, draw

NAMELESS = "Điểm Cầu"
SIZE = (1280, 720)
"""The TV's mode: image/root/etc/kanshi/config."""
READABLE = 0o644
"""The compositor runs as another user."""


@click.command("rescue-page")
@click.option("--facts", "facts_path", default="/run/diemcau/updater.json", show_default=True,
              type=click.Path(path_type=Path), help="What `diemcau rescue` found.")  # fmt: skip
@click.option("--site", "site_path", default="/data/site/site.toml", show_default=True,
              type=click.Path(path_type=Path), help="Who this is.")  # fmt: skip
@click.option("--folder", default="/run/diemcau-rescue", show_default=True,
              type=click.Path(path_type=Path), help="Where the page is put.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
def rescue_page(facts_path: Path, site_path: Path, folder: Path, root: Path) -> None:
    """Exit code 0 once the page is there for the compositor's next start, 1 where it is not.

    Whatever is not known, settings or findings, is left out.
    """
    name, locale = NAMELESS, "vi"
    try:
        site = read_site(site_path).site
        name, locale = site.name, site.locale
    except (OSError, SiteFileError) as error:
        click.echo(f"without the site's name: {error}", err=True)
    told = read_facts(facts_path, time.time(), math.inf) or {}
    page = folder / "page.png"
    try:
        scene = rescued(name, known(told, serial(root)))
        picture = io.BytesIO()
        draw(scene, SIZE, locale).image.save(picture, "PNG")
        write_durably(page, picture.getvalue(), sync=False, mode=READABLE)
        line = f"PICTURE={page}\n".encode()
        write_durably(folder / "screen.env", line, sync=False, mode=READABLE)
    except (FontMissingError, OSError) as error:
        raise click.ClickException(f"the page is not drawn: {error}") from error


def known(facts: Mapping[str, Any], number: str) -> Rescue:
    """What the fact file says, as far as it makes sense; `number` is the board's."""
    starts, slots = facts.get("starts"), facts.get("slots")
    found = [_slot(entry) for entry in slots] if isinstance(slots, list) else []
    return Rescue(
        starts if isinstance(starts, int) and starts > 0 else 0,
        tuple(slot for slot in found if slot is not None)[:2],
        number,
    )


def _slot(entry: object) -> FailedSlot | None:
    if not isinstance(entry, dict) or not entry.get("slot"):
        return None
    fault = entry.get("fault")
    return FailedSlot(
        str(entry["slot"]),
        str(entry.get("version", "")),
        RescueProblem(fault) if fault in set(RescueProblem) else RescueProblem.UNKNOWN,
        str(entry.get("reason", "")),
    )
