"""The QR code of a box that waits to be let in: a telephone reads it off the TV's picture."""

from dataclasses import replace

import pytest
import zxingcpp

from appliance.core.scenes import Scene
from appliance.wire.enrolment import DEVICES, claim_link
from services.endpoint.screen import draw
from services.endpoint.screen.samples import SAMPLES
from tests.endpoint.screen.layout_rules import layout_problems

LINK = "https://hop.gialai.gov.vn/devices?claim=7KQF-M2XH"


def codes(scene: Scene, size: tuple[int, int]) -> list[str]:
    drawing = draw(scene, size)
    assert list(layout_problems(drawing, size)) == []
    return [code.text for code in zxingcpp.read_barcodes(drawing.image)]


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080), (3840, 2160)])
def test_it_leads_to_the_page_where_this_box_is_let_in(size: tuple[int, int]) -> None:
    assert codes(SAMPLES["claim-link"](), size) == [LINK]
    assert codes(SAMPLES["claim"](), size) == []


def test_an_address_of_any_length_spoils_no_picture() -> None:
    for length in (10, 100, 300, 2000):
        link = claim_link("https://" + "x" * length, "7KQF-M2XH")
        found = codes(replace(SAMPLES["claim-link"](), claim_link=link), (1280, 720))
        assert found == ([link] if length < 500 else [])


def test_no_link_is_made_of_half_of_what_it_needs() -> None:
    assert claim_link("https://hop.gialai.gov.vn", "7KQF-M2XH") == LINK
    assert claim_link("", "7KQF-M2XH") == claim_link("https://hop.gialai.gov.vn", "") == ""
    assert DEVICES in LINK
