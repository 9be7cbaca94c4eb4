"""The picture's edges, for a TV that cuts them off: set by hand at the TV, and kept."""

import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.base.config import MAX_MARGIN
from appliance.core.floor_control import Press
from appliance.core.scenes import Scene
from services.endpoint.margin_setting import FILE, SHOWN_S, MarginSetting
from services.endpoint.screen import draw
from services.endpoint.screen.renderer import SceneRenderer
from services.endpoint.screen.samples import SAMPLES

SIZE = (1280, 720)
BLACK = 16


def test_short_presses_step_through_the_margins_and_a_long_one_ends(tmp_path: Path) -> None:
    setting = MarginSetting(tmp_path, 0)
    assert not setting.press(Press.SHORT, 0.0)
    setting.open(0.0)
    found = []
    for second in range(1, MAX_MARGIN + 3):
        assert setting.press(Press.SHORT, float(second))
        found.append(setting.percent)
    assert found == [1, 2, 3, 4, 5, 0, 1]
    assert setting.press(Press.LONG, 9.0)
    assert not setting.press(Press.SHORT, 10.0)
    assert setting.percent == 1


def test_the_page_goes_by_itself(tmp_path: Path) -> None:
    setting = MarginSetting(tmp_path, 0)
    setting.open(100.0)
    assert setting.press(Press.SHORT, 100 + SHOWN_S - 1)
    assert setting.press(Press.SHORT, 100 + 2 * SHOWN_S - 2)
    assert not setting.press(Press.SHORT, 100 + 3 * SHOWN_S)


def test_what_was_set_at_the_tv_outlives_a_power_cut_until_the_site_file_says_another(
    tmp_path: Path,
) -> None:
    setting = MarginSetting(tmp_path, 2)
    assert setting.percent == 2
    setting.open(0.0)
    setting.press(Press.SHORT, 1.0)
    assert MarginSetting(tmp_path, 2).percent == 3
    assert MarginSetting(tmp_path, 4).percent == 4


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"[" * 100_000, b"3", b"null", b'{"percent": 3}', b'{"percent": 6, "by_site": 1}',
     b'{"percent": -1, "by_site": 1}', b'{"percent": true, "by_site": 1}',
     b'{"percent": "3", "by_site": 1}', b"\xff\xfe"],
)  # fmt: skip
def test_a_damaged_file_is_the_site_files_margin(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / FILE).write_bytes(damaged)
    assert MarginSetting(tmp_path, 1).percent == 1


def test_a_disk_that_takes_nothing_costs_the_keeping_alone(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.write_text("a file where the folder should be")
    setting = MarginSetting(folder, 0)
    setting.open(0.0)
    with pytest.raises(OSError, match="gone"):
        setting.press(Press.SHORT, 1.0)
    assert setting.percent == 1


def luma(renderer: SceneRenderer, scene: Scene) -> NDArray[np.uint8]:
    return np.array(renderer.draw_scene(scene)[: SIZE[1]])


def test_a_page_keeps_its_distance_from_the_edges_on_all_sides() -> None:
    renderer = SceneRenderer(SIZE, "vi", lambda: None)
    scene = SAMPLES["idle"]()
    whole, less = luma(renderer, scene), luma(renderer, replace(scene, margin=5))
    left, top = 64, 36
    assert whole[0, 0] != BLACK
    assert (less[:top] == BLACK).all()
    assert (less[-top:] == BLACK).all()
    assert (less[:, :left] == BLACK).all()
    assert (less[:, -left:] == BLACK).all()
    assert (less[top : top + 2, left:-left] != BLACK).all()
    assert (luma(renderer, scene) == whole).all()


def test_the_far_picture_with_its_signs_is_made_smaller_as_well() -> None:
    renderer = SceneRenderer(SIZE, "vi", lambda: None)
    frame = av.VideoFrame.from_ndarray(np.full((1080, 1280), 200, np.uint8), format="yuv420p")
    renderer.prepare_signs(replace(SAMPLES["in-meeting"](), margin=3))
    picture = renderer.compose(frame)
    left, top = 38, 22  # 3 %, on even pixels
    assert (picture[:top] == BLACK).all()
    assert (picture[: SIZE[1], :left] == BLACK).all()
    assert (picture[300:320, left : left + 20] > 150).all()
    renderer.prepare_signs(SAMPLES["in-meeting"]())
    assert (renderer.compose(frame)[300:320, 0] > 150).all()


@pytest.mark.parametrize("percent", range(MAX_MARGIN + 1))
def test_the_page_that_sets_it_lies_on_all_that_the_tv_has(percent: int) -> None:
    scene = replace(SAMPLES["margins"](), margin=percent)
    drawn = np.asarray(draw(scene, SIZE, "vi").image)
    edge = np.concatenate([drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]])
    assert (edge > 150).any(axis=1).all(), "no frame on the very edge"
    x, y = round(SIZE[0] * percent / 100), round(SIZE[1] * percent / 100)
    for row, column in ((y + 1, 640), (-y - 2, 640), (360, x + 1), (360, -x - 2)):
        red, green, blue = drawn[row, column].astype(int)
        assert red > 240 > green > blue, (row, column, drawn[row, column])
    shown = luma(SceneRenderer(SIZE, "vi", lambda: None), scene)
    assert shown[0].min() > 100, "the page itself was made smaller"


def test_what_is_kept_says_what_the_site_file_said_then(tmp_path: Path) -> None:
    setting = MarginSetting(tmp_path, 4)
    setting.open(0.0)
    setting.press(Press.SHORT, 0.0)
    assert json.loads((tmp_path / FILE).read_bytes()) == {"percent": 5, "by_site": 4}
