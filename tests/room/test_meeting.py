"""What somebody who joins is told, when others come and go in the same moment."""

import asyncio
from typing import Any

import pytest
from aiortc import RTCPeerConnection

from services.room.errors import VideoRoomError
from services.room.settings import RoomSettings
from services.room.signalling.handle import Handle
from services.room.signalling.participant import Participant
from services.room.signalling.videoroom import VideoRoom
from tests.peers.janus import ROOM

JOIN = {"request": "join", "ptype": "publisher", "room": ROOM}
OPUS = {"request": "joinandconfigure", "ptype": "publisher", "room": ROOM, "display": "hai"}


async def offered() -> dict[str, Any]:
    """The offer of somebody with a microphone."""
    pc = RTCPeerConnection()
    pc.addTransceiver("audio", "sendonly")
    await pc.setLocalDescription(await pc.createOffer())
    offer = {"type": "offer", "sdp": pc.localDescription.sdp}
    await pc.close()
    return offer


async def test_two_who_join_in_the_same_moment_learn_of_each_other() -> None:
    room = VideoRoom([RoomSettings(ROOM, "họp")])
    told: list[dict[str, Any]] = []
    first, second = Handle(1, lambda _: None), Handle(2, told.append)
    await room.handle_asynchronous(first, {**JOIN, "display": "một"}, None)
    joining = asyncio.create_task(room.handle_asynchronous(second, OPUS, await offered()))
    async with asyncio.timeout(10):
        while second.role is None:
            await asyncio.sleep(0)
        assert not joining.done(), "its answer is being made"
        assert isinstance(first.role, Participant)
        first.role._on_connected()
        joined, _ = await joining
    assert told == [], "nothing overtakes its own joined"
    assert [p["display"] for p in joined["publishers"]] == ["một"]
    await second.close()
    await first.close()


async def test_who_is_refused_while_joining_is_not_in_the_room() -> None:
    room = VideoRoom([RoomSettings(ROOM, "họp")])
    one = Handle(1, lambda _: None)
    with pytest.raises(VideoRoomError, match="no path"):
        await room.handle_asynchronous(one, OPUS, {"type": "offer", "sdp": "v=0\r\n"})
    assert one.role is None
    assert room.meetings[ROOM].participants == {}
