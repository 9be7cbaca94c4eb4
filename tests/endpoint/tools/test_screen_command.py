"""`diemcau screen` writes the pictures that it is asked for, and says what was wrong."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from appliance.core.screen_texts import Screen
from services.endpoint.screen.samples import SAMPLES
from services.endpoint.tools.screen_command import screen


def test_one_scene(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "idle.png"
    ran = CliRunner().invoke(screen, ["idle", "--png", str(file), "--size", "1920x1080"])
    assert ran.exit_code == 0, ran.output
    with Image.open(file) as picture:
        assert (picture.format, picture.size) == ("PNG", (1920, 1080))


def test_every_scene(tmp_path: Path) -> None:
    ran = CliRunner().invoke(
        screen, ["--all", "--folder", str(tmp_path), "--size", "640x360", "--locale", "en"]
    )
    assert ran.exit_code == 0, ran.output
    assert {file.stem for file in tmp_path.iterdir()} == set(SAMPLES)


def test_there_is_a_sample_of_every_screen() -> None:
    assert {sample().screen for sample in SAMPLES.values()} == set(Screen)
    for name in Screen:
        assert SAMPLES[name.value]().screen is name


def test_the_names_are_listed() -> None:
    assert CliRunner().invoke(screen, ["--list"]).output.split() == list(SAMPLES)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give SCENE and --png"),
        (["idle"], "give SCENE and --png"),
        (["lunch", "--png", "x.png"], "no scene"),
        (["--all"], "--folder"),
        (["idle", "--all", "--folder", "x"], "no SCENE"),
        (["idle", "--png", "x.png", "--size", "wide"], "1280x720"),
        (["idle", "--png", "x.png", "--size", "100x100"], "out of range"),
        (["idle", "--png", "x.png", "--size", "1280x1024"], "16:9"),
    ],
)
def test_wrong_use_is_told_and_is_exit_code_2(arguments: list[str], told: str) -> None:
    ran = CliRunner().invoke(screen, arguments)
    assert ran.exit_code == 2
    assert told in ran.output


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = CliRunner().invoke(screen, ["idle", "--png", str(tmp_path / "file" / "idle.png")])
    assert ran.exit_code == 1
    assert "file" in ran.output
