"""The two addresses where devices ask for certificates: ASGI routes for the province's program.

The server's own TLS is all the transport needs: a device that renews shows its old certificate in
the body and signs with its key, so an expired one is accepted here and nowhere else, and a proxy in
front has nothing to pass on.
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
from services.province.ca.enrolment import Enrolment, Refusal

log = logging.getLogger("diemcau.province.enrolment")

STATUS = {EnrolState.APPROVED: 200, EnrolState.PENDING: 202, EnrolState.REFUSED: 403}
BODY_S = 20.0


def enrolment_routes(enrolment: Enrolment, now: Callable[[], float]) -> list[Route]:
    """``POST /enrol`` and ``POST /renew``. One request at a time touches the ledger."""
    lock = asyncio.Lock()

    async def answer(request: Request, judge: Callable[[bytes], EnrolAnswer]) -> Response:
        try:
            body = await _body(request)
            async with lock:
                said = await asyncio.to_thread(judge, body)
        except WireError as error:
            said = EnrolAnswer(EnrolState.REFUSED, detail=f"{Refusal.BAD_REQUEST}: {error}"[:400])
            return Response(said.payload, 400, media_type="application/json")
        if said.state is EnrolState.REFUSED:
            log.warning("far → %s refused: %s", request.url.path, said.detail)
        return Response(said.payload, STATUS[said.state], media_type="application/json")

    async def enrol(request: Request) -> Response:
        return await answer(request, lambda body: enrolment.ask(EnrolRequest.parse(body), now()))

    async def renew(request: Request) -> Response:
        return await answer(request, lambda body: enrolment.renew(RenewRequest.parse(body), now()))

    return [Route(ENROL, enrol, methods=["POST"]), Route(RENEW, renew, methods=["POST"])]


async def _body(request: Request) -> bytes:
    """At most as much as is read anyway; raises `WireError`."""
    body = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                body += part
                if len(body) > MAX_PAYLOAD_BYTES:
                    raise WireError(f"more than {MAX_PAYLOAD_BYTES} bytes")
    except TimeoutError as error:
        raise WireError(f"the body did not come within {BODY_S:g} s") from error
    return body
