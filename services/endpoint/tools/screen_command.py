"""`diemcau screen`: draws to a file any screen that the TV can show."""

import re
from pathlib import Path

import click

from services.endpoint.screen import FontMissingError, draw
from services.endpoint.screen.samples import SAMPLES

MAX_SIZE = (3840, 2160)
MIN_SIZE = (640, 360)


def _size(_context: click.Context, _option: click.Parameter, value: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is no size; write it like 1280x720")
    width, height = int(found[1]), int(found[2])
    if not (MIN_SIZE[0] <= width <= MAX_SIZE[0] and MIN_SIZE[1] <= height <= MAX_SIZE[1]):
        raise click.BadParameter(f"{value} is out of range: 640x360 to 3840x2160")
    if abs(width * 9 - height * 16) > width * 9 // 50:
        raise click.BadParameter(f"{value} is not 16:9, as every TV is; take 1280x720")
    return width, height


@click.command()
@click.argument("scene", required=False, metavar="SCENE")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="file to write")
@click.option("--size", default="1280x720", callback=_size, help="WIDTHxHEIGHT, 16:9")
@click.option("--locale", type=click.Choice(["vi", "en"]), default="vi", help="language on top")
@click.option("--all", "every", is_flag=True, help="every scene, into --folder")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="folder to fill")
@click.option("--list", "listed", is_flag=True, help="only the names of the scenes")
def screen(
    scene: str | None,
    png: Path | None,
    size: tuple[int, int],
    locale: str,
    every: bool,
    folder: Path | None,
    listed: bool,
) -> None:
    """Draw SCENE (see --list) with sample data into a PNG file."""
    if listed:
        click.echo("\n".join(SAMPLES))
        return
    if every and (scene is not None or png is not None):
        raise click.UsageError("--all takes --folder only, no SCENE and no --png")
    if every and folder is None:
        raise click.UsageError("--all needs --folder, the folder to fill")
    if not every and (scene is None or png is None):
        raise click.UsageError("give SCENE and --png FILE, or --all and --folder DIR")
    if scene is not None and scene not in SAMPLES:
        raise click.UsageError(f"{scene!r} is no scene; one of {', '.join(SAMPLES)}")
    wanted = (
        {name: folder / f"{name}.png" for name in SAMPLES}
        if folder is not None and every
        else {scene: png}
    )
    for name, path in wanted.items():
        if name is not None and path is not None:
            _write(name, path, size, locale)


def _write(name: str, path: Path, size: tuple[int, int], locale: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(SAMPLES[name](), size, locale).image.save(path, "PNG")
    except (FontMissingError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(str(path))
