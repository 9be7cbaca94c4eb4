"""Reads the events of one CalDAV collection (RFC 4791) as one calendar.

The program connects only to servers that its administrator has named, over TLS, follows no
redirect, and reads no more than a file of meetings may have. The name and password are not kept.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from caldav.davclient import DAVClient
from caldav.lib.error import AuthorizationError, DAVError
from lxml.etree import LxmlError
from niquests import PreparedRequest, RequestException, Response
from niquests.adapters import HTTPAdapter

from appliance.core.message import N_
from services.province.errors import WrongInputError
from services.province.importing.table import MAX_FILE_BYTES

BEHIND, AHEAD = timedelta(days=1), timedelta(days=400)
"""What is over is not imported, and beyond a year a calendar holds birthdays."""
TIMEOUT_S, ANSWER_TIMEOUT_S = 20, 60.0
"""For the next bytes of a server, and for the whole of an answer."""
CHUNK_BYTES = 65_536
CALENDAR_ERRORS = (
    DAVError,
    RequestException,
    LxmlError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
)
"""The library raises any of these for an answer that is no calendar."""
_UNAVAILABLE = N_("The calendar server did not give its meetings: {why}.")


@dataclass(frozen=True, slots=True)
class Collection:
    """A calendar on a server, and who may read it."""

    url: str
    user: str
    password: str = field(repr=False)


def read_collection(
    collection: Collection, hosts: tuple[str, ...], now: float, *, ca: str = ""
) -> bytes:
    """Its events from yesterday to a year ahead, one VCALENDAR after another.

    `ca` is a file with the authority that signed the server's certificate, "" for the machine's
    own. Raises `WrongInputError` for a server that is not in `hosts`, is away, refuses the account,
    or sends no calendar. Blocks; call it in a thread.
    """
    _check(collection.url, hosts)
    begin = datetime.fromtimestamp(now, UTC) - BEHIND
    client: Any = DAVClient(  # its methods are typed by halves
        url=collection.url,
        username=collection.user,
        password=collection.password,
        timeout=TIMEOUT_S,
        ssl_verify_cert=ca or True,
        enable_rfc6764=False,  # it would look for other servers by DNS
        rate_limit_handle=False,
    )
    with client:
        session = client.session
        session.trust_env = False  # no proxy and no ~/.netrc of the machine
        session.max_redirects = 0
        # Nor does it ask anybody else whether the certificate was revoked, or go on over UDP.
        session.mount("https://", _Bounded(disable_http3=True, revocation_configuration=None))
        try:
            found = client.calendar(url=collection.url).search(
                event=True, start=begin, end=begin + AHEAD
            )
        except (AuthorizationError, NotImplementedError) as error:  # or it asks for no password
            raise WrongInputError(
                N_("The calendar server refuses this name and password."), "user"
            ) from error
        except CALENDAR_ERRORS as error:
            # Never its text: an address with whatever was typed may be in it.
            raise WrongInputError(_UNAVAILABLE, "url", why=type(error).__name__) from error
    return "".join(str(one.data or "") for one in found).encode()


class _Bounded(HTTPAdapter):
    """Reads each answer whole, within `MAX_FILE_BYTES` bytes and `ANSWER_TIMEOUT_S` seconds."""

    def send(self, request: PreparedRequest, *words: Any, **options: Any) -> Response:
        """As its base, which knows no bound."""
        until = time.monotonic() + ANSWER_TIMEOUT_S
        answer = super().send(request, *words, **{**options, "stream": True})
        body = bytearray()
        for part in answer.iter_content(CHUNK_BYTES):
            body += part
            if len(body) > MAX_FILE_BYTES or time.monotonic() > until:
                answer.close()
                raise RequestException("the answer is too large or too slow")
        loose: Any = answer
        loose._content, loose._content_consumed = bytes(body), True
        return answer


def _check(url: str, hosts: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(url)
        host, known = parts.hostname or "", parts.scheme == "https" and "@" not in parts.netloc
    except ValueError:
        host, known = "", False
    if not known:
        raise WrongInputError(
            N_("The calendar's address begins with https:// and holds no name or password."), "url"
        )
    if host not in hosts:
        raise WrongInputError(
            N_("Only these calendar servers are asked: {hosts}."), "url", hosts=", ".join(hosts)
        )
