"""The programs of a box that is a folder, each as its unit starts it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

END_S = 20.0


@asynccontextmanager
async def box_program(box: Path, name: str, *words: str, **environment: str) -> AsyncIterator[None]:
    """`diemcau NAME` with the settings in force in `box`; its log is BOX/NAME.log."""
    with (box / f"{name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.command", name,
            "--site", str(box / "data/site/site.toml"), "--data", str(box / "data" / name),
            "--run", str(box / "run"), "--root", str(box / "board"), *words,
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, **environment},
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except TimeoutError:
            process.kill()
