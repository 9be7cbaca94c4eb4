"""Labels for boxes: the commune to which each goes, and a QR code of its page in the console."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import segno

from services.province.settings import Settings
from services.province.sites.tree import Tree

PER_SHEET = 8
"""Two across and four down on A4: 99 by 68 mm, the common sheet of self-adhesive labels."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label; ``code`` is a QR code of the site's page, as a ``data:`` address of an SVG."""

    site: str
    name: str
    path: tuple[str, ...]
    code: str


def labels(settings: Settings, tree: Tree, sites: Iterable[str]) -> list[Label]:
    """One for each of these sites, by their places in the tree and their names."""
    made = []
    for site in sites:
        known = tree.sites[site]
        path = tree.path(known.place_id)
        made.append(Label(site, known.name, path, _code(f"{settings.url}/sites/{site}")))
    return sorted(made, key=lambda label: (label.path, label.name, label.site))


def sheets(found: Sequence[Label]) -> list[Sequence[Label]]:
    """The labels by sheets of paper."""
    return [found[at : at + PER_SHEET] for at in range(0, len(found), PER_SHEET)]


def _code(address: str) -> str:
    uri: str = segno.make(address, micro=False, error="m").svg_data_uri(border=2)
    return uri
