"""Each problem of the catalogue, from where it comes from to the page on which a clerk reads it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.base.fact_file import ENDPOINT_FILE, HEALTH_FILE, STICK_FILE
from appliance.base.texts import text
from appliance.core.end_reasons import EndReason
from appliance.core.problems import FOUND_BY_CHECKS, KINDS, Area, Problem, ProblemKey, Severity
from appliance.core.scenes import Scene
from appliance.dialers.api import Call, CallStatistics, DialError
from appliance.media.tv.television import TvProblem
from appliance.wire.facts import HealthFacts, StickFacts
from appliance.wire.meeting import Meeting
from services.endpoint.screen import draw
from tests.endpoint.screen.layout_rules import drawn_text
from tests.fast_loop import play
from tests.hardware.display.scripted_tv import Character, ScriptedTv
from tests.hardware.vitals.trees import plant
from tests.stories.evening import Evening

KEY = ProblemKey
Source = Callable[[Evening], object]
"""Makes one thing go wrong on an evening that begins at 13:50, with a meeting at 14:00."""
UNSHOWN = {KEY.ENDPOINT_SILENT}
"""Who would show it is the one that is silent; the province and the lamp say it."""
LATER_S = {KEY.PROVINCE: 1500.0, KEY.AGENDA_OLD: 25 * 3600.0}
"""What counts for nothing before it has lasted."""


def refused(reason: EndReason) -> Source:
    async def dial(meeting: Meeting) -> Call:
        raise DialError(reason, "no")

    return lambda e: setattr(e, "dial", dial)


def fails(e: Evening) -> None:
    async def dial(meeting: Meeting) -> Call:
        raise RuntimeError("a dialer that is broken")

    e.dial = dial


def found(key: ProblemKey) -> Source:
    return lambda e: e.devices.found.append(Problem(key))


def on_board(name: str) -> Source:
    return lambda e: plant(e.board_root, {"proc/device-tree/model": name.encode() + b"\0"})


def later(seconds: float, then: Source) -> Source:
    return lambda e: asyncio.get_running_loop().call_later(seconds, then, e)


def in_call(key: ProblemKey) -> Source:
    return later(720.0, lambda e: e.far.live[0].problems.update({key: "VP9"}))


def stick(stage: str) -> Source:
    return lambda e: STICK_FILE.write(e.folder / "run", StickFacts(stage=stage), e.clock.now())


def by_self_test(key: ProblemKey) -> Source:
    async def step() -> ProblemKey | None:
        return key

    def begin(e: Evening) -> None:
        e.self_test_steps[Area.NETWORK] = step
        asyncio.get_running_loop().create_task(e.hands.press(2.0))

    return begin


def alarm(key: ProblemKey) -> Source:
    """Health's word, as `HealthProgram` writes it each half minute."""

    def say(e: Evening) -> None:
        facts = HealthFacts(alarms=(KINDS[key].code,))
        HEALTH_FILE.write(e.folder / "run", facts, e.clock.now())
        assert e.province is not None
        e.province.poll()

    return say


def with_event(*lines: str) -> Source:
    def write(e: Evening) -> None:
        event = "\r\n".join(["BEGIN:VEVENT", "UID:b", "SUMMARY:Giao ban", *lines, "END:VEVENT", ""])
        feed = e.folder / "feed.ics"
        end = b"END:VCALENDAR"
        feed.write_bytes(feed.read_bytes().replace(end, event.encode() + end))

    return write


def far_away(e: Evening) -> None:
    """Three seconds there and back, from now on."""
    at = asyncio.get_running_loop().time()
    e.far.line = CallStatistics(rtt_ms=3000.0, received_packets=round(1000 * at))
    later(1.0, far_away)(e)


def without_address(e: Evening) -> None:
    e.meetings.clear()
    e.publish()
    with_event("DTSTART:20261123T064000Z", "DTEND:20261123T074000Z")(e)


def broken_feed(e: Evening) -> None:
    (e.folder / "feed.ics").write_text("<html>Đăng nhập</html>")


def goes_its_own_way(e: Evening) -> None:
    (e.board_root / "dev").mkdir(parents=True)
    (e.board_root / "dev/cec0").touch()
    tv = ScriptedTv(Character(own_input=10**6))
    e.open_adapter = lambda _: tv


