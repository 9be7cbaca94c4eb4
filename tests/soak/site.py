"""One site in a long SIP call, as a process of its own, whose memory is looked at from outside."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

import av

from appliance.base.config import SipChoices
from appliance.dialers.api import LocalTracks
from appliance.dialers.sip.dialer import SipDialer
from appliance.media.capture.camera import Camera
from appliance.media.capture.local_audio import LocalAudio
from appliance.media.capture.local_video import LocalVideo
from appliance.media.capture.microphone import Microphone
from appliance.media.receive.track_follower import TrackFollower


async def stay(
    address: str, choices: SipChoices, eye: Camera, ear: Microphone, seconds: float
) -> None:
    """Call, look and listen for so long, hang up, and print how it went."""
    eye.open()
    ear.live = True
    ear.open()
    near = LocalTracks(LocalVideo(eye), LocalAudio(ear, "opus"))
    call = await SipDialer(choices=choices).dial(address, near, name="soak")
    picture, sound = TrackFollower(_drop), TrackFollower(_drop)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.run()) for one in (picture, sound)]
        choosing = group.create_task(_choose(call, picture, sound))
        for _ in range(int(seconds)):
            await asyncio.sleep(1.0)
            if call.ended is not None:
                break
        for task in (*tasks, choosing):
            task.cancel()
    ended = call.ended
    await call.hang_up()
    await asyncio.to_thread(eye.close)
    await asyncio.to_thread(ear.close)
    sys.stdout.write(json.dumps({**asdict(call.statistics()), "ended_early": ended}) + "\n")


async def _choose(call: object, picture: TrackFollower, sound: TrackFollower) -> None:
    while True:
        picture.choose(call.video)  # type: ignore[attr-defined]
        sound.choose(call.audio)  # type: ignore[attr-defined]
        await call.changed()  # type: ignore[attr-defined]


def _drop(frame: av.VideoFrame | av.AudioFrame) -> None:
    del frame


def main() -> None:
    """One call."""
    ask = argparse.ArgumentParser(prog="python -m tests.soak.site", description=__doc__)
    ask.add_argument("address")
    ask.add_argument("--user", default="")
    ask.add_argument("--password-file", default="")
    ask.add_argument("--camera", default="lavfi:testsrc2=size=640x360:rate=30")
    ask.add_argument("--fps", type=float, default=30.0)
    ask.add_argument("--microphone", default="lavfi:sine=frequency=440")
    ask.add_argument("--seconds", type=float, default=1800.0)
    asked = ask.parse_args()
    choices = SipChoices(user=asked.user, password_file=asked.password_file, encryption="optional")
    eye, ear = Camera(asked.camera, fps=asked.fps), Microphone(asked.microphone)
    asyncio.run(stay(asked.address, choices, eye, ear, asked.seconds))


if __name__ == "__main__":
    main()
