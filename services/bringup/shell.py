"""Runs a check's command within a time, without a terminal; keeps a bounded part of its words."""

import asyncio
import contextlib
import os
import signal

DEADLINE_S = 30.0
"""For what reads files; the slowest, 64 MiB of a bad card, has time as well."""
NO_ANSWER = "no answer within"
"""How the words of a command begin that was ended for its time."""
MAX_BYTES = 4096
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


async def output_of(command: str, deadline_s: float = DEADLINE_S) -> str:
    """What `command` prints, at most `MAX_BYTES`; what hinders it, in words. Never raises.

    All that it started is ended with it.
    """
    try:
        process = await asyncio.create_subprocess_shell(
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **ENVIRONMENT},
        )
    except OSError as error:
        return f"cannot be run: {error}"
    try:
        async with asyncio.timeout(deadline_s):
            said = await _first_bytes(process)
            await process.wait()
    except TimeoutError:
        return f"{NO_ANSWER} {deadline_s:g} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return said.decode(errors="replace").strip()


async def _first_bytes(process: asyncio.subprocess.Process) -> bytes:
    said = b""
    while process.stdout is not None and (part := await process.stdout.read(65536)):
        said = (said + part)[:MAX_BYTES]
    return said
