"""`diemcau codes`: every code that the TV can show, as lines or as one sheet of A4 to print."""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

import click

from appliance.base.texts import Texts, text
from appliance.core.message import N_
from appliance.core.problems import KINDS, Kind

GROUPS: dict[str, str] = {
    "M": N_("Network"),
    "L": N_("Agenda"),
    "G": N_("Hour"),
    "C": N_("Camera"),
    "A": N_("Sound (microphone and loudspeaker)"),
    "T": N_("TV"),
    "H": N_("Meeting"),
    "N": N_("Button"),
    "B": N_("The box"),
    "P": N_("Software"),
    "U": N_("USB stick"),
}
"""By the letter of a code, the first of the Vietnamese word (`appliance.core.problems`)."""
TITLE = N_("What the codes on the TV say")
LEAD = N_(
    "A box is fine where the TV shows no code. Do what stands beside the code, then read it out."
)
HELP = N_("Call: {telephone}")
BLANK = "." * 40
"""Where nobody gave the number, a hand writes it down."""

_STYLE = """
@page { size: A4; margin: 7mm 9mm; }
* { box-sizing: border-box; margin: 0; }
body { font: 7pt/1.18 "Noto Sans", "DejaVu Sans", Arial, sans-serif; color: #000;
       max-width: 192mm; margin: 0 auto; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 4mm;
         border-bottom: .6mm solid #000; padding-bottom: 1mm; margin-bottom: 1.5mm; }
h1 { font-size: 14pt; } .help { font-size: 11pt; font-weight: 700; white-space: nowrap; }
.lead { margin-bottom: 1.5mm; }
main { columns: 2; column-gap: 6mm; }
h2 { font-size: 9pt; background: #ddd; padding: .3mm 1.5mm; margin-top: 1.2mm; break-after: avoid; }
h2:first-child { margin-top: 0; }
section { break-inside: auto; }
p { display: grid; grid-template-columns: 9mm 1fr; break-inside: avoid; padding: .3mm 0;
    border-bottom: .15mm solid #aaa; }
b.code { font-size: 9pt; } i { font-style: normal; display: block; }
@media screen { body { font-size: 11pt; padding: 4mm; } main { columns: 22rem; } }
"""


@click.command("codes")
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False),
              help="The sheet to print, as a page for a browser.")  # fmt: skip
@click.option("--telephone", default="", help="Whom to call, for the sheet's head.")
@click.option("--locale", type=click.Choice(["vi", "en"]), default="vi", help="Its language.")
def codes(page: Path | None, telephone: str, locale: str) -> None:
    """Say what each code of the TV means and what to do about it."""
    texts = text(locale)
    if page is None:
        for kind in in_order():
            click.echo(f"{kind.code:<4} {texts(kind.text)}. {texts(kind.remedy)}")
        return
    try:
        page.write_text(sheet(texts, telephone), "utf-8")
    except OSError as error:
        raise click.ClickException(f"{page}: {error.strerror}") from error
    click.echo(str(page))


def in_order() -> list[Kind]:
    """All rows of the table, by letter and number."""
    letters = list(GROUPS)
    return sorted(
        KINDS.values(), key=lambda kind: (letters.index(kind.code[0]), int(kind.code[1:]))
    )


def sheet(texts: Texts, telephone: str = "") -> str:
    """The page, complete in itself: it is printed where there is no network."""
    title = escape(texts(TITLE))
    told = escape(texts(HELP, telephone=telephone or BLANK))
    body = "".join(_section(texts, letter, kinds) for letter, kinds in _groups())
    return (
        f'<!doctype html>\n<html lang="{texts.locale}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body><header><h1>{title}</h1>"
        f'<span class="help">{told}</span></header>\n'
        f'<div class="lead">{escape(texts(LEAD))}</div>\n<main>{body}</main></body></html>\n'
    )


def _groups() -> Iterator[tuple[str, list[Kind]]]:
    for letter, kinds in groupby(in_order(), key=lambda kind: kind.code[0]):
        yield letter, list(kinds)


def _section(texts: Texts, letter: str, kinds: list[Kind]) -> str:
    rows = "".join(
        f'<p><b class="code">{kind.code}</b>'
        f"<span><b>{escape(texts(kind.text))}</b><i>{escape(texts(kind.remedy))}</i></span></p>\n"
        for kind in kinds
    )
    return f"<section><h2>{letter} – {escape(texts(GROUPS[letter]))}</h2>\n{rows}</section>\n"
