"""Checks passwords: few at a time, beside the event loop and the threads that serve pages.

argon2 is made to cost: thirty tries a second would take all threads of the pages, and with them
the chair's. Who comes while too many wait is told to come again.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from appliance.core.message import N_
from services.province.accounts import Checked
from services.province.bounds import Shares, origin
from services.province.errors import TooManyTriesError

AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
"""The other processors serve."""
MAX_WAITING, MAX_WAITING_EACH = 40, 6
"""In all, a second of waiting; and of one address, so that it leaves room for the others."""
BUSY_S = 5.0


class PasswordChecks:
    """One for the application."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "password")
        self._waiting = Shares(MAX_WAITING)

    async def check(self, known: str, password: str, address: str) -> Checked:
        """Raises `TooManyTriesError` where too many wait."""
        place = {"from": (origin(address), MAX_WAITING_EACH)}
        if not self._waiting.hold(**place):
            raise TooManyTriesError(N_("Too many people log in just now. Try again."), BUSY_S)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, Checked.of, known, password)
        finally:
            self._waiting.release(**place)