SOURCES: dict[ProblemKey, Source] = {
    **{key: alarm(key) for key in FOUND_BY_CHECKS},
    KEY.NETWORK_CABLE: lambda e: setattr(e, "plugged", False),
    KEY.PROVINCE: later(60.0, Evening.vanish),
    KEY.LINE_POOR: far_away,
    KEY.AGENDA_MISSING: Evening.vanish,
    KEY.AGENDA_OLD: later(60.0, Evening.vanish),
    KEY.AGENDA_BROKEN: later(60.0, broken_feed),
    KEY.MEETING_WITHOUT_ADDRESS: without_address,
    KEY.MEETING_LEFT_OUT: with_event("DTSTART:9 gio"),
    KEY.CLOCK: lambda e: setattr(e.clock, "believed", False),
    **{
        key: found(key)
        for key in (KEY.CAMERA_MISSING, KEY.CAMERA_BLANK, KEY.CAMERA_DAMAGED, KEY.PICTURE_COOLED,
                    KEY.MICROPHONE_MISSING, KEY.MICROPHONE_SILENT)
    },
    KEY.SPEAKER_MISSING: lambda e: setattr(e.tv, "problem", TvProblem.NO_SOUND),
    KEY.TV_PROGRAM: lambda e: setattr(e.tv, "problem", TvProblem.NO_PICTURE),
    KEY.TV_INPUT: goes_its_own_way,
    KEY.BOARD_SOUND: on_board("Raspberry Pi 5 Model B Rev 1.0"),
    KEY.BOARD_TOO_SLOW: on_board("Raspberry Pi 3 Model B Rev 1.2"),
    **{
        KEY(f"call-{reason.value}"): refused(reason)
        for reason in EndReason
        if reason is not EndReason.OURS
    },
    KEY.CALL_UNHEARD: by_self_test(KEY.CALL_UNHEARD),
    KEY.FAR_VIDEO: in_call(KEY.FAR_VIDEO),
    KEY.ROOM_CODEC: in_call(KEY.ROOM_CODEC),
    KEY.BUTTON_STUCK: lambda e: e.hands.push(),
    KEY.BUTTON_BOX: lambda e: setattr(e, "model_file", e.folder / "model"),
    KEY.SITE_FILE: lambda e: setattr(e, "site_file_refused", True),
    KEY.PART_FAILED: fails,
    **{KEY(f"stick-{stage}"): stick(stage)
       for stage in ("reading", "installing", "waiting", "refused", "done")},
}  # fmt: skip
BEFORE_POWER = {KEY.BUTTON_BOX, KEY.SITE_FILE, KEY.AGENDA_MISSING, KEY.TV_INPUT}
"""What is looked at once, when the program starts."""
BEFORE_POWER |= {key for key in SOURCES if key.value.startswith("call-")} | {KEY.PART_FAILED}


def test_each_problem_has_a_source() -> None:
    assert set(SOURCES) == set(ProblemKey) - UNSHOWN, "say here where the new one comes from"


@pytest.mark.parametrize("key", SOURCES)
def test_it_is_on_the_tv_with_its_code_its_sentence_and_what_to_do(
    tmp_path: Path, key: ProblemKey
) -> None:
    evening = Evening(tmp_path, "13:50")
    (tmp_path / "model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
    pages: list[Scene] = []

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        early = key in BEFORE_POWER
        if early and key is not KEY.CALL_UNHEARD:
            SOURCES[key](evening)
        async with evening.powered():
            await asyncio.sleep(5.0)
            if not early or key is KEY.CALL_UNHEARD:
                SOURCES[key](evening)
            await asyncio.sleep(LATER_S.get(key, 0.0))
            over = asyncio.get_running_loop().time() + 900.0
            while not pages and asyncio.get_running_loop().time() < over:
                await asyncio.sleep(1.0)
                scene = evening.tv.scene
                if scene is not None and scene.problems and scene.problems[0].key is key:
                    pages.append(scene)

    play(story())
    assert pages, "it never came to the TV"
    drawn = " ".join(one.what for one in drawn_text(draw(pages[0])) if one.whole)
    kind = KINDS[key]
    assert kind.code in drawn
    assert text("vi")(kind.text) in drawn
    if kind.severity > Severity.NOTE and not pages[0].words.steps:
        assert text("vi")(kind.remedy) in drawn


def test_each_of_several_has_its_turn_and_health_hears_none_of_its_own(tmp_path: Path) -> None:
    """What the TV shows by health's word must not come back to health as the endpoint's."""
    evening = Evening(tmp_path, "13:58")
    first: list[str] = []
    facts: set[str] = set()

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("14:02")
            found(KEY.CAMERA_MISSING)(evening)
            alarm(KEY.DISK_FULL)(evening)
            for _ in range(40):
                await asyncio.sleep(1.0)
                scene = evening.tv.scene
                assert scene is not None
                first.extend(problem.code for problem in scene.problems[:1])
                told = ENDPOINT_FILE.read(tmp_path / "run", evening.clock.now(), 20.0)
                facts.update(told.problems if told is not None else ())
            HEALTH_FILE.write(tmp_path / "run", HealthFacts(), evening.clock.now())
            assert evening.province is not None
            evening.province.poll()
            await asyncio.sleep(2.0)
            assert set(evening.tv.codes) == {"C1"}

    play(story())
    assert facts == {"C1"}
    turns = [code for code, before in zip(first[1:], first, strict=False) if code != before]
    assert set(turns) == {"B6", "C1"}
    assert 4 <= len(turns) <= 6, "eight seconds each"
