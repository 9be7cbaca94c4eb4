"""What `.editorconfig` asks for holds, and pre-commit runs this repository's own tools alone."""

import configparser
import re

from tests.house.sources import ROOT, Sources, sources

RECORDED = ("tests/wire/calendar/corpus", "tests/hardware/vitals/recorded", "tests/fuzz/found")
"""As they came; `.editorconfig` leaves them alone too."""

TABBED = ("Makefile", "image/root/etc/asound.conf", "image/root/etc/kanshi/config")

TEXT = (
    "", ".cmd", ".conf", ".css", ".html", ".js", ".json", ".lock", ".mako", ".md", ".mount",
    ".path", ".po", ".py", ".rules", ".sdp", ".service", ".timer", ".toml", ".txt", ".yaml",
)  # fmt: skip


def untidy(files: Sources) -> list[str]:
    """What an editor that reads `.editorconfig` would change."""
    found: list[str] = []
    for name, text in files.items():
        if name.startswith(RECORDED):
            continue
        if text and not text.endswith("\n"):
            found.append(f"{name}: no end of the last line")
        if "\r" in text:
            found.append(f"{name}: ends of lines are not LF")
        if re.search(r"[ \t]$", text, re.MULTILINE):
            found.append(f"{name}: blanks at the end of a line")
        if "\t" in text and name not in TABBED:
            found.append(f"{name}: a tab")
    return found


def test_text_files_are_tidy() -> None:
    made_up = {
        "docs/one.md": "a \nb",
        "docs/two.md": "a\r\n\tb\r\n",
        "Makefile": "all:\n\ttrue\n",
        "tests/wire/calendar/corpus/one.ics": "a \r\n",
        "empty.txt": "",
    }
    assert untidy(made_up) == [
        "docs/one.md: no end of the last line",
        "docs/one.md: blanks at the end of a line",
        "docs/two.md: ends of lines are not LF",
        "docs/two.md: a tab",
    ]
    assert untidy(sources(".", ":!tests/fuzz/found", endings=TEXT)) == []


def test_editors_are_told_the_same() -> None:
    parser = configparser.ConfigParser()
    parser.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    assert (parser["*"]["end_of_line"], parser["*"]["indent_size"]) == ("lf", "4")
    assert f"{{{','.join(TABBED)}}}" in parser
    assert f"{{{','.join(RECORDED)}}}/**" in parser


def test_pre_commit_fetches_nothing() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"repo: (\S+)", text) == ["local"]
    entries = re.findall(r"entry: (\S+) ?(\S*)", text)
    assert len(entries) == 4
    for program, word in entries:
        if program == "make":
            assert f"\n{word}:" in (ROOT / "Makefile").read_text()
        else:
            assert (ROOT / program).exists()
