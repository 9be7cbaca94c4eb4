"""How large the bundle at an address is, and how much of it may come over the line."""

import asyncio
import ssl

import httpx

from services.updates.release_address import AddressError

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
DEADLINE_S = 30.0
"""For name, connection, TLS and the head of an answer, redirects included."""
MAX_REDIRECTS = 8
"""As RAUC follows (its src/nbd.c), but to https alone."""


def default_budget(url: str, authority: str) -> int:
    """How many bytes of the bundle at `url` may come over the line; raises `AddressError`."""
    return round(DOWNLOAD_SHARE * bundle_size(url, authority))


def bundle_size(url: str, authority: str, *, deadline_s: float = DEADLINE_S) -> int:
    """The size in bytes of the bundle at `url`, an https address, as its server tells it.

    By HEAD (RFC 9110, 9.3.2); nothing of the bundle is fetched. `authority` is a file with the one
    that the server's certificate has to be from, "" for the machine's own. Raises `AddressError`.
    """
    try:
        return asyncio.run(_within(url, authority, deadline_s))
    except TimeoutError as error:
        raise AddressError(f"{url}: no answer within {deadline_s:g} s") from error
    except httpx.InvalidURL as error:
        raise AddressError(f"{url} is no address: {error}") from error
    except (httpx.HTTPError, ssl.SSLError) as error:
        raise AddressError(f"{url}: {str(error) or type(error).__name__}") from error
    except OSError as error:  # after SSLError, which is one
        raise AddressError(f"{authority} cannot be read: {error.strerror}") from error


async def _within(url: str, authority: str, deadline_s: float) -> int:
    # With a file, nobody but its authority, as with RAUC's --tls-ca.
    trust = ssl.create_default_context(cafile=authority or None)
    async with (
        asyncio.timeout(deadline_s),
        httpx.AsyncClient(verify=trust, trust_env=False, timeout=deadline_s) as client,
    ):
        return _size(await _head(client, httpx.URL(url)))


async def _head(client: httpx.AsyncClient, url: httpx.URL) -> httpx.Response:
    for _ in range(MAX_REDIRECTS + 1):
        if url.scheme != "https":
            raise AddressError(f"{url} is not https")
        # A length of packed bytes would be another one.
        answer = await client.head(url, headers={"Accept-Encoding": "identity"})
        if not answer.has_redirect_location:
            return answer
        url = url.join(answer.headers["Location"])
    raise AddressError(f"{url}: more than {MAX_REDIRECTS} redirects")


def _size(answer: httpx.Response) -> int:
    if answer.status_code != httpx.codes.OK:
        raise AddressError(f"{answer.url}: the server answers {answer.status_code}")
    told = answer.headers.get("Content-Length", "")
    digits = told.lstrip("0") if told.isascii() and told.isdigit() else ""
    if not digits:
        raise AddressError(
            f"{answer.url}: the server tells no size (Content-Length), so that no budget can be set"
        )
    if len(digits) > len(str(MAX_BUNDLE_BYTES)) or int(digits) > MAX_BUNDLE_BYTES:
        raise AddressError(f"{answer.url}: {digits[:20]} bytes are more than a slot has")
    return int(digits)
