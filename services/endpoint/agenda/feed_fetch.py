"""Brings the bytes of a feed, from a server or a file, within a size and a time."""

import asyncio
import ssl
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from appliance.wire.calendar.calendar_text import MAX_FEED_BYTES
from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS, FeedError, FeedProblem
from appliance.wire.host import url_problem

FETCH_DEADLINE_S = 20.0
"""The whole transfer of an agenda of 2 MB over a line of 1 Mbit/s."""
MAX_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """What a server calls this version of its feed, to be asked with next time."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed as it came; ``body`` None: unchanged since the mark that was shown."""

    body: bytes | None
    mark: Mark


def trust(ca: str = "") -> ssl.SSLContext:
    """The certificate authorities of the system and, where a file is given, the province's own.

    Raises `OSError` (or its kind `ssl.SSLError`) where that file is none.
    """
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(cafile=ca)
    return context


def client(ca: str = "", proxy: str = "") -> httpx.AsyncClient:
    """A client for feeds: TLS always verified, no redirect followed unseen, only a proxy given."""
    return httpx.AsyncClient(
        verify=trust(ca),
        follow_redirects=False,
        trust_env=False,
        proxy=proxy or None,
        timeout=httpx.Timeout(10.0),
        headers={"Accept": "text/calendar", "Accept-Encoding": "gzip", "User-Agent": "diemcau"},
    )


def place(source: str) -> str:
    """Where a feed comes from, for people: the host or the file, never a password or a token."""
    try:
        parts = urlsplit(source)
    except ValueError:  # an open bracket
        return source.partition("://")[2].rpartition("@")[2].partition("/")[0][:40]
    return parts.hostname or Path(unquote(parts.path)).name or source[:40]


async def fetch(
    source: str, mark: Mark, http: httpx.AsyncClient, *, deadline_s: float = FETCH_DEADLINE_S
) -> Fetched:
    """The feed at `source` (http, https, ``file:`` or a path) unless `mark` is still its version.

    Raises `FeedError` for everything that can go wrong, also after `deadline_s` for the whole.
    """
    try:
        async with asyncio.timeout(deadline_s):
            if source.lower().startswith(("http:", "https:")):
                return await _from_server(source, mark, http)
            return await asyncio.to_thread(_from_file, source, mark)
    except (TimeoutError, httpx.TimeoutException) as error:
        slow = f"{place(source)} did not deliver the feed within {deadline_s:g} s"
        raise FeedError(FeedProblem.TOO_SLOW, slow) from error
    except FeedError:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, ExceptionGroup, *LIBRARY_ERRORS) as error:
        # A port, a bracket or an accent of an address that cannot be makes the libraries below
        # httpx raise what it does not name: ValueError, OverflowError, idna's UnicodeError.
        raise _unreachable(source, error) from error


async def _from_server(source: str, mark: Mark, http: httpx.AsyncClient) -> Fetched:
    problem = url_problem(source, ("http", "https"))
    if problem is not None:
        raise FeedError(FeedProblem.UNREACHABLE, f"the address of {place(source)}: {problem}")
    url = httpx.URL(source)
    shown = {"If-None-Match": mark.etag, "If-Modified-Since": mark.modified}
    headers = {name: value for name, value in shown.items() if value}
    for _ in range(MAX_REDIRECTS + 1):
        async with http.stream("GET", url, headers=headers) as answer:
            if answer.has_redirect_location:
                url = _followed(url, answer.headers["Location"])
                continue
            if answer.status_code == httpx.codes.NOT_MODIFIED and headers:
                return Fetched(None, mark)
            if answer.status_code != httpx.codes.OK:
                raise FeedError(
                    FeedProblem.REFUSED, f"{url.host} answered {answer.status_code}, not the feed"
                )
            body = await _body(answer)
            etag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
            return Fetched(body, Mark(etag, modified))
    raise FeedError(FeedProblem.REDIRECTED, f"{url.host} redirects in a circle")


def _followed(url: httpx.URL, location: str) -> httpx.URL:
    try:
        goal = url.join(location)
        problem = url_problem(str(goal), ("http", "https"))
    except (httpx.InvalidURL, *LIBRARY_ERRORS) as error:
        raise FeedError(
            FeedProblem.REDIRECTED, f"{url.host} sends to {location[:80]!r}, which is no address"
        ) from error
    if problem is not None:
        raise FeedError(FeedProblem.REDIRECTED, f"{url.host} sends to {location[:80]!r}: {problem}")
    if goal.host != url.host or goal.scheme not in (url.scheme, "https"):
        raise FeedError(
            FeedProblem.REDIRECTED,
            f"{url.host} sends to {goal.scheme}://{goal.host}: a portal, or the feed has moved;"
            " give the site its new address",
        )
    return goal


async def _body(answer: httpx.Response) -> bytes:
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip"):
        raise FeedError(FeedProblem.NOT_TEXT, f"the feed is packed with {packing!r}, not with gzip")
    # Unpacked here and not by httpx, which would unfold a bomb of a thousand times its size.
    unpack = None if packing == "identity" else zlib.decompressobj(wbits=31)
    body = bytearray()
    try:
        async for chunk in answer.aiter_raw():
            body += (
                chunk
                if unpack is None
                else unpack.decompress(chunk, MAX_FEED_BYTES + 1 - len(body))
            )
            if len(body) > MAX_FEED_BYTES:
                raise FeedError(
                    FeedProblem.TOO_LARGE, f"the feed is larger than {MAX_FEED_BYTES} bytes"
                )
    except zlib.error as error:
        raise FeedError(FeedProblem.NOT_TEXT, "the feed's gzip is broken") from error
    if unpack is not None and not unpack.eof:
        raise FeedError(FeedProblem.TRUNCATED, "the feed's gzip does not end")
    return bytes(body)


def _from_file(source: str, mark: Mark) -> Fetched:
    path = Path(unquote(urlsplit(source).path) if source.startswith("file:") else source)
    try:
        facts = path.stat()
        now = Mark(etag=f"{facts.st_mtime_ns}-{facts.st_size}")
        if now == mark:
            return Fetched(None, mark)
        with path.open("rb") as file:
            body = file.read(MAX_FEED_BYTES + 1)
    except OSError as error:
        raise FeedError(FeedProblem.UNREACHABLE, f"{path}: {error.strerror or error}") from error
    if len(body) > MAX_FEED_BYTES:
        raise FeedError(FeedProblem.TOO_LARGE, f"{path} is larger than {MAX_FEED_BYTES} bytes")
    return Fetched(body, now)


def _unreachable(source: str, error: Exception) -> FeedError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            why = getattr(cause, "verify_message", "") or cause.reason or "TLS failed"
            return FeedError(
                FeedProblem.UNTRUSTED,
                f"the certificate of {place(source)} is not trusted: {why};"
                " check the site's clock and its CA file",
            )
        cause = cause.__cause__ or cause.__context__
    what = str(error) or type(error).__name__
    return FeedError(FeedProblem.UNREACHABLE, f"{place(source)} cannot be reached: {what}")
