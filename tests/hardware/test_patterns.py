"""Every lamp looks like something, and no two look alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.floor_control import Lamp
from hardware.patterns import PATTERNS, Light, light_at


def test_every_lamp_has_a_pattern_of_its_own() -> None:
    assert set(PATTERNS) == set(Lamp)
    assert len(set(PATTERNS.values())) == len(Lamp)


@pytest.mark.parametrize("lamp", [Lamp.OFF, Lamp.RED, Lamp.AMBER, Lamp.GREEN])
def test_what_is_certain_is_steady(lamp: Lamp) -> None:
    light, left = light_at(lamp, 12.3)
    assert left is None
    assert light.colour == lamp


def test_green_is_shown_by_one_lamp_only() -> None:
    for lamp, steps in PATTERNS.items():
        has_green = any(light.colour == "green" for _, light in steps)
        assert has_green == (lamp is Lamp.GREEN)


def test_the_failed_lamp_blinks_twice_and_rests() -> None:
    colours = [light_at(Lamp.FAILED, 1.2 + at)[0].colour for at in (0.1, 0.2, 0.4, 0.5, 1.1)]
    assert colours == ["red", "off", "red", "off", "off"]


@given(st.sampled_from(Lamp), st.floats(0.0, 1e5))
def test_the_light_stays_as_long_as_it_says(lamp: Lamp, since: float) -> None:
    light, left = light_at(lamp, since)
    assert isinstance(light, Light)
    if left is not None:
        assert 0.0 < left <= 1.0
    if left is not None and left > 1e-6:  # less is rounding
        assert light_at(lamp, since + left / 2)[0] == light
