"""``/metrics`` for Prometheus, behind a bearer token (RFC 6750)."""

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from services.province.console.openapi import MACHINE, file_response
from services.province.console.request import Province
from services.province.fleet.metrics import exposition, figures

router = APIRouter()


@router.get(
    "/metrics",
    response_class=Response,
    responses={**MACHINE, **file_response("text/plain", "Prometheus' text format")},
)
def metrics(request: Request) -> Response:
    """The figures as they are now; 404 where no token was set: nothing is open by default."""
    province: Province = request.app.state.province
    wanted = province.settings.metrics_token
    if not wanted:
        return PlainTextResponse("no token for metrics was set", 404)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(given.strip().encode(), wanted.encode())
    if scheme.lower() != "bearer" or not right:
        return PlainTextResponse("a bearer token is needed", 401, {"WWW-Authenticate": "Bearer"})
    with province.database.reading() as session:
        content = exposition(figures(session, province.now()), province.ingest_counts)
    return Response(content, media_type=CONTENT_TYPE_PLAIN_0_0_4)
