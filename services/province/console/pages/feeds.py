"""The iCalendar feed of each site, at an address that only this site knows."""

import hashlib
import hmac
import logging

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from appliance.wire.hour import HOUR_HEADER, NONCE_HEADER, is_nonce
from services.province.console.openapi import MACHINE, TEXT, file_response, parameters
from services.province.console.request import Province
from services.province.schedule.feeds import site_feed
from services.province.storage.tables import Site

router = APIRouter()
log = logging.getLogger("diemcau.province.feeds")
KIND = "text/calendar; charset=utf-8"


@router.get(
    "/feeds/{token}/{site_id}.ics",
    response_class=Response,
    openapi_extra=parameters("header", If_None_Match=TEXT, Diemcau_Nonce=TEXT),
    responses={
        **MACHINE,
        **file_response("text/calendar", "The agenda (RFC 5545), with an ETag"),
        304: {"description": "If-None-Match names the version that there is"},
    },
)
def feed(request: Request, token: str, site_id: str) -> Response:
    """The feed, or 304 where the site has it already (RFC 9110 section 13.1.2).

    An unknown site and a wrong token give the same answer. Whoever sends a nonce gets the signed
    hour beside the feed (`appliance.wire.hour`).
    """
    province: Province = request.app.state.province
    with province.database.reading() as session:
        site = session.get(Site, site_id)
        known = site.feed_token if site is not None else ""
        right = hmac.compare_digest(known.encode(), token.encode())
        if site is None or not right:
            return PlainTextResponse("no such feed", 404)
        body = site_feed(session, site, province.now())
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    headers |= _signed_hour(province, request.headers.get(NONCE_HEADER, ""))
    if _matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=KIND, headers=headers)


def _signed_hour(province: Province, nonce: str) -> dict[str, str]:
    if province.hours is None or not is_nonce(nonce):
        return {}
    try:
        return {HOUR_HEADER: province.hours.sign(nonce, province.now()).header}
    except OSError as error:
        log.error("the hour is not signed: %s", error)  # noqa: TRY400
        return {}


def _matches(header: str, tag: str) -> bool:
    # Weak comparison (RFC 9110 section 13.1.2): a proxy that compresses makes a tag weak.
    tags = {one.strip().removeprefix("W/") for one in header.split(",")}
    return tag in tags or "*" in tags
