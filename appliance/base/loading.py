"""Loads modules without Python's collector, which finds nothing there and looks again and again.

What a module makes stays for as long as the program runs; of the time that the endpoint needs to
load its own, the collector took a seventh.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Inside, the collector rests; nothing that was made by the end is looked at by it again.

    For a start, not for a call: what is garbage by then stays, too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
