"""What the documents name is there: relative links, headings, paths in code marks."""

import re
from collections.abc import Callable, Set
from pathlib import PurePosixPath

from tests.house.sources import PRODUCT, ROOT, Sources, sources

DOCUMENTS = (
    "README.md", "README.vi.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs",
    "hardware/parts/README.md",
)  # fmt: skip
FOLDERS = ("appliance", "hardware", "services", "image", "tests", "docs")
"""A path in code marks that begins with one of these is one of the repository."""

MADE = ("services/health/checks/fan.py", "hardware/vitals/fan.py")
"""What a document has its reader make (CONTRIBUTING, the first change)."""

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_MARKED = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)

There = Callable[[str], bool]
"""Whether a path of the repository is there."""


def lost_links(documents: Sources, there: There) -> list[str]:
    """Relative links that lead to no file, or to no heading of one of `documents`."""
    found = []
    for name, text in documents.items():
        for link in _LINK.findall(_FENCE.sub("", text)):
            path, _, heading = link.partition("#")
            if "://" in link or link.startswith("mailto:"):
                continue
            goal = _joined(PurePosixPath(name).parent, path) if path else name
            if not there(goal):
                found.append(f"{name}: {link} leads to no file")
            elif heading and goal in documents and heading not in anchors(documents[goal]):
                found.append(f"{name}: {link} leads to no heading")
    return found


def lost_paths(documents: Sources, there: There) -> list[str]:
    """Paths of the repository in code marks that are not there."""
    found = []
    for name, text in documents.items():
        for marked in _MARKED.findall(_FENCE.sub("", text)):
            path = marked.rstrip("/")
            ours = path.split("/")[0] in FOLDERS and re.fullmatch(r"[\w./@-]*/[\w./@-]+", path)
            if ours and not there(path):
                found.append(f"{name}: `{marked}` is not there")
    return found


def anchors(text: str) -> set[str]:
    """The headings as a forge makes them parts of an address."""
    plain = (re.sub(r"[`*_]", "", heading) for heading in _HEADING.findall(_FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def _joined(folder: PurePosixPath, path: str) -> str:
    parts: list[str] = []
    for part in (folder / path).parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _there(path: str) -> bool:
    return path in MADE or (ROOT / path).exists()


def test_every_link_leads_somewhere() -> None:
    made_up = {
        "docs/one.md": "# A *walk*, in `code`\n[two](../two.md#there) [lost](three.md)\n"
        "[self](#a-walk-in-code) [no](../two.md#nowhere) [far](https://example.org/x)\n"
        "```\n[none](at-all.md)\n```\n",
        "two.md": "## There\n",
    }
    assert lost_links(made_up, made_up.__contains__) == [
        "docs/one.md: three.md leads to no file",
        "docs/one.md: ../two.md#nowhere leads to no heading",
    ]
    assert lost_links(sources(*DOCUMENTS, endings=(".md",)), _there) == []


def test_every_path_in_code_marks_is_there() -> None:
    made_up = {
        "README.md": "`services/gone.py`, `appliance/`, `build/x`, `services/*/x`, `docs/two.md`",
    }
    assert lost_paths(made_up, {"docs/two.md"}.__contains__) == [
        "README.md: `services/gone.py` is not there",
    ]
    assert lost_paths(sources(*DOCUMENTS, endings=(".md",)), _there) == []


def unknown_names(glossary: str, words: Set[str], there: There) -> list[str]:
    """What the last column of a glossary's rows names and the code does not have."""
    rows = [line.split("|") for line in glossary.splitlines() if line.startswith("|")]
    names = [name for row in rows for name in _MARKED.findall(row[-2])]
    return [name for name in names if name not in words and not there(name)]


def test_the_glossary_names_what_is_in_the_code() -> None:
    made_up = (
        "| English | in the code |\n|---|---|\n| feed | `Feed`, `appliance` |\n| x | `Gone` |\n"
    )
    assert unknown_names(made_up, {"Feed"}, {"appliance"}.__contains__) == ["Gone"]

    product = sources(*PRODUCT)
    words = set(re.findall(r"[A-Za-z_]\w*", "\n".join(product.values())))
    assert unknown_names((ROOT / "docs/glossary.md").read_text(), words, _there) == []


def lost_identifiers(walks: str, words: Set[str]) -> list[str]:
    """Identifiers in code marks (with a low line, or a capital within) that the code has not."""
    marked = _MARKED.findall(_FENCE.sub("", walks))
    names = [name for text in marked for name in re.findall(r"[A-Za-z_]\w*", text)]
    told = [name for name in names if "_" in name or re.search("[a-z][A-Z]", name)]
    return [name for name in told if name not in words]


def test_the_walks_call_things_as_the_code_does() -> None:
    made_up = "Then `Hand.press` calls `_told`, `SoundJitter.gone_by` and `sip`.\n"
    assert lost_identifiers(made_up, {"SoundJitter", "_told"}) == ["gone_by"]

    words = set(re.findall(r"[A-Za-z_]\w*", "\n".join(sources(*PRODUCT).values())))
    assert lost_identifiers((ROOT / "docs/walks.md").read_text(), words) == []
