"""Every picture of the TV: nothing cut off, nothing too small, nothing on top of another thing."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.base.texts import text
from appliance.core.problems import KINDS, Problem, ProblemKey
from appliance.core.scenes import LineQuality, Scene
from appliance.core.screen_texts import Microphone, Screen
from services.endpoint.screen import draw, overlay, self_view
from services.endpoint.screen.paint.fit import ELLIPSIS
from services.endpoint.screen.paint.fonts import Weight, font, min_px
from services.endpoint.screen.paint.geometry import Box
from services.endpoint.screen.samples import SAMPLES
from tests.endpoint.screen.layout_rules import drawn_text, layout_problems, meet

SIZES = [(1280, 720), (1920, 1080)]
LONG_TITLE = (
    "Hội nghị trực tuyến toàn tỉnh quán triệt, triển khai thực hiện Nghị quyết của Ban Thường vụ "
    "Tỉnh ủy về chuyển đổi số và công tác phòng, chống thiên tai, tìm kiếm cứu nạn năm 2026 tại "
    "các xã, phường, đặc khu trên địa bàn tỉnh sau khi sắp xếp đơn vị hành chính"
)
LONG_NAME = "Ủy ban nhân dân phường Nguyễn Nghiêm Đức Phổ – Hội trường B"
STACKED = "ỄỘẶẴỮ Ễỗ ộặ ữợ ậệ Ằẳ " * 12
ONE_WORD = "Giaobantrựctuyếnvớicácxãphường" * 6


def long(scene: Scene, title: str) -> Scene:
    """The same scene with the longest texts that others may give."""
    meeting = scene.meeting
    if meeting is not None:
        meeting = replace(meeting, title=title, chair=title[:90])
    speaker = title[:80] if scene.speaker else ""
    return replace(scene, site=LONG_NAME, meeting=meeting, speaker=speaker)


def frames_of(scene: Scene, size: tuple[int, int]) -> tuple[Box, ...]:
    return (self_view(size),) if scene.screen is Screen.IN_MEETING else ()


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_picture_shows_all_of_its_own_texts(
    name: str, size: tuple[int, int], locale: str
) -> None:
    scene = SAMPLES[name]()
    drawing = draw(scene, size, locale)
    assert drawing.image.size == size
    assert list(layout_problems(drawing, size, frames_of(scene, size))) == []
    assert [one.what for one in drawn_text(drawing) if not one.whole] == []
    assert [one.what for one in drawn_text(drawing) if "{" in one.what] == [], "without its value"


@pytest.mark.parametrize("title", [LONG_TITLE, STACKED, ONE_WORD, "A"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_long_text_stays_in_its_place(name: str, size: tuple[int, int], title: str) -> None:
    scene = long(SAMPLES[name](), title)
    assert list(layout_problems(draw(scene, size), size, frames_of(scene, size))) == []


def test_a_title_that_is_too_long_wraps_shrinks_and_ends_with_an_ellipsis() -> None:
    meeting = SAMPLES["idle"]().meeting
    assert meeting is not None
    scene = replace(SAMPLES["idle"](), meeting=replace(meeting, title=LONG_TITLE))
    title = [one for one in drawn_text(draw(scene)) if one.what.rstrip(ELLIPSIS) in LONG_TITLE]
    assert len(title) == 3
    assert not title[0].whole
    assert title[0].capital == pytest.approx(min_px(720) * 0.714)
    assert any(one.what.endswith(ELLIPSIS) for one in title)


@pytest.mark.parametrize("size", [(640, 360), (854, 480), (3840, 2160)])
@pytest.mark.parametrize("name", SAMPLES)
def test_other_sizes_keep_the_same_rules(name: str, size: tuple[int, int]) -> None:
    scene = SAMPLES[name]()
    assert list(layout_problems(draw(scene, size), size, frames_of(scene, size))) == []


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("key", ProblemKey)
def test_each_problem_is_told_whole_with_its_remedy(key: ProblemKey, locale: str) -> None:
    others = tuple(Problem(other) for other in ProblemKey if other is not key)
    for name in ("idle", "status", "in-meeting", "in-meeting-remedy", "upcoming"):
        scene = replace(SAMPLES[name](), problems=(Problem(key), *others), checks=())
        drawing = draw(scene, (1280, 720), locale)
        assert list(layout_problems(drawing, (1280, 720), frames_of(scene, (1280, 720)))) == []
        assert KINDS[key].code in [one.what for one in drawn_text(drawing)]
        assert [one.what for one in drawn_text(drawing) if not one.whole] == []


@pytest.mark.parametrize("detail", ["Giao ban", "Hội nghị trực tuyến toàn tỉnh " * 3, "W" * 80])
@pytest.mark.parametrize("key", ProblemKey)
def test_the_detail_of_a_problem_stands_behind_its_text_and_hides_nothing(
    key: ProblemKey, detail: str
) -> None:
    for name in ("idle", "in-meeting"):
        problems = (Problem(key, 0.0, detail), Problem(ProblemKey.CLOCK), Problem(ProblemKey.HOT))
        scene = replace(SAMPLES[name](), problems=problems, checks=())
        drawing = draw(scene, (1280, 720))
        assert list(layout_problems(drawing, (1280, 720), frames_of(scene, (1280, 720)))) == []
        told = " ".join(one.what for one in drawn_text(drawing) if one.whole)
        assert text("vi")(KINDS[key].text) in told
        assert "+2" in told
        if key is ProblemKey.MEETING_LEFT_OUT and name == "in-meeting":
            assert f": {detail[:8]}" in told


def test_the_headline_is_vietnamese_with_english_beside_it() -> None:
    for locale, first, second in (
        ("vi", "Không có mạng", "No network"),
        ("en", "No network", "Không có mạng"),
    ):
        texts = drawn_text(draw(SAMPLES["no-network"](), locale=locale))
        heights = {
            text: max(one.capital for one in texts if one.what == text) for text in (first, second)
        }
        assert heights[first] > 1.3 * heights[second]


def test_today_and_tomorrow_are_said_in_words() -> None:
    scene = SAMPLES["idle"]()
    assert scene.clock is not None
    for days, word in ((0, "Hôm nay"), (1, "Ngày mai")):
        earlier = replace(scene, clock=scene.clock - timedelta(days=days))
        assert word in [one.what for one in drawn_text(draw(earlier))]
    later = replace(scene, clock=scene.clock - timedelta(days=5))
    assert "Thứ Năm, 12" in " ".join(one.what for one in drawn_text(draw(later)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SAMPLES)
def test_no_picture_is_blank_and_its_margins_are_free(name: str, size: tuple[int, int]) -> None:
    scene = SAMPLES[name]()
    drawing = draw(scene, size)
    pixels = np.asarray(drawing.image.convert("L"), dtype=np.int16)
    assert (pixels > 200).mean() > 0.005, "no white letters"
    assert pixels.mean() < 110, "not calm and dark"
    edge = size[1] // 40
    for one in drawing.drawn:
        assert Box(0, 0, *size).inset(edge).holds(one.ink), one.what


def test_the_ink_is_where_the_list_says() -> None:
    """The recorder is the drawing: outside of the boxes it lists, two pictures are the same."""
    scene = SAMPLES["name-card"]()
    one, other = draw(scene), draw(replace(scene, site="Phường Ễộặ"))
    differs: npt.NDArray[np.bool_] = np.any(
        np.asarray(one.image) != np.asarray(other.image), axis=2
    )
    for thing in (*one.drawn, *other.drawn):
        box = thing.ink
        differs[box.y : box.bottom, box.x : box.right] = False
    assert not differs.any()


@pytest.mark.parametrize("weight", Weight)
@pytest.mark.parametrize("letters", ["Ễ", "Ẵ", "ộ", "ặ", "ẵ", "Ự", "ợg"])
def test_stacked_marks_are_drawn_whole(letters: str, weight: Weight) -> None:
    """The ink on the TV is as high as the font alone draws it."""
    scene = replace(SAMPLES["name-card"](), site=letters)
    drawn = next(one for one in drawn_text(draw(scene)) if one.what == letters)
    px = round(drawn.capital / 0.714)
    _, top, _, bottom = font(Weight.BOLD, px).getbbox(letters, anchor="ls")
    assert drawn.ink.height >= bottom - top - 1
    assert font(weight, px).getbbox(letters, anchor="ls")[1] >= -1.08 * px


def patches_of(scene: Scene, size: tuple[int, int]) -> list[Box]:
    return [
        Box(patch.x, patch.y, patch.image.width, patch.image.height)
        for patch in overlay(scene, size)
    ]


@pytest.mark.parametrize("size", [*SIZES, (640, 360), (854, 480)])
@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("in-meeting")])
@pytest.mark.parametrize("title", ["", LONG_TITLE])
def test_patches_are_few_even_apart_and_inside(
    name: str, size: tuple[int, int], title: str
) -> None:
    scene = long(SAMPLES[name](), title) if title else SAMPLES[name]()
    boxes = patches_of(scene, size)
    width, height = size
    # What a press asked for stands for ten seconds, the code for the first ten minutes; what always
    # stands is to cost little.
    passing = scene.by_hand is not None or scene.remedy or scene.people_link
    # What to do about a problem stands for as long as the problem does.
    share = 0.4 if passing else 0.26 if scene.problems else 0.22
    assert sum(box.width * box.height for box in boxes) < width * height * share
    assert not any(meet(one, other) for one, other in combinations(boxes, 2))
    for box in (*boxes, self_view(size)):
        assert Box(0, 0, width // 2 * 2, height // 2 * 2).holds(box)
        assert not any(edge % 2 for edge in (box.x, box.y, box.width, box.height))
    assert not any(meet(box, self_view(size)) for box in boxes)


def test_a_patch_is_the_same_object_while_it_looks_the_same() -> None:
    scene = SAMPLES["in-meeting"]()
    assert scene.clock is not None
    before = overlay(scene, (1280, 720))
    after = overlay(replace(scene, clock=scene.clock + timedelta(minutes=1)), (1280, 720))
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a is not b]
    assert len(changed) == 1  # the corner with the clock


def test_where_nobody_can_give_the_floor_the_tv_says_ask_to_speak() -> None:
    for name, words in (
        ("in-meeting-asks", ("Micro tắt", "Bấm nút để xin phát biểu")),
        (
            "in-meeting-asked",
            ("Đã xin phát biểu – chờ được mời", "Khi được mời, nhấn giữ nút để nói"),
        ),
    ):
        patch = overlay(SAMPLES[name](), (1280, 720))[0]
        assert tuple(one.what for one in patch.drawn if one.kind == "text") == words


@pytest.mark.parametrize("state", Microphone)
def test_each_state_of_the_microphone_looks_different(state: Microphone) -> None:
    scene = SAMPLES["in-meeting"]()
    pictures = {
        other: overlay(replace(scene, microphone=other), (1280, 720))[0].image.tobytes()
        for other in Microphone
    }
    assert [other for other in Microphone if pictures[other] == pictures[state]] == [state]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(SAMPLES)),
    st.text(max_size=200),
    st.text(min_size=1, max_size=60),
    st.text(max_size=80),
    st.sampled_from(LineQuality),
    st.lists(st.sampled_from(ProblemKey), max_size=5, unique=True),
)
def test_no_text_of_others_breaks_a_picture(
    name: str, title: str, site: str, speaker: str, line: LineQuality, keys: list[ProblemKey]
) -> None:
    scene = SAMPLES[name]()
    meeting = scene.meeting
    if meeting is not None:
        meeting = replace(meeting, title=title, chair=speaker)
    problems = tuple(Problem(key, detail=title) for key in keys)
    scene = replace(
        scene, meeting=meeting, site=site, speaker=speaker, line=line, problems=problems
    )
    assert list(layout_problems(draw(scene), (1280, 720), frames_of(scene, (1280, 720)))) == []


def test_the_smallest_letters_are_a_thirtieth_of_the_picture() -> None:
    for height in (360, 480, 720, 1080, 2160):
        box = font(Weight.REGULAR, min_px(height)).getbbox("H", anchor="ls")
        assert box[3] - box[1] >= height / 30 - 1
