"""The one who solders and the code speak of the same pins."""

from dataclasses import fields
from pathlib import Path

from gpiozero.pins.mock import MockFactory

from hardware.wiring import ONE_BUTTON, TWO_BUTTONS

PARTS = (Path(__file__).parents[2] / "hardware" / "parts" / "README.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.split("|")] for line in PARTS.splitlines()]
TABLE = {int(row[2]): int(row[3]) for row in ROWS if len(row) == 5 and row[2].isdigit()}


def test_the_parts_list_names_every_pin_of_the_wiring() -> None:
    pins = {getattr(TWO_BUTTONS, field.name) for field in fields(TWO_BUTTONS)}
    assert set(TABLE) == {pin for pin in pins if not isinstance(pin, bool)}
    assert ONE_BUTTON.mute_button is None


def test_the_header_has_them_where_the_list_says() -> None:
    pi_4 = MockFactory(revision="c03111").board_info
    for gpio, position in TABLE.items():
        ((header, pin),) = pi_4.find_pin(f"GPIO{gpio}")
        assert (header.name, pin.number) == ("J8", position)
