"""The authorities that come with a card: ``ca.pem`` beside the site file, one or more certificates.

A province's servers have certificates of an authority of its own, and so have many conference
systems. They are no secrets, but who may change them chooses whom the box believes: once taken,
the box goes by its own copy.
"""

import ssl

from appliance.base.site_file import SiteFileProblem
from appliance.core.message import N_

NAME = "ca.pem"
NAMES = (NAME, "ca.pem.txt")
"""The second is what Notepad makes of the first."""
AUTHORITIES = f"/data/site/{NAME}"
"""Where the box keeps them; what the site file calls them."""
MAX_BYTES = 128 * 1024
"""About eighty certificates; the second copy has to hold them."""


def count(raw: bytes) -> int:
    """How many certificates are in `raw` (PEM); 0 where it cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=raw.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        return 0
    return context.cert_store_stats()["x509"]


def problems(raw: bytes) -> list[SiteFileProblem]:
    """What is wrong with the file `raw`; nothing of a good one."""
    if len(raw) > MAX_BYTES:
        return [
            SiteFileProblem.of(
                0,
                NAME,
                N_("is larger than {most} kB"),
                N_("leave the authorities of the province and its conference system"),
                most=MAX_BYTES >> 10,
            )
        ]
    if not count(raw):
        return [
            SiteFileProblem.of(
                0,
                NAME,
                N_("holds no certificate that can be read"),
                N_("copy it again from the files of the province"),
            )
        ]
    return []
