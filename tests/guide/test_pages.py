"""What the guide quotes, pictures and counts is the product's own, or the guide is not made."""

import base64
import io
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from appliance.base.texts import text
from appliance.core.by_hand import ANSWER_S, COUNTED_S
from appliance.core.decision import NEAR_S
from appliance.core.floor_control import CONFIRM_S, Lamp
from appliance.core.problem_causes import CAUSES, HANDS_WORDS, hands
from appliance.core.problems import KINDS, TURN_S, ProblemKey
from appliance.core.scenes import PEOPLE_SHOWN_S
from appliance.core.screen_texts import BY_HAND_WORDS, WORDS, Screen
from appliance.wire.meeting import DEFAULT_DOORS_S
from hardware.gestures import TIMING
from services.card.site_file_on_card import take_apart
from services.endpoint.conductor import STATUS_SHOWN_S
from services.endpoint.screen import draw
from services.endpoint.screen.samples import SAMPLES
from services.endpoint.status.self_test import RESULT_SHOWN_S
from services.guide.pages import read_page
from services.guide.phrases import GuideError, in_catalogue
from tests.guide.made import ROOT, Made, make, sources

SCREEN = re.compile(r"!\[[^\]]*\]\(screen://([a-z-]+)\)")


# --- codes


@pytest.mark.parametrize("key", ProblemKey)
def test_each_code_has_its_sentence_cause_remedy_and_hands(made: Made, key: ProblemKey) -> None:
    kind, vi = KINDS[key], text("vi")
    rows = re.findall(rf'<tr id="{kind.code}">(.*?)</tr>', made.chapter("ma-loi"), re.DOTALL)
    assert len(rows) == 1
    shown = unescape(rows[0])
    for message in (kind.text, CAUSES[key], kind.remedy, HANDS_WORDS[hands(kind)]):
        assert vi(message) != message or message == "Camera", "it is translated"
        assert vi(message) in shown


# --- what the TV says


def test_every_screen_of_the_tv_is_in_the_guide() -> None:
    """By its picture, or by its headline in the table that is read from the TV's large words."""
    written = "\n".join(sources().values())
    pictured = {SAMPLES[name]().screen for name in SCREEN.findall(written)}
    vi = text("vi")
    quoted = {screen for screen, words in WORDS.items() if f"«{vi(words.headline)}»" in written}
    assert set(Screen) - pictured - quoted == set()


def test_a_phrase_is_a_whole_text_of_the_catalogue() -> None:
    assert in_catalogue("Micro tắt")
    assert in_catalogue("Muốn vào lại: giữ nút 5 giây"), "the full stop may be left out"
    assert in_catalogue("Quá giờ 1 giờ 10 phút"), "with its values"
    assert in_catalogue("Đã kết nối, chờ khai mạc lúc 14:00")
    for wrong in ("Micro", "Micro tắt rồi", "", "Microphone off", "Bất cứ câu nào", "12 quả cam"):
        assert not in_catalogue(wrong), wrong


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Tivi hiện «Micro đã chết».", "«Micro đã chết» is no text"),
        ("![«Mất hình»](screen://idle)", "«Mất hình» is no text"),
        ("Mã `M99`.", "`M99` is no code"),
        ("![x](screen://gone)", "screen://gone"),
        ("![x](lamp://blue)", "lamp://blue"),
        ("![x](hinh/khong-co.svg)", "khong-co.svg"),
        ("Xem [phần 9](9-khong-co.md).", "9-khong-co.md is no page"),
        ("Xem [nơi khác](https://example.org).", "paper leads nowhere else"),
    ],
)
def test_a_page_with_something_untrue_is_refused(tmp_path: Path, line: str, why: str) -> None:
    page = tmp_path / "0-bia.md"
    page.write_text(f"# Bìa\n\n{line}\n")
    with pytest.raises(GuideError, match=re.escape(why)) as refused:
        read_page(page)
    assert str(refused.value).startswith("0-bia.md: ")


