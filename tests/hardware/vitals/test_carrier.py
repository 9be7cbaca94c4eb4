"""The carrier is read from a tree like the kernel's own."""

from pathlib import Path

import pytest

from hardware.vitals.link import any_carrier


@pytest.mark.parametrize(
    ("carriers", "expected"),
    [
        ({}, False),
        ({"lo": "1"}, False),
        ({"lo": "1", "eth0": "0"}, False),
        ({"eth0": "0", "wlan0": "1"}, True),
        ({"eth0": None}, False),
    ],
)
def test_a_carrier_is_a_link(
    tmp_path: Path, carriers: dict[str, str | None], expected: bool
) -> None:
    for name, carrier in carriers.items():
        folder = tmp_path / "sys/class/net" / name
        folder.mkdir(parents=True)
        if carrier is not None:
            (folder / "carrier").write_text(carrier + "\n")
    assert any_carrier(tmp_path) is expected


def test_the_kernel_can_be_asked() -> None:
    assert any_carrier(Path("/")) in (True, False)
