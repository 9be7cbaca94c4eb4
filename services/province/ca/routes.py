"""The two addresses where devices ask for certificates: ASGI routes for the province's program.

The server's own TLS is enough: a device that renews sends its old certificate in the body and signs
with its key. So an expired one is accepted here and nowhere else, and a proxy in front needs to
pass nothing on.
"""

import asyncio
import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.wire.enrolment import (
    ENROL,
    RENEW,
    EnrolAnswer,
    EnrolRequest,
    EnrolState,
    RenewRequest,
)
from appliance.wire.fields import MAX_PAYLOAD_BYTES, WireError
from services.province.bounds import Shares, origin
from services.province.ca.enrolment import Enrolment, Refusal
from services.province.ca.ledger import LedgerError

log = logging.getLogger("diemcau.province.enrolment")

STATUS = {EnrolState.APPROVED: 200, EnrolState.PENDING: 202, EnrolState.REFUSED: 403}
BODY_TIMEOUT_S = 20.0
MAX_WAITING, MAX_WAITING_EACH = 100, 10
"""Requests that are read or answered at once, in all and of one address."""


def enrolment_routes(enrolment: Enrolment, now: Callable[[], float]) -> list[Route]:
    """``POST /enrol`` and ``POST /renew``. One request at a time uses the ledger."""
    lock, waiting = asyncio.Lock(), Shares(MAX_WAITING)

    async def answer(request: Request, decide: Callable[[bytes], EnrolAnswer]) -> Response:
        place = {"from": (origin(_peer(request)), MAX_WAITING_EACH)}
        if not waiting.hold(**place):
            return Response("too many at once", 503, {"Retry-After": "10"})
        try:
            return await decided(request, decide)
        finally:
            waiting.release(**place)

    async def decided(request: Request, decide: Callable[[bytes], EnrolAnswer]) -> Response:
        try:
            body = await _body(request)
            async with lock:
                reply = await asyncio.to_thread(decide, body)
        except (LedgerError, OSError) as error:
            log.error("%s not answered: %s", request.url.path, error)  # noqa: TRY400
            return Response("try again later", 503, {"Retry-After": "60"})
        except WireError as error:
            reply = EnrolAnswer(EnrolState.REFUSED, detail=f"{Refusal.BAD_REQUEST}: {error}"[:400])
            return Response(reply.payload, 400, media_type="application/json")
        if reply.state is EnrolState.REFUSED:
            log.warning("far → %s refused: %s", request.url.path, reply.detail)
        return Response(reply.payload, STATUS[reply.state], media_type="application/json")

    async def enrol(request: Request) -> Response:
        whence = _peer(request)
        return await answer(
            request, lambda body: enrolment.ask(EnrolRequest.parse(body), now(), whence)
        )

    async def renew(request: Request) -> Response:
        return await answer(request, lambda body: enrolment.renew(RenewRequest.parse(body), now()))

    return [Route(ENROL, enrol, methods=["POST"]), Route(RENEW, renew, methods=["POST"])]


def _peer(request: Request) -> str:
    return request.client.host if request.client is not None else ""


async def _body(request: Request) -> bytes:
    """The body, within its bounds of size and time; raises `WireError`."""
    body = b""
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for part in request.stream():
                body += part
                if len(body) > MAX_PAYLOAD_BYTES:
                    raise WireError(f"more than {MAX_PAYLOAD_BYTES} bytes")
    except TimeoutError as error:
        raise WireError(f"the body did not come within {BODY_TIMEOUT_S:g} s") from error
    return body
