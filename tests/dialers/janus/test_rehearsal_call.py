"""A rehearsal's call in a real Janus: what came, and that the server says ours arrived."""

from collections.abc import Iterator

import pytest

from appliance.core.problems import ProblemKey
from appliance.dialers.api import Call
from appliance.dialers.registry import Dialers
from appliance.wire.meeting import Meeting
from services.endpoint.call.rehearsal_call import RehearsalCall
from tests.dialers.far_ends import videoroom_address
from tests.dialers.sites import near, site
from tests.peers import janus as there
from tests.process.ports import free_port

STAY_S = 7.0
"""Janus reports to a sender each second or so; a picture's numbers change twenty times a second."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    number = free_port()
    with there.janus(tmp_path_factory.mktemp("janus"), number):
        yield number


async def dial(meeting: Meeting) -> Call:
    return await Dialers().dial(meeting.address, near(2), name="site 2")


async def test_the_far_picture_moves_its_sound_is_heard_and_ours_arrives(port: int) -> None:
    address = videoroom_address(port, "janus")
    other = await site(Dialers(), address, 1)
    found = await RehearsalCall(dial, stay_s=STAY_S).run(Meeting("a", "", 0.0, 1.0, address))
    await other.leave()
    assert (found.problem, found.picture, found.sound, found.arrived) == (
        None, "moving", "heard", True,
    )  # fmt: skip
    assert found.text.startswith("picture=moving sound=heard arrived=yes rtt_ms=")
    assert 2 in other.hears() or other.numbers  # ours came to the other one, too


async def test_a_wrong_pin_is_named(port: int) -> None:
    address = videoroom_address(port, "janus", there.PIN_ROOM)
    found = await RehearsalCall(dial).run(Meeting("a", "", 0.0, 1.0, address))
    assert found.problem is ProblemKey.CALL_UNAUTHORISED
    assert found.text == "picture=none sound=none arrived=no"
