"""An evening on a board that cannot do all: the room is told in words, and no call is spoilt."""

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.core.scenes import Screen
from appliance.media.tv.television import TvProblem
from tests.fast_loop import play
from tests.hardware.vitals.trees import plant
from tests.stories.evening import Evening

SPEAKERPHONE: dict[str, str | bytes] = {
    "proc/asound/cards": " 0 [Speakerphone   ]: USB-Audio - Jabra SPEAK 510 USB\n",
    "proc/asound/card0/pcm0p/info": "card: 0\n",
}


def on_board(folder: Path, model: str, begin: str) -> Evening:
    """An evening on the board with that model, with a meeting from 14:00 to 14:30."""
    evening = Evening(folder, begin)
    plant(evening.board_root, {"proc/device-tree/model": model.encode() + b"\0"})
    evening.meeting("giao-ban", "14:00", "14:30")
    return evening


def at_each(evening: Evening, hours: tuple[str, ...], look: Callable[[], None]) -> None:
    """Live the evening, and look at each hour."""

    async def story() -> None:
        async with evening.powered():
            for hour in hours:
                await evening.until(hour)
                look()

    play(story())


@pytest.mark.parametrize(
    "model", ["Raspberry Pi 3 Model B Rev 1.2", "Raspberry Pi 3 Model B Plus Rev 1.3"]
)
def test_a_pi_3_shows_its_pages_and_joins_nothing(tmp_path: Path, model: str) -> None:
    evening = on_board(tmp_path, model, "13:00")
    seen = []
    at_each(
        evening,
        ("13:01", "13:50", "14:10", "14:31"),
        lambda: seen.append((evening.tv.screen, evening.tv.codes.get("P8"))),
    )
    assert seen == [(Screen.TOO_SLOW, model)] * 4
    assert evening.far.calls == []
    assert evening.devices.opened == 0
    assert evening.phases == ["idle", "upcoming", "idle"]


def test_a_pi_4_joins_the_same_meeting(tmp_path: Path) -> None:
    evening = on_board(tmp_path, "Raspberry Pi 4 Model B Rev 1.5", "13:55")
    codes: set[str] = set()
    at_each(evening, ("14:10",), lambda: codes.update(evening.tv.codes))
    assert len(evening.far.calls) == 1
    assert codes.isdisjoint({"P8", "A6"})


def test_a_pi_5_asks_for_a_usb_loudspeaker_until_it_has_one(tmp_path: Path) -> None:
    """Its HDMI has no sound: the words about the TV's volume (A3) would send people astray."""
    evening = on_board(tmp_path, "Raspberry Pi 5 Model B Rev 1.1", "13:55")
    evening.tv.problem = TvProblem.NO_SOUND
    seen: list[set[str]] = []

    def look() -> None:
        seen.append({"A3", "A6"} & set(evening.tv.codes))
        plant(evening.board_root, SPEAKERPHONE)
        evening.tv.problem = None

    at_each(evening, ("14:10", "14:11"), look)
    assert seen == [{"A6"}, set()]
    assert len(evening.far.calls) == 1, "a meeting without sound is one all the same"
