"""The print: sheets of A4, each letter in it, and a list of contents that is true."""

import re

from appliance.core.problems import KINDS
from tests.guide.made import Made, poppler, sources

A4_MM = (210, 297)
POINT_MM = 25.4 / 72


def test_every_sheet_is_a4(made: Made) -> None:
    told = poppler("pdfinfo", "-f", "1", "-l", "99", str(made.pdf))
    sizes = re.findall(r"Page +\d+ size: +([\d.]+) x ([\d.]+) pts", told)
    assert len(sizes) == len(made.sheets) > 12
    for wide, high in sizes:
        assert (round(float(wide) * POINT_MM), round(float(high) * POINT_MM)) == A4_MM


def test_all_letters_are_in_the_file_and_can_be_read(made: Made) -> None:
    rows = poppler("pdffonts", str(made.pdf)).splitlines()[2:]
    assert rows
    assert all(re.search(r" yes +(yes|no) +(yes|no) +\d+ +\d+$", row) for row in rows), rows
    names = {re.sub(r"^[A-Z]{6}\+", "", row.split()[0]) for row in rows}
    assert {"NotoSans-Regular", "NotoSans-Bold"} <= names
    # Composed letters with two marks come out of the print as they went in.
    text = "\n".join(made.sheets)
    for word in ("Hướng dẫn tại điểm cầu", "Cắm dây và bật điện", "được mời phát biểu", "Lịch họp"):
        assert word in text, word
    assert "\ufffd" not in text


def test_no_sheet_is_empty(made: Made) -> None:
    pictures = {
        int(found[1])
        for found in re.finditer(
            r"^ +(\d+) +\d+ +image", poppler("pdfimages", "-list", str(made.pdf)), re.MULTILINE
        )
    }
    for number, sheet in enumerate(made.sheets, 1):
        assert len(sheet.split()) > 30 or number in pictures, number


def test_the_list_of_contents_is_true(made: Made) -> None:
    cover = made.sheets[0]
    titles = {
        int(name[0]): text.partition("\n")[0].removeprefix("# ")
        for name, text in sources().items()
        if name[0] != "0"
    }
    assert titles
    for number, title in titles.items():
        found = re.search(rf"^ *{number} +{re.escape(title)} +(\d+)$", cover, re.MULTILINE)
        assert found, (title, cover)
        sheet = made.sheets[int(found[1]) - 1]
        assert re.search(rf"^ *Phần {number}$", sheet, re.MULTILINE)
        assert title in sheet
        assert sheet.rstrip().endswith(found[1]), "the number stands at the foot of its sheet"


def test_each_code_is_printed_once_with_its_row(made: Made) -> None:
    text = "\n".join(made.sheets)
    begin = text.index("Tivi báo và lý do")
    listed = re.findall(r"^ *([MLGCATHNBPU]\d{1,2}) {2,}\S", text[begin:], re.MULTILINE)
    assert sorted(listed) == sorted(kind.code for kind in KINDS.values())


def test_the_html_needs_no_other_file(made: Made) -> None:
    assert not re.search(r"(src|href)=\"(?!data:image/jpeg;base64,|#)", made.html)
    goals = set(re.findall(r'href="#([^"]+)"', made.html))
    assert goals <= set(re.findall(r'id="([^"]+)"', made.html))
    assert '<html lang="vi">' in made.html
    assert "{{" not in made.html
