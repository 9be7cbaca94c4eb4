"""How large a bundle is, by its verity tree, and how much of it may come over the line."""

from bisect import bisect_right

MIB = 2**20
DOWNLOAD_SHARE = 0.75
"""Of a bundle, the most that may come over the line by itself.

Where a release shares its blocks with the running one, one changed file of ours costs 4 % of the
slot (measured, docs/image.md), and many changed packages of Debian below a third. A bundle of which
nothing is shared costs all of itself and its packets' headers: so it is after a new compression, or
where an index does not fit. Three quarters are far from both: no usual release is given up, and one
that has gone wrong never costs a commune the whole bundle.
"""
MAX_BUNDLE_BYTES = 640 * MIB
"""The size of a slot, which a bundle packs; a larger one is none of ours."""
BLOCK_BYTES = 4096
"""Of the payload and of the tree (RAUC 1.13, src/verity_hash.c)."""
DIGESTS = 128
"""In a block of the tree: a digest of SHA-256 has 32 bytes."""


def download_budget(size: int) -> int:
    """How many bytes of a bundle of `size` bytes may come over the line."""
    return round(DOWNLOAD_SHARE * size)


def bundle_size(verity_size: int) -> int:
    """The size in bytes of a bundle whose verity tree has `verity_size` bytes, a multiple of 4096.

    RAUC tells the size of the tree alone, which lies behind the payload. Each block of its lowest
    level has the digests of 128 blocks of the payload, each block of a level above those of 128
    blocks of the level below, up to one block (kernel,
    Documentation/admin-guide/device-mapper/verity.rst, hash tree). The last block of the lowest
    level is taken as full: the result is at most 512 KiB too large. The signature's few kilobytes
    are left out.
    """
    blocks = verity_size // BLOCK_BYTES
    lowest = bisect_right(range(blocks + 1), blocks, key=_tree_blocks) - 1
    return lowest * DIGESTS * BLOCK_BYTES + verity_size


def _tree_blocks(lowest: int) -> int:
    """Of the tree whose lowest level has `lowest` blocks."""
    blocks = lowest
    while lowest > 1:
        lowest = -(-lowest // DIGESTS)
        blocks += lowest
    return blocks
