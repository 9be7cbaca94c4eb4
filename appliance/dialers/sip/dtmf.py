"""Sends the DTMF of a call: the entry queue's script first, then hand and microphone."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from appliance.base.config import SipChoices
from appliance.dialers.sip.dtmf_script import Step
from appliance.dialers.sip.media_session import DtmfByInfo, DtmfError, MediaSession
from appliance.dialers.sip.signalling.message import DTMF_RELAY, dtmf_relay
from appliance.media.rtp.dtmf import BLOCK_S, TONE_S

FLOW_WAIT_S = 5.0
"""A far end whose first packet has not come by then is asked to listen all the same."""
FLOW_POLL_S = 0.05
REPORT_WAIT_S = 15.0
"""A far end reports each five seconds at the latest (RFC 3550 6.2), and that may be lost, too."""
KEY_PACKETS = round(TONE_S / BLOCK_S)
"""So many in a row are one key; its end is sent three times, so fewer cost none."""
MAX_HAND_REPEATS = 3

log = logging.getLogger("diemcau.sip")


class DtmfSender:
    """Sends keys as telephone events (RFC 4733), or by INFO where the far end takes none.

    Nothing is sent between the steps of the script: an entry queue would take a raised hand for
    the conference's number. What is asked for meanwhile is sent after it.

    ``inform`` sends an INFO (kind, body) and gives whether there is a call to send it in.
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
        self._hand = self._hand_sent = self._hand_unheard = self._by_info = False
        self._lost_before = 0
        self._mic: bool | None = None
        self._send_lock, self._hand_lock = asyncio.Lock(), asyncio.Lock()

    @property
    def entering(self) -> bool:
        """Whether the script is still being sent."""
        return not self._inside.is_set()

    async def enter(self) -> bool:
        """Send the script; gives whether a hand that was asked for meanwhile was sent after it."""
        if self._script:
            await self._media_flow()
        for step in self._script:
            await asyncio.sleep(step.wait)
            await self._send(step.keys)
        self._inside.set()
        if self._mic is not None:
            await self.mic(self._mic)
        return await self._send_hand()

    async def _media_flow(self) -> None:
        """Wait for the far end's first packet: an MCU that is not yet listening loses the keys."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLOW_WAIT_S):
                while self._media.heard_at == float("-inf"):
                    await asyncio.sleep(FLOW_POLL_S)

    async def hand(self, up: bool) -> bool:
        """Ask to speak, or no longer; gives whether the keys for it were sent.

        It waits for the end of the script. A caller that gives up waiting has still asked.
        """
        self._hand, self._hand_sent = up, self._hand_sent and up
        if up:
            await self._inside.wait()
        return await self._send_hand()

    async def mic(self, live: bool) -> None:
        """Mute at the far end too, where the site file says so."""
        self._mic = live
        if self._inside.is_set():
            await self._send(self._choices.mic_on if live else self._choices.mic_off)

    async def _send_hand(self) -> bool:
        async with self._hand_lock:
            if self._hand and not self._hand_sent:
                self._lost_before = self._media.lost_sound
                self._hand_sent = self._hand_unheard = await self._send(self._choices.hand)
            return self._hand and self._hand_sent

    async def repeat_hand(self) -> None:
        """Say a hand again whose keys did not arrive, as far as that can be known.

        A conference system answers no keys. Its reports (RTCP) tell how much of our sound is lost:
        where so much is that a key may be, the hand is said again, a few times at the most. Keys
        by INFO arrive as all signalling does.
        """
        unheard, self._hand_unheard = self._hand_unheard and not self._by_info, False
        for _ in range(MAX_HAND_REPEATS if unheard else 0):
            lost = await self._media.lost_after_report(REPORT_WAIT_S)
            if lost is None or lost - self._lost_before < KEY_PACKETS:
                return
            async with self._hand_lock:
                if not self._hand:
                    return
                log.info("near → hand again: %d packets were lost", lost - self._lost_before)
                self._lost_before = self._media.lost_sound
                await self._send(self._choices.hand)

    async def _send(self, keys: str) -> bool:
        """Send keys one after another; gives whether they went out."""
        async with self._send_lock:
            if not keys:
                return False
            try:
                await self._media.send_dtmf(keys)
            except DtmfByInfo:
                self._by_info = True
                return all(self._inform(DTMF_RELAY, dtmf_relay(digit)) for digit in keys)
            except DtmfError as error:
                log.warning("near → %s", error)
                return False
            return True
