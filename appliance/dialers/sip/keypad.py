"""Presses telephone keys in a call, one script after another: in the sound, else by SIP INFO."""

import asyncio
import logging
from collections.abc import Callable

from appliance.dialers.sip.info import KEYS, key
from appliance.dialers.sip.media_session import DtmfByInfo, DtmfError, MediaSession

log = logging.getLogger("diemcau.sip")


class Keypad:
    """``inform`` sends an INFO (kind, body) and says whether there is a call to send it in."""

    def __init__(self, media: MediaSession, inform: Callable[[str, str], bool]) -> None:
        self._media = media
        self._inform = inform
        self._turn = asyncio.Lock()

    async def press(self, keys: str) -> bool:
        """Press keys; whether they went out. "" presses none and is no success."""
        async with self._turn:
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
