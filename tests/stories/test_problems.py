"""What is wrong with a site's own parts is on its TV and in what it tells (cases, section N)."""

from pathlib import Path

import pytest

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.core.problems import Problem, ProblemKey
from appliance.media.tv.television import TvProblem
from appliance.wire.facts import EndpointFacts, parse_facts
from tests.fast_loop import play
from tests.stories.evening import Evening


def codes(evening: Evening) -> tuple[set[str], set[str]]:
    """The codes on the TV, and those in the facts that health reads."""
    scene = evening.tv.scene
    facts = ENDPOINT_FILE.read(evening.folder / "run", evening.clock.now(), 20.0)
    assert scene is not None
    assert facts is not None
    return {problem.code for problem in scene.problems}, set(facts.problems)


def seen_by(evening: Evening, hour: str) -> tuple[set[str], set[str]]:
    """The codes of an evening at `hour`."""
    found: list[tuple[set[str], set[str]]] = []

    async def story() -> None:
        async with evening.powered():
            await evening.until(hour)
            found.append(codes(evening))

    play(story())
    return found[0]


def test_n2_a_button_box_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """A Pi by its device tree, whose pins this machine has not: the button was dead in silence."""
    evening = Evening(tmp_path, "13:00")
    evening.model_file = tmp_path / "model"
    evening.model_file.write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
    on_tv, told = seen_by(evening, "13:00:20")
    assert "N2" in on_tv & told


@pytest.mark.parametrize(
    ("problem", "code"), [(TvProblem.NO_PICTURE, "T3"), (TvProblem.NO_SOUND, "A3")]
)
def test_n5_a_vlc_that_fell_and_a_silent_loudspeaker_have_codes_of_their_own(
    tmp_path: Path, problem: TvProblem, code: str
) -> None:
    evening = Evening(tmp_path, "13:00")
    evening.tv.problem = problem
    on_tv, told = seen_by(evening, "13:00:20")
    assert code in on_tv & told
    assert "T1" not in on_tv | told


def test_n5_a_site_file_that_was_refused_is_told(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "13:00")
    evening.site_file_refused = True
    on_tv, told = seen_by(evening, "13:00:20")
    assert "B4" in on_tv & told


@pytest.mark.case("P1")
def test_a_meeting_that_cannot_be_read_is_told_with_its_title(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "13:00")
    evening.meeting("a", "14:00", "15:00")
    feed = evening.folder / "feed.ics"
    broken = b"BEGIN:VEVENT\r\nUID:b\r\nSUMMARY:Giao ban\r\nDTSTART:9 gio\r\nEND:VEVENT\r\n"
    feed.write_bytes(feed.read_bytes().replace(b"END:VCALENDAR", broken + b"END:VCALENDAR"))
    on_tv, told = seen_by(evening, "13:00:20")
    assert "L5" in on_tv & told
    facts = parse_facts((evening.folder / "run" / ENDPOINT_FILE.name).read_bytes(), EndpointFacts)
    assert facts.problem_details["L5"] == "Giao ban"
    assert "DTSTART cannot be read" in facts.agenda_problems[0]


def test_n5_a_camera_that_gives_no_picture_is_told(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "13:00")
    evening.devices.found = [Problem(ProblemKey.CAMERA_BLANK)]
    on_tv, told = seen_by(evening, "13:00:20")
    assert "C2" in on_tv & told


@pytest.mark.case("K1", "K2")
@pytest.mark.parametrize(
    ("key", "code"), [(ProblemKey.FAR_VIDEO, "H10"), (ProblemKey.ROOM_CODEC, "H11")]
)
def test_what_does_not_go_in_a_call_that_is_up_is_told(
    tmp_path: Path, key: ProblemKey, code: str
) -> None:
    evening = Evening(tmp_path, "13:59")
    evening.meeting("a", "14:00", "15:00")
    found: list[tuple[set[str], set[str]]] = []

    async def story() -> None:
        async with evening.powered():
            await evening.until("14:01")
            found.append(codes(evening))
            evening.far.live[0].problems[key] = "Chủ tọa: VP9"
            await evening.until("14:02")
            found.append(codes(evening))
            evening.far.live[0].problems.clear()
            await evening.until("14:03")
            found.append(codes(evening))

    play(story())
    assert code not in found[0][0] | found[0][1]
    assert code in found[1][0] & found[1][1]
    assert code not in found[2][0] | found[2][1]
