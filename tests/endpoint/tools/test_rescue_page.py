"""`diemcau rescue-page`: the page of a box in rescue, for the size of its screen."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from appliance.core.rescue import PROBLEM_WORDS, FailedSlot, Rescue, RescueProblem
from appliance.core.scenes import rescued
from appliance.wire.facts import FailedSlotFacts, UpdateFacts, print_facts
from services.endpoint.screen import draw
from services.endpoint.tools.rescue_page_command import known, rescue_page
from tests.endpoint.screen.layout_rules import drawn_text, layout_problems

SITE = '[site]\nid = "ia-kly"\nname = "Xã Ia Kly"\n[agenda]\nurl = "https://x/a.ics"\n'
FACTS = UpdateFacts(
    at=1.0,
    starts=7,
    slots=(FailedSlotFacts(slot="A", version="1", problem="card", reason="kernel is damaged"),),
)


def call(folder: Path) -> int:
    words = ["--run", folder, "--site", folder / "site.toml"]
    words += ["--folder", folder / "rescue", "--root", folder]
    return CliRunner().invoke(rescue_page, [str(word) for word in words]).exit_code


def page(folder: Path) -> Image.Image:
    place = folder / "rescue/page.ppm"
    assert (folder / "rescue/screen.env").read_text() == f"PICTURE={place}\n"
    assert place.stat().st_mode & 0o777 == 0o644
    with Image.open(place) as picture:
        return picture.convert("RGB")


def test_the_page_has_the_sites_name_and_the_findings(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "updater.json").write_bytes(print_facts(FACTS))
    assert call(tmp_path) == 0
    expected = draw(rescued("Xã Ia Kly", known(FACTS, "")))
    assert page(tmp_path).tobytes() == expected.image.tobytes()
    told = [one.what for one in drawn_text(expected)]
    assert {"Xã Ia Kly", "P6", "Đã thử 7 lần liên tiếp.", "Thẻ nhớ bị hỏng"} <= set(told)
    assert "1: kernel is damaged" in told


def test_without_settings_and_findings_there_is_a_page_all_the_same(tmp_path: Path) -> None:
    assert call(tmp_path) == 0
    expected = draw(rescued("Điểm Cầu", Rescue()))
    assert page(tmp_path).tobytes() == expected.image.tobytes()


def test_where_it_cannot_be_put_the_shipped_page_stays(tmp_path: Path) -> None:
    (tmp_path / "rescue").write_text("in the way")
    assert call(tmp_path) == 1


@pytest.mark.parametrize(
    "facts",
    [
        UpdateFacts(),
        UpdateFacts(starts=-1),
        UpdateFacts(slots=(FailedSlotFacts(slot=""), FailedSlotFacts(slot="A", problem="flood"))),
    ],
)
def test_what_makes_no_sense_is_left_out(facts: UpdateFacts) -> None:
    found = known(facts, "")
    assert found.starts == 0
    assert [slot.problem for slot in found.slots] in ([], [RescueProblem.UNKNOWN])


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("fault", RescueProblem)
def test_each_fault_is_told_whole_in_both_languages(
    fault: RescueProblem, locale: str, size: tuple[int, int]
) -> None:
    slots = tuple(FailedSlot(slot, "0.1.0+202611280900", fault, "x" * 300) for slot in "AB")
    scene = rescued("Xã Ia Kly", Rescue(999, slots, "10000000a1b2c3d4"))
    drawing = draw(scene, size, locale)
    assert list(layout_problems(drawing, size)) == []
    short = [one.what for one in drawn_text(drawing) if not one.whole]
    assert all("x" in what for what in short), short
    assert PROBLEM_WORDS[fault] in [one.what for one in drawn_text(drawing)]
