"""Bounds memory of the whole process that Python and the C library would take for comfort.

Both were found beside a thousand silent connections and thirty guessed passwords a second: each is
a habit of a library that nobody notices until somebody attacks.
"""

import ctypes
import logging
from asyncio import sslproto

log = logging.getLogger("diemcau.province")

TLS_BUFFER_BYTES = 32 * 1024
"""What asyncio keeps for each connection with TLS: two records of the largest size (RFC 8446, 5.1)
and not its 256 KiB, of which a thousand silent connections took 700 MB."""
MAX_HEAP_BLOCK_BYTES = 1024 * 1024
"""A larger block is mapped by itself, and its memory is given back when it is freed. glibc does so,
too, until the first is freed: from then on blocks of that size come from the heap of the thread
that asks, and stay there. Each check of a password takes 19 MiB (argon2); a minute of them left the
program at 490 MB, with the bound at 350 (`make load`)."""
_M_MMAP_THRESHOLD = -3
"""malloc.h; mallopt(3)"""


def bound_tls_buffers() -> None:
    """Let each connection with TLS of this program, made from now on, take `TLS_BUFFER_BYTES`."""
    sslproto.SSLProtocol.max_size = TLS_BUFFER_BYTES


def bound_heap_blocks() -> None:
    """For the whole process, from now on; another C library than glibc keeps its own rule."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not mallopt(_M_MMAP_THRESHOLD, MAX_HEAP_BLOCK_BYTES):
        log.info("this C library has no mallopt(3): memory may stay high after an attack")
