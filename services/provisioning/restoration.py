"""Plans how a new data partition gets back what the second copy has. Pure.

The link ``data/site`` comes last, and it alone says that all is there: a power cut before it is
found at the next start by the same question.
"""

from services.card.site_file_on_card import SiteFileOnCard
from services.provisioning.disk_ops import (
    Access,
    DiskOp,
    DiskOps,
    PointTo,
    RemoveTree,
    WriteFile,
)
from services.provisioning.second_copy import (
    IDENTITY,
    MACHINE_ID,
    NEXT_KEY,
    SecondCopy,
    is_whole_identity,
)

NUMBER = 1
"""Of the settings, as the first that were ever taken."""


def is_this_site(copy: SecondCopy, on_card: SiteFileOnCard | None) -> bool:
    """Whether the box may be again what `copy` says.

    A card that names another site was written for that site: under the old one's certificate it
    would speak to the province in the name of a commune where it does not stand. A card without a
    file, or with one that has problems, says nothing of the kind: the last good settings stay in
    force, as they do on a box that has lost nothing.
    """
    return on_card is None or on_card.site is None or on_card.site.site.id == copy.site


def restoration(
    copy: SecondCopy | None, on_card: SiteFileOnCard | None, identity: bytes
) -> DiskOps:
    """The operations for a box without settings in force; none where no copy is this site's.

    `identity` is what the data partition has at present. A whole one stays: it is as new as the
    copy's or newer, and the province takes the older of two for a clone.
    """
    if copy is None or not is_this_site(copy, on_card):
        return ()
    todo: list[DiskOp] = []
    if not is_whole_identity(identity):
        # The key that waits comes first: with the identity there, it would not come again.
        todo.extend(
            WriteFile(f"data/{name}", copy.members[name], Access.OWN)
            for name in (NEXT_KEY, IDENTITY)
            if name in copy.members
        )
    if MACHINE_ID in copy.members:
        # For the next start: this one's had to be known before anything ran.
        todo.append(WriteFile(f"data/{MACHINE_ID}", copy.members[MACHINE_ID], Access.ALL))
    folder = f"site.d/{NUMBER}"
    todo.append(RemoveTree(f"data/{folder}"))
    todo.extend(
        WriteFile(f"data/{folder}/{name.removeprefix('site/')}", copy.members[name])
        for name in sorted(copy.members)
        if name.startswith("site/")
    )
    todo.append(PointTo("data/site", folder))
    return todo
