"""A dialer that is loaded when the first address for it is dialled."""

import asyncio
from collections.abc import Callable

from appliance.dialers.api import Call, Dialer, LocalTracks
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.room_keys import RoomKeys


class OnDemandDialer:
    """A `Dialer` of which only the schemes are known until it is needed.

    `load` runs in a thread, so that it stops nothing: a library that is loaded takes a part of a
    second, on a cold card more. A call that is to come about waits for it.
    """

    def __init__(self, schemes: frozenset[str], load: Callable[[], Dialer]) -> None:
        self.schemes = schemes
        self._load = load
        self._loading = asyncio.Lock()
        self._loaded: Dialer | None = None

    async def dial(
        self,
        address: str,
        near: LocalTracks,
        *,
        name: str,
        keys: RoomKeys | None = None,
        codes: ConferenceCodes | None = None,
    ) -> Call:
        """Call ``address`` as ``name``; raises DialError."""
        try:
            async with self._loading:
                if self._loaded is None:
                    self._loaded = await asyncio.to_thread(self._load)
        except BaseException:
            near.stop()
            raise
        return await self._loaded.dial(address, near, name=name, keys=keys, codes=codes)
