"""Asks a server of the province for its signed hour, and measures how long that took.

The question goes by TLS that the site's own authority vouches for. Asked of `HOUR`, nothing is
asked about the server's dates: a box that is in 1970 cannot tell what is valid. That is safe, for
nothing secret is sent, and the answer is signed and of this very question: a server with an old
certificate of the province's can refuse to pass it on, and no more. An agenda's address is a secret
of the site; it is sent only where the box's own hour, as it was kept, finds the server's
certificate valid.
"""

import asyncio
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from appliance.base.config import Site
from appliance.base.tls.province import client_tls
from appliance.wire.fields import MAX_PAYLOAD_BYTES, WireError
from appliance.wire.host import url_problem
from appliance.wire.hour import HOUR, HOUR_HEADER, NONCE_BYTES, NONCE_HEADER, SignedHour
from services.hour.hour_policy import HourError, Refusal, RoundTrip

UNANSWERED = (
    httpx.HTTPError,
    httpx.InvalidURL,
    OSError,
    ValueError,
    ArithmeticError,
    TimeoutError,
    ExceptionGroup,
)
"""What a line, an address or a file can make `ask` raise; nobody has said an hour."""
DEADLINE_S = 7.0
"""Of one question with its name, its connection and its TLS: two seconds beside the longest round
trip that is believed."""
_SENDING = "http11.send_request_headers.started"
"""httpcore's own name of the moment at which a request goes out, the connection being there."""


@dataclass(frozen=True, slots=True)
class Question:
    """One server that is asked; `ca` is the file with the site's authorities."""

    url: str
    ca: str
    agenda: bool = False
    proxy: str = ""

    @property
    def host(self) -> str:
        """For the log; the rest of an agenda's address is a secret."""
        return urlsplit(self.url).hostname or "?"

    def authorities(self) -> list[x509.Certificate]:
        """Those that the site trusts. Raises `OSError`, `ValueError`."""
        return x509.load_pem_x509_certificates(Path(self.ca).read_bytes())


def questions(site: Site) -> tuple[Question, ...]:
    """Whom this site may ask, in this order; none where it knows no authority or no address."""
    found = []
    province, agenda = site.province, site.agenda
    if province.url and province.ca:
        found.append(
            Question(province.url.rstrip("/") + HOUR, province.ca, proxy=site.network.proxy)
        )
    ca = agenda.ca or province.ca
    if agenda.url.lower().startswith("https:") and ca:
        found.append(Question(agenda.url, ca, agenda=True, proxy=site.network.proxy))
    return tuple(found)


async def ask(
    question: Question, tls: ssl.SSLContext, elapsed: Callable[[], float]
) -> tuple[SignedHour, RoundTrip]:
    """The answer and its round trip; `elapsed` gives seconds since the boot.

    Raises `HourError` for an answer that is none, and one of `UNANSWERED`, also after `DEADLINE_S`.
    """
    problem = url_problem(question.url, ("https",))
    if problem is not None:
        raise ValueError(f"the address of {question.host}: {problem}")
    nonce = secrets.token_hex(NONCE_BYTES)
    sent: list[float] = []

    async def note_sent(event: str, _: object) -> None:
        if event == _SENDING:
            sent.append(elapsed())

    headers = {"User-Agent": "diemcau", "Accept-Encoding": "identity"}
    if question.agenda:
        headers |= {NONCE_HEADER: nonce, "If-None-Match": "*"}
    request = httpx.Request(
        "GET",
        question.url,
        params=None if question.agenda else {"nonce": nonce},
        headers=headers,
        extensions={"trace": note_sent},
    )
    async with (
        asyncio.timeout(DEADLINE_S),
        httpx.AsyncClient(
            verify=tls, trust_env=False, timeout=DEADLINE_S, proxy=question.proxy or None
        ) as client,
    ):
        answer = await client.send(request, stream=True)
        try:
            signed = await (_of_header(answer) if question.agenda else _of_body(answer))
            return signed, RoundTrip(nonce, sent[-1], elapsed())
        finally:
            await answer.aclose()


def context(question: Question) -> ssl.SSLContext:
    """TLS for `ask`. Raises `OSError`, of which ssl.SSLError is one."""
    return client_tls(question.ca, trusted=question.agenda)


async def _of_header(answer: httpx.Response) -> SignedHour:
    header = answer.headers.get(HOUR_HEADER)
    if header is None:
        raise ValueError(f"{answer.status_code}, without an hour")
    try:
        return SignedHour.of_header(header)
    except WireError as error:
        raise HourError(Refusal.UNREADABLE, str(error)) from error


async def _of_body(answer: httpx.Response) -> SignedHour:
    if answer.status_code != httpx.codes.OK:
        raise ValueError(f"{answer.status_code}, not the hour")
    content = b""
    async for part in answer.aiter_raw():
        content += part
        if len(content) > MAX_PAYLOAD_BYTES:
            raise HourError(Refusal.UNREADABLE, f"more than {MAX_PAYLOAD_BYTES} bytes")
    try:
        return SignedHour.parse(content)
    except WireError as error:
        raise HourError(Refusal.UNREADABLE, str(error)) from error
