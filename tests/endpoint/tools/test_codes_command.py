"""The list of codes: each of the catalogue with its sentence and what to do, on lines and paper."""

import re
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import normalize

import pytest
from click.testing import CliRunner

from appliance.base.texts import text
from appliance.core.problems import KINDS
from services.endpoint.tools.codes_command import GROUPS, codes


def run(*words: str) -> str:
    done = CliRunner().invoke(codes, list(words))
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_each_code_has_its_line(locale: str) -> None:
    lines = run("--locale", locale).splitlines()
    assert len(lines) == len(KINDS)
    texts = text(locale)
    for kind in KINDS.values():
        (line,) = (one for one in lines if one.split()[0] == kind.code)
        assert texts(kind.text) in line
        assert texts(kind.remedy) in line


class _Sheet(HTMLParser):
    """The words of a page, and whether each tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href"} & {name for name, _ in attrs}, "it is read without a network"
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_sheet_has_all_of_them_and_whom_to_call(tmp_path: Path) -> None:
    run("--html", str(tmp_path / "a.html"), "--telephone", "0269 <3> 824 000")
    sheet = _Sheet()
    sheet.feed((tmp_path / "a.html").read_text("utf-8"))
    assert sheet.open == []
    assert "Gọi: 0269 <3> 824 000" in sheet.words
    found = [word for word in sheet.words if re.fullmatch(r"[A-Z][0-9]{1,2}", word)]
    assert sorted(found) == sorted(kind.code for kind in KINDS.values())
    assert {code[0] for code in found} == set(GROUPS)


def test_a_letter_is_the_first_of_its_vietnamese_word() -> None:
    second = {"B": "Thiết bị", "H": "Cuộc họp"}
    for letter, word in GROUPS.items():
        shown = text("vi")(word)
        plain = normalize("NFD", shown)  # Â is A
        assert plain.startswith(letter) or shown == second.get(letter), (letter, shown)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(codes, ["--html", str(tmp_path / "none" / "a.html")])
    assert done.exit_code == 1
    assert "No such file" in done.output
