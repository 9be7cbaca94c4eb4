"""What a board can do, by its model, and where its header's pins are."""

from pathlib import Path

import pytest

from hardware.boards import Abilities, abilities
from hardware.header import header_chip
from tests.hardware.vitals.trees import plant

MODELS = [
    ("Raspberry Pi 3 Model B Rev 1.2", Abilities(calls=False)),
    ("Raspberry Pi 3 Model B Plus Rev 1.3", Abilities(calls=False)),
    ("Raspberry Pi Compute Module 3 Plus Rev 1.0", Abilities(calls=False)),
    ("Raspberry Pi Zero 2 W Rev 1.0", Abilities(calls=False)),
    ("Raspberry Pi 4 Model B Rev 1.5", Abilities()),
    ("Raspberry Pi 400 Rev 1.0", Abilities()),
    ("Raspberry Pi Compute Module 4 Rev 1.1", Abilities()),
    ("Raspberry Pi 5 Model B Rev 1.0", Abilities(tv_sound=False)),
    ("Raspberry Pi 5 Model B Rev 1.1", Abilities(tv_sound=False)),
    ("Raspberry Pi 500 Rev 1.0", Abilities(tv_sound=False)),
    ("Raspberry Pi Compute Module 5 Rev 1.0", Abilities(tv_sound=False)),
    ("linux,dummy-virt", Abilities()),
    ("", Abilities()),
]


@pytest.mark.parametrize(("model", "can"), MODELS)
def test_each_board_by_its_model(model: str, can: Abilities) -> None:
    assert abilities(model) == can


CHIPS: list[tuple[dict[str, str], int | None]] = [
    ({"gpiochip0": "brcm,bcm2711-gpio", "gpiochip1": "raspberrypi,firmware-gpio"}, 0),
    ({"gpiochip0": "raspberrypi,firmware-gpio", "gpiochip1": "brcm,bcm2835-gpio"}, 1),
    (
        {
            "gpiochip0": "brcm,bcm7445-gpio\0brcm,brcmstb-gpio",
            "gpiochip1": "brcm,bcm7445-gpio\0brcm,brcmstb-gpio",
            "gpiochip4": "raspberrypi,rp1-gpio",
        },
        4,
    ),
    ({"gpiochip12": "raspberrypi,rp1-gpio", "gpiochip2": "brcm,brcmstb-gpio"}, 12),
    ({"gpiochip0": "arm,pl061\0arm,primecell"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("chips", "number"), CHIPS)
def test_the_headers_chip_is_found_by_what_it_is(
    tmp_path: Path, chips: dict[str, str], number: int | None
) -> None:
    """gpiozero takes number 4 or 0; on a Pi 5 under Linux 7.3 neither need be the header's."""
    plant(
        tmp_path,
        {
            f"sys/bus/gpio/devices/{name}/of_node/compatible": f"{compatible}\0"
            for name, compatible in chips.items()
        },
    )
    plant(tmp_path, {"sys/bus/gpio/devices/mem/of_node/compatible": "raspberrypi,rp1-gpio\0"})
    assert header_chip(tmp_path) == number
