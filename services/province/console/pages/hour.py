"""The province's hour, signed, for a box that no time server answers."""

import logging
import time

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from appliance.wire.hour import HOUR, NONCE_FORM, is_nonce
from services.province.bounds import Buckets, Rate, origin
from services.province.console.openapi import MACHINE, file_response, parameters
from services.province.console.request import Province

router = APIRouter()
log = logging.getLogger("diemcau.province.hour")

EACH = Rate(per_s=20.0, burst=300.0)
"""Of one address, behind which a whole district may be: each of its boxes once after a power cut,
then each half-minute at the most."""
ALL = Rate(per_s=200.0, burst=2000.0)
"""Of everybody: a signature is 0.1 ms of a processor, so this is a fiftieth of one."""


class HourBounds:
    """What is answered to whom; kept in memory, a copy of the program each."""

    def __init__(self) -> None:
        self._each, self._all = Buckets(EACH), Buckets(ALL)

    def allow(self, address: str, now: float) -> bool:
        """Whether `address` is answered at `now` (s, monotonic)."""
        return self._each.take(origin(address), now) and self._all.take("", now)


@router.get(
    HOUR,
    response_class=Response,
    openapi_extra=parameters(nonce={"type": "string", "pattern": f"^{NONCE_FORM}$"}),
    responses={**MACHINE, **file_response("application/json", "The signed hour")},
)
async def hour(request: Request, nonce: str = "") -> Response:
    """The nonce and the hour at which it came, signed. It is signed at once and in this loop: what
    waits for a thread would make the box less sure of its hour."""
    province: Province = request.app.state.province
    bounds: HourBounds = request.app.state.hour_bounds
    if province.hours is None:
        return PlainTextResponse("this copy of the program has no authority", 404)
    if not is_nonce(nonce):
        return PlainTextResponse("a nonce is 32 small hexadecimal digits", 400)
    address = request.client.host if request.client is not None else ""
    if not bounds.allow(address, time.monotonic()):
        return PlainTextResponse("too many at once", 429, {"Retry-After": "10"})
    try:
        signed = province.hours.sign(nonce, province.now())
    except OSError as error:
        log.error("the hour is not signed: %s", error)  # noqa: TRY400
        return PlainTextResponse("try again later", 503, {"Retry-After": "60"})
    headers = {"Cache-Control": "no-store"}
    return Response(signed.payload, media_type="application/json", headers=headers)
