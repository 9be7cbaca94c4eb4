"""The province is told of a board that cannot do all, whatever the endpoint says."""

from pathlib import Path

import pytest

from appliance.core.problems import ProblemKey
from services.health.checklist import Checklist
from tests.hardware.vitals.trees import spoil
from tests.health.boxes import healthy_box, wrong

NO_PLAYBACK = {
    "proc/asound/cards": " 2 [Microphone     ]: USB-Audio - Table\n",
    "proc/asound/card2/pcm0p/info": None,
    "proc/asound/card0/pcm0p/info": None,
}


@pytest.mark.parametrize(
    ("model", "heard", "keys"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0", True, set()),
        ("Raspberry Pi 5 Model B Rev 1.0", False, {ProblemKey.BOARD_SOUND}),
        ("Raspberry Pi 4 Model B Rev 1.5", False, set()),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", True, {ProblemKey.BOARD_TOO_SLOW}),
    ],
)
def test_the_board(tmp_path: Path, model: str, heard: bool, keys: set[ProblemKey]) -> None:
    one = healthy_box(tmp_path)
    spoil(one.root, "proc/device-tree/model", model)
    if not heard:
        for name, content in NO_PLAYBACK.items():
            spoil(one.root, name, content)
            if content is None:
                (one.root / name).parent.rmdir()
    check = Checklist(one.root, one.data).checks["board"]
    assert wrong(check, one.box()) == keys
    details = {one.key: one.detail for one in check(one.box()).observations}
    assert set(details.values()) == {model}
