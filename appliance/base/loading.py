"""Loads modules without Python's collector, which finds nothing there and looks again and again.

What a module makes stays for as long as the program runs. Of the 1.1 s of CPU in which the endpoint
loaded its own (x86, with byte code) the collector took an eighth; on a Pi all of it is three times
as long. A thread that loads holds the collector for the others as well, for that long.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Inside, the collector rests; nothing that was made by the end is looked at by it again.

    For a start, not for a call: what is garbage by then stays, too. What is raised goes on, and
    the collector works again.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
