"""Lays the pages out as one document: for a screen and, by the same style sheet, for A4 paper."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib.metadata import version
from pathlib import Path

from services.guide.pages import CONTENTS, Page

STYLE = Path(__file__).with_name("guide.css")
PART = "Phần"
"""Stands with its number alone in a line at the head of each chapter; `paper.py` looks for it."""

HEAD = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
"""


def document(pages: Sequence[Page], numbers: Mapping[int, int]) -> str:
    """One HTML file that needs no other; `numbers` is the sheet that each chapter begins on."""
    parts = [HEAD.format(title=escape(pages[0].title), style=STYLE.read_text())]
    for page in pages:
        if page.number == 0:
            cover = page.body.replace(f"<p>{CONTENTS}</p>", _contents(pages, numbers))
            release = escape(version("diemcau"))
            parts.append(
                f'<header class="cover"><p class="product">Điểm Cầu</p><h1>{escape(page.title)}'
                f'</h1>\n{cover}<p class="release">Bản {release}</p></header>\n'
            )
            continue
        parts.append(
            f'<section class="chapter" id="{page.anchor}"><p class="part">{PART} {page.number}</p>'
            f"<h1>{escape(page.title)}</h1>\n{page.body}</section>\n"
        )
    return "".join([*parts, "</body>\n</html>\n"])


def _contents(pages: Sequence[Page], numbers: Mapping[int, int]) -> str:
    rows = (
        f'<li><a href="#{page.anchor}"><b>{page.number}</b> <span>{escape(page.title)}</span>'
        f' <i class="sheet">{numbers.get(page.number, "")}</i></a></li>'
        for page in pages
        if page.number
    )
    return f'<ol class="contents">{"".join(rows)}</ol>'