def test_without_one_true_page_there_is_no_guide(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "0-bia.md").write_text("# Bìa\n\nTivi hiện «Micro đã chết».\n")
    done = make(source, tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr == "Error: 0-bia.md: «Micro đã chết» is no text of the catalogue\n"
    assert not list((tmp_path / "out").iterdir())


# --- pictures


def test_each_picture_is_the_screen_as_it_is_drawn_now(made: Made) -> None:
    shown = re.findall(r'<img class="screen" src="data:image/jpeg;base64,([^"]+)"', made.html)
    named = SCREEN.findall("".join(sources().values()))
    assert len(shown) == len(named) > 20
    # Drawing takes its time; what the guide makes of a name is the same for all of them.
    for name, encoded in list(zip(named, shown, strict=True))[::4]:
        picture = Image.open(io.BytesIO(base64.b64decode(encoded)))
        drawn = draw(SAMPLES[name](), picture.size, "vi").image
        apart = np.abs(np.asarray(picture, np.int16) - np.asarray(drawn.convert("RGB"), np.int16))
        assert apart.mean() < 3.0, name


def test_each_lamp_is_explained_and_painted(made: Made) -> None:
    chapter = made.chapter("nut-bam-va-den")
    assert len(re.findall('<svg class="lamp"', chapter)) == len(Lamp)
    written = sources()["2-nut-bam-va-den.md"]
    assert {one.value.replace(" ", "-") for one in Lamp} == set(
        re.findall(r"\(lamp://([a-z-]+)\)", written)
    )
    lights = {
        name: re.findall(r'fill="(#[0-9a-f]+)"', drawing)
        for name, drawing in re.findall(
            r'<svg class="lamp".*?<title>(.*?)</title>(.*?)</svg>', chapter
        )
    }
    assert len(lights["đỏ đều"]) == len(lights["xanh đều"]) == len(lights["tắt"]) == 1
    assert len(set(lights["vàng nháy chậm"])) == len(set(lights["vàng nháy nhanh"])) == 2
    assert len(lights["vàng nháy nhanh"]) > 3 * len(lights["vàng nháy chậm"])
    assert len(lights["đỏ sáng dần rồi mờ dần"]) > 20


# --- figures


def test_the_seconds_and_minutes_are_the_products() -> None:
    button, meeting, wiring = (
        sources()[name] for name in ("2-nut-bam-va-den.md", "3-trong-cuoc-hop.md", "1-cam-dien.md")
    )
    assert f"Giữ nút {TIMING.held:.0f} giây" in button
    assert TIMING.hold < 2.0, "who holds for two seconds holds long enough"
    assert TIMING.stuck == 30.0 and "quá nửa phút" in button
    assert f"đếm {['', 'một', 'hai', 'ba'][COUNTED_S]} giây cuối" in button
    assert f"cứ chờ {ANSWER_S:.0f} giây" in button
    assert f"Quá {CONFIRM_S:.0f} giây" in button
    assert f"trước {NEAR_S / 60:.0f} phút" in meeting
    assert f"trước {DEFAULT_DOORS_S / 60:.0f} phút" in meeting
    assert f"đến {PEOPLE_SHOWN_S / 60:.0f} phút sau giờ bắt đầu" in meeting
    for page in (meeting, sources()["4-ma-loi.md"]):
        assert TURN_S == 8.0
        assert "mỗi mã tám" in page
    assert f"hiện {STATUS_SHOWN_S:.0f} giây" in wiring
    assert f"Kết quả hiện {RESULT_SHOWN_S:.0f} giây" in wiring


def test_the_gesture_is_told_in_the_words_of_the_tv() -> None:
    button = sources()["2-nut-bam-va-den.md"]
    for words in BY_HAND_WORDS.values():
        headline = text("vi")(words.headline)
        if headline != "Giữ tiếp để rời cuộc họp":  # in the picture
            assert f"«{headline}»" in button


# --- the card


FAULTY = """[site]
id = "Ia Kly"
name = "Xã Ia Kly"

[agenda]
url = "https://hop.gialai.example/ia-kly.ics"
host = ["hop.gialai.example"]
"""


def test_the_example_of_result_txt_is_what_the_box_writes() -> None:
    written = sources()["6-cai-dat-lan-dau.md"]
    shown = re.search(r"^```\n(.*?)^```", written, re.DOTALL | re.MULTILINE)
    assert shown
    problems = take_apart(FAULTY.encode()).problems
    assert shown[1].splitlines() == [problem.in_vietnamese() for problem in problems]


def test_a_box_without_settings_says_what_the_guide_quotes() -> None:
    quoted = re.findall(r"\| \*([^*]+)\* \|", sources()["6-cai-dat-lan-dau.md"])
    assert len(quoted) == 1
    assert f'"{quoted[0]}"' in (ROOT / "image/recipe/background.py").read_text()
