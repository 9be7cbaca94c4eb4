"""Reads the guide's pages (Markdown), and holds all that they quote to the product.

Beside Markdown they have: «what the TV or the console says», which must stand in the catalogue;
`M1`, a code, which must be one; ``![words](screen://in-meeting)``, a screen, and
``![words](lamp://amber)``, a lamp's light, both drawn anew each time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from services.guide.codes import badge, code_list
from services.guide.phrases import CODE, KIND_BY_CODE, QUOTED, GuideError, in_catalogue
from services.guide.pictures import lamp, screen

CODES = "{{ma-loi}}"
"""A paragraph that stands for the list of codes."""
CONTENTS = "{{muc-luc}}"
"""A paragraph that stands for the list of contents; `services/guide/document.py` fills it in."""

_TITLE = re.compile(r"^# (.+)\n")
_NAME = re.compile(r"(\d)-([a-z-]+)\.md")


@dataclass(frozen=True, slots=True)
class Page:
    """One chapter; number 0 is the cover."""

    number: int
    anchor: str
    title: str
    body: str
    """HTML below the title."""


def read_pages(folder: Path) -> list[Page]:
    """All pages ``<number>-<anchor>.md`` in their order; raises `GuideError`."""
    found = sorted(path for path in folder.glob("*.md") if _NAME.fullmatch(path.name))
    if not found:
        raise GuideError(f"{folder}: there is no page <number>-<name>.md")
    return [read_page(path) for path in found]


def read_page(path: Path) -> Page:
    """One page; raises `GuideError`, with the file's name."""
    name, source = _NAME.fullmatch(path.name), path.read_text()
    title = _TITLE.match(source)
    if name is None or title is None:
        raise GuideError(f"{path}: a page is <number>-<name>.md and begins with # and its title")
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=GuideRenderer)
    try:
        body = markdown.enable("table").render(source[title.end() :], {"folder": path.parent})
    except GuideError as error:
        raise GuideError(f"{path.name}: {error}") from error
    if CODES in body:
        body = body.replace(f"<p>{CODES}</p>", code_list())
    return Page(int(name[1]), name[2], title[1], body)


class GuideRenderer(RendererHTML):
    """How what is not plain Markdown becomes HTML: a method for each kind of token."""

    def text(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """Phrases in «» are marked, and must be the product's own."""
        content = tokens[idx].content
        for phrase in QUOTED.findall(content):
            if not in_catalogue(phrase):
                raise GuideError(f"«{phrase}» is no text of the catalogue")
        return QUOTED.sub(r"<q>\1</q>", escape(content, quote=False))

    def code_inline(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        """What looks like a code must be one, and is shown as the TV shows it."""
        content = tokens[idx].content
        if not CODE.fullmatch(content):
            return f"<code>{escape(content)}</code>"
        if content not in KIND_BY_CODE:
            raise GuideError(f"`{content}` is no code of the catalogue")
        return badge(content, KIND_BY_CODE[content].severity)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A screen, a lamp, or a drawing that lies beside the page."""
        source, says = str(tokens[idx].attrGet("src")), tokens[idx].content
        kind, _, name = source.partition("://")
        if kind == "lamp":
            return lamp(name, says)
        if kind == "screen":
            plain = escape(re.sub("[«»`]", "", says))
            shown = f'<img class="screen" src="{screen(name)}" alt="{plain}">'
        else:
            shown = _drawing(env["folder"] / source)
        caption = self.renderInline(tokens[idx].children or [], options, env)
        return f"<figure>{shown}<figcaption>{caption}</figcaption></figure>"

    def paragraph_open(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        """Pictures alone stand side by side."""
        if tokens[idx].hidden:
            return ""
        count = _pictures(tokens[idx + 1])
        return f'<div class="pictures of{count}">' if count else "<p>"

    def paragraph_close(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        """The end of what `paragraph_open` began."""
        if tokens[idx].hidden:
            return ""
        return "</div>\n" if _pictures(tokens[idx - 1]) else "</p>\n"

    def link_open(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, env: EnvType
    ) -> str:
        """To another page of the guide, which is a place in the same document."""
        goal = str(tokens[idx].attrGet("href"))
        page = _NAME.fullmatch(goal)
        if page is None or not (env["folder"] / goal).is_file():
            raise GuideError(f"{goal} is no page of the guide, and paper leads nowhere else")
        return f'<a href="#{page[2]}">'


def _drawing(path: Path) -> str:
    if path.suffix != ".svg" or not path.is_file():
        raise GuideError(f"{path.name}: there is no such drawing")
    return path.read_text()


def _pictures(inline: Token) -> int:
    """How many screens and drawings a paragraph has, where it has nothing else; else 0."""
    children = inline.children or []
    images = [one for one in children if one.type == "image"]
    rest = [one for one in children if one.type not in ("image", "softbreak")]
    lamps = [one for one in images if str(one.attrGet("src")).startswith("lamp://")]
    return 0 if rest or lamps else len(images)
