"""A site file tells all its problems at once, with line and remedy."""

from pathlib import Path

import pytest

from appliance.base.site_file import SiteFileError, parse_site, read_site

GOOD = """\
[site]
id = "ia-kly"
name = "Xã Ia Kly"

[agenda]
url = "https://tinh.example/ia-kly.ics"
hosts = ["mcu.example"]

[camera]
source = "none"
"""


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(SiteFileError) as caught:
        parse_site(text.encode())
    return [(problem.line, problem.key) for problem in caught.value.problems]


def test_what_is_not_said_has_the_default_of_a_commune() -> None:
    site = parse_site(GOOD.encode())
    assert site.site.name == "Xã Ia Kly"
    assert site.site.zone == "Asia/Ho_Chi_Minh"
    assert site.agenda.hosts == ("mcu.example",)
    assert (site.camera.source, site.camera.height) == ("none", 720)


def test_a_file_from_notepad_is_read() -> None:
    windows = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert parse_site(windows) == parse_site(GOOD.encode())


def test_every_problem_is_told_with_its_line() -> None:
    text = GOOD.replace('id = "ia-kly"', 'id = "Ia Kly"').replace("hosts", "host")
    text += 'width = "big"\n\n[colour]\nred = 1\n'
    assert problems(text) == [
        (13, "colour"),
        (2, "site.id"),
        (7, "agenda.host"),
        (11, "camera.width"),
    ]


def test_a_misspelt_key_says_what_was_meant() -> None:
    with pytest.raises(SiteFileError, match="did you mean source"):
        parse_site(GOOD.replace("source", "sourc").encode())


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("[site]\nid = x\n", 2, "file"),
        ("[site]\nid = 'a'\nname = 'b'\nzone = 'Asia/Saigon-West'\n[agenda]\nurl='/x'", 4,
         "site.zone"),
        ("[site]\nid = 'a'\nname = 'b'\n", 0, "agenda"),
        ("[site]\nid = 'a'\nname = 'b'\n[agenda]\n", 4, "agenda.url"),
        (GOOD + "[clock]\nservers = ['ntp.example', 'ntp example']\n", 12, "clock.servers"),
        (GOOD + "fps = 900\n", 11, "camera.fps"),
        (GOOD + "fps = true\n", 11, "camera.fps"),
        (GOOD.replace("https://", "gopher://"), 6, "agenda.url"),
    ],
)  # fmt: skip
def test_one_problem_one_line(text: str, line: int, key: str) -> None:
    assert problems(text) == [(line, key)]


def test_not_utf_8_names_the_line() -> None:
    with pytest.raises(SiteFileError, match="line 2: file: not UTF-8"):
        parse_site(b'[site]\nname = "X\xe3"\n')


def test_no_file_is_a_problem_too(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="No such file"):
        read_site(tmp_path / "site.toml")
