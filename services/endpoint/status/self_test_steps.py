"""What each line of the self-test tries."""

import asyncio
from collections.abc import Callable

from appliance.core.problems import Area, ProblemKey
from appliance.media.capture.device import CaptureState
from appliance.media.tv.television import TvProblem
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.devices.blank_picture import is_blank
from services.endpoint.devices.devices import Devices
from services.endpoint.status.self_test import Trial

LOOK_S = 0.1
AUDIBLE_DBFS = -60.0
"""A room with people in it is above; a microphone that is switched off is far below."""


def trials(
    devices: Devices,
    agendas: AgendaPoller,
    *,
    linked: Callable[[], bool],
    trusted: Callable[[], bool],
    chime: Callable[[], None],
    tv_problem: Callable[[], TvProblem | None],
) -> dict[Area, Trial]:
    """In the order in which a clerk would look: line, hour, agenda, picture, sound, TV."""

    async def network() -> ProblemKey | None:
        return None if linked() else ProblemKey.NETWORK_CABLE

    async def clock() -> ProblemKey | None:
        return None if trusted() else ProblemKey.CLOCK

    async def agenda() -> ProblemKey | None:
        return None if agendas.state.fetched_at is not None else ProblemKey.AGENDA_MISSING

    async def camera() -> ProblemKey | None:
        while devices.camera.state is CaptureState.OPENING:
            await asyncio.sleep(LOOK_S)
        if devices.camera.state is not CaptureState.LIVE:
            return ProblemKey.CAMERA_MISSING
        picture = None
        while picture is None:  # the first question only wakes it
            await asyncio.sleep(LOOK_S)
            picture = devices.camera.preview()
        return ProblemKey.CAMERA_BLANK if is_blank(picture) else None

    async def sound() -> ProblemKey | None:
        chime()
        while devices.microphone.state is CaptureState.OPENING:
            await asyncio.sleep(LOOK_S)
        if devices.microphone.state is not CaptureState.LIVE:
            return ProblemKey.MICROPHONE_MISSING
        loudest = AUDIBLE_DBFS - 1
        for _ in range(20):
            loudest = max(loudest, devices.microphone.level())
            await asyncio.sleep(LOOK_S)
        return None if loudest >= AUDIBLE_DBFS else ProblemKey.MICROPHONE_SILENT

    async def tv() -> ProblemKey | None:
        match tv_problem():
            case TvProblem.NO_PICTURE:
                return ProblemKey.TV_PROGRAM
            case TvProblem.NO_SOUND:
                return ProblemKey.SPEAKER_MISSING
            case None:
                return None

    return {
        Area.NETWORK: network,
        Area.CLOCK: clock,
        Area.AGENDA: agenda,
        Area.CAMERA: camera,
        Area.SOUND: sound,
        Area.TV: tv,
    }
