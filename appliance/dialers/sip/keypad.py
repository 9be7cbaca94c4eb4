"""The keys that are pressed in a call: an entry queue's script first, then hand and microphone."""

import asyncio
import logging
from collections.abc import Callable

from appliance.base.config import SipChoices
from appliance.dialers.sip.dtmf_script import Step
from appliance.dialers.sip.media_session import DtmfByInfo, DtmfError, MediaSession
from appliance.dialers.sip.signalling.info import KEYS, key

log = logging.getLogger("diemcau.sip")


class Keypad:
    """Nothing is pressed between the steps of the script: an entry queue would take a raised hand
    for the conference's number. What is wished meanwhile is pressed after it.

    ``inform`` sends an INFO (kind, body), where the far end takes no telephone events, and says
    whether there is a call to send it in.
    """

    def __init__(
        self,
        media: MediaSession,
        choices: SipChoices,
        script: tuple[Step, ...],
        inform: Callable[[str, str], bool],
    ) -> None:
        self._media, self._choices, self._script = media, choices, script
        self._inform = inform
        self._inside = asyncio.Event()
        self._hand = self._told = False
        self._mic: bool | None = None
        self._pressing, self._telling = asyncio.Lock(), asyncio.Lock()

    @property
    def entering(self) -> bool:
        """Whether the script is not yet through."""
        return not self._inside.is_set()

    async def enter(self) -> bool:
        """Go through the script; whether a hand that was wished meanwhile was pressed."""
        for step in self._script:
            await asyncio.sleep(step.wait)
            await self._press(step.keys)
        self._inside.set()
        if self._mic is not None:
            await self.mic(self._mic)
        return await self._tell()

    async def hand(self, up: bool) -> bool:
        """Ask to speak, or no longer; whether it was pressed. Whoever does not wait so long for
        the end of the script has still wished it."""
        self._hand, self._told = up, self._told and up
        if up:
            await self._inside.wait()
        return await self._tell()

    async def mic(self, live: bool) -> None:
        """Mute at the far end too, where the site file says so."""
        self._mic = live
        if self._inside.is_set():
            await self._press(self._choices.mic_on if live else self._choices.mic_off)

    async def _tell(self) -> bool:
        async with self._telling:
            if self._hand and not self._told:
                self._told = await self._press(self._choices.hand)
            return self._hand and self._told

    async def _press(self, keys: str) -> bool:
        """Press keys one after another; whether they went out."""
        async with self._pressing:
            if not keys:
                return False
            try:
                await self._media.send_dtmf(keys)
            except DtmfByInfo:
                return all(self._inform(KEYS, key(digit)) for digit in keys)
            except DtmfError as error:
                log.warning("near → %s", error)
                return False
            return True
