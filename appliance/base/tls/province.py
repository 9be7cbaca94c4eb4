"""TLS to the province's servers, which its own authority alone vouches for."""

import ssl
from pathlib import Path

NO_CHECK_TIME = 0x200000
"""``X509_V_FLAG_NO_CHECK_TIME`` (X509_VERIFY_PARAM_set_flags(3)); ssl has no name for it."""


def client_tls(
    ca: str | Path, identity: Path | None = None, *, trusted: bool = True
) -> ssl.SSLContext:
    """TLS that believes the province's authority alone, with our identity where it is asked for.

    A box that does not know the time yet (``trusted=False``) cannot tell what is valid: it still
    asks for the authority's signature and the right name, and for nothing about dates. Raises
    `OSError` (of which ssl.SSLError is one) where a file cannot be used.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not trusted:
        context.verify_flags |= NO_CHECK_TIME
    if identity is not None:
        context.load_cert_chain(identity)
    return context
