"""Gets the site's certificate and renews it: asks, shows the claim code, waits, asks again."""

import asyncio
import base64
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.base.tls.province import client_tls
from appliance.wire.enrolment import (
    ENROL,
    RENEW,
    EnrolAnswer,
    EnrolRequest,
    EnrolState,
    RenewRequest,
    claim_code,
    signed_part,
)
from appliance.wire.fields import MAX_PAYLOAD_BYTES, WireError
from appliance.wire.host import url_problem
from services.health.credentials import Credentials, Pair, request

log = logging.getLogger("diemcau.health.enrol")

PENDING_POLL_S = 10.0
"""While somebody at the IT centre may be looking at the code; and between two looks at the
certificate's end. A box that was off for a year learns the time some seconds after its start, and
the broker does not let it in before it has renewed."""
MAX_RENEWAL_RETRY_S = 3600.0
"""Between two tries of a renewal that fails; it has a third of a life's time."""
NOT_KNOWN = ("too-old", "unknown")
"""Refusals of a renewal after which the device asks anew, with a code for the TV: the certificate
ended years ago, or the province has lost what it knew of it."""
REQUEST_DEADLINE_S = 20.0
ENROLMENT_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    OSError,
    ValueError,
    ArithmeticError,
    TimeoutError,
)
"""What an answer, or a redirect to an address that cannot be, makes the client raise."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks, and whom: `url` and `ca` as the site file has them."""

    site: str
    serial: str
    model: str
    url: str
    ca: str | Path
    proxy: str = ""


class EnrolmentClient:
    """`claim` is what the TV shows while the box waits, "" when it has a certificate."""

    def __init__(
        self,
        applicant: Applicant,
        credentials: Credentials,
        *,
        now: Callable[[], float],
        trusted: Callable[[], bool] = lambda: True,
        changed: Callable[[], None] = lambda: None,
        poll_s: float = PENDING_POLL_S,
    ) -> None:
        self._applicant = applicant
        self._credentials = credentials
        self._now = now
        self._trusted = trusted
        self._changed = changed
        self._poll_s = poll_s
        digest = hashlib.sha256(applicant.site.encode()).digest()
        self._spread = int.from_bytes(digest[:4], "big") / 2**32
        self._logged = ""
        self._anew = False
        self.pair = credentials.pair()
        self.claim = ""
        self.refused = ""

    async def run(self) -> None:
        """Look after the certificate until cancelled; whatever fails is tried again."""
        wait = self._poll_s
        while True:
            answered = await self._step()
            wait = self._poll_s if answered else min(2 * wait, MAX_RENEWAL_RETRY_S)
            await asyncio.sleep(wait)

    def _due(self) -> bool:
        """Whether there is something to ask. Without the time a certificate is taken for good."""
        if self.pair is None:
            return True
        return self._trusted() and self._now() >= self.pair.renewal_at(self._spread)

    async def _step(self) -> bool:
        """Ask where it is time to; False where a renewal failed, which is tried ever later."""
        if not self._due() or not self._applicant.url:
            return True
        renews = self.pair is not None and not self._anew
        try:
            async with asyncio.timeout(REQUEST_DEADLINE_S):
                answer = await (self._renew(self.pair) if renews and self.pair else self._ask())
            self._take(answer)
        except ENROLMENT_ERRORS as error:
            self._log_once(f"not answered: {type(error).__name__}: {error}")
            return not renews
        if renews and answer.detail in NOT_KNOWN:
            self._anew = True
        return self._anew or not renews or answer.state is not EnrolState.REFUSED

    async def _ask(self) -> EnrolAnswer:
        key = self._credentials.next_key()
        self.claim = claim_code(_der(key))
        body = EnrolRequest(
            self._applicant.site,
            request(key, self._applicant.site, self._applicant.serial).decode(),
            self._applicant.serial,
            self._applicant.model,
        )
        return await self._post(ENROL, body.payload)

    async def _renew(self, pair: Pair) -> EnrolAnswer:
        csr = request(
            self._credentials.next_key(), self._applicant.site, self._applicant.serial
        ).decode()
        signature = pair.key.sign(signed_part(csr), ec.ECDSA(hashes.SHA256()))
        body = RenewRequest(
            pair.pem.decode(), csr, base64.b64encode(signature).decode(), self._applicant.serial
        )
        return await self._post(RENEW, body.payload)

    async def _post(self, path: str, body: bytes) -> EnrolAnswer:
        problem = url_problem(self._applicant.url, ("https", "http"))
        if problem is not None:  # below it the client raises groups of what it does not name
            raise ValueError(f"the address of the province: {problem}")
        tls = client_tls(self._applicant.ca, trusted=self._trusted())
        async with (
            httpx.AsyncClient(
                verify=tls,
                timeout=REQUEST_DEADLINE_S,
                trust_env=False,
                proxy=self._applicant.proxy or None,
            ) as client,
            client.stream("POST", self._applicant.url.rstrip("/") + path, content=body) as answer,
        ):
            content = b""
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > MAX_PAYLOAD_BYTES:
                    raise WireError(f"an answer of more than {MAX_PAYLOAD_BYTES} bytes")
        return EnrolAnswer.parse(content)

    def _take(self, answer: EnrolAnswer) -> None:
        self.refused = answer.detail if answer.state is EnrolState.REFUSED else ""
        if answer.state is EnrolState.APPROVED:
            self.pair = self._credentials.keep(answer.certificate.encode())
            self.claim, self._anew = "", False
            log.info("far ← certificate until %.0f", self.pair.end)
            self._changed()
        elif answer.state is EnrolState.PENDING:
            self._log_once(f"waits for approval with the code {self.claim}")
        else:
            self._log_once(f"refused: {answer.detail}")

    def _log_once(self, what: str) -> None:
        if what != self._logged:
            log.warning("certificate: %s", what)
        self._logged = what


def _der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
