"""Devices: pending requests, issued certificates, approving and revoking."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from appliance.core.message import N_
from appliance.wire.enrolment import plain_claim
from services.province.accounts import Role
from services.province.ca.enrolment import Enrolment, EnrolmentError, Refusal
from services.province.ca.ledger import EntryState
from services.province.console.openapi import SITE_ID, TEXT, TICK, page_form, parameters
from services.province.console.request import ConsoleRequest, needs, redirect
from services.province.errors import NotFoundError, WrongInputError
from services.province.sites.tree import Tree, get_site, renew_feed

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]
REFUSALS = {
    Refusal.WRONG_CLAIM: N_("No device waits with this code. Let the commune read it again."),
    Refusal.SITE_TAKEN: N_("This site has a device already. Tick “in its place” to replace it."),
}


@router.get("/devices", openapi_extra=parameters(claim=TEXT, revoked=SITE_ID))
def listed(request: Viewer) -> Response:
    """Pending requests and issued certificates; the TV's QR code leads here with ``?claim=``."""
    return _devices(request)


@router.post("/devices/approve", openapi_extra=page_form(claim=TEXT, site=SITE_ID, instead=TICK))
def approve(request: Operator) -> Response:
    """Approve the device whose TV shows this code."""
    enrolment = _enrolment(request)
    try:
        with request.database.writing() as session:
            site = get_site(session, request.field("site"))
            try:
                enrolment.approve(
                    request.field("claim"),
                    request.now,
                    by=request.who.name,
                    site=site.id,
                    instead=request.field("instead") == "yes",
                )
            except EnrolmentError as error:
                raise WrongInputError(
                    REFUSALS.get(error.reason, REFUSALS[Refusal.WRONG_CLAIM])
                ) from error
            request.note(session, "device approved", site.id, claim=request.field("claim"))
    except (WrongInputError, NotFoundError) as error:
        return _devices(request, error)
    return redirect("/devices")


@router.post("/devices/decline", openapi_extra=page_form(claim=TEXT))
def decline(request: Operator) -> Response:
    """Refuse a device."""
    try:
        with request.database.writing() as session:
            request.note(session, "device declined", "", claim=request.field("claim"))
            _enrolment(request).decline(request.field("claim"), request.now, by=request.who.name)
    except EnrolmentError as error:
        return _devices(
            request, WrongInputError(REFUSALS.get(error.reason, REFUSALS[Refusal.WRONG_CLAIM]))
        )
    return redirect("/devices")


@router.post("/devices/revoke", openapi_extra=page_form(site=SITE_ID))
def revoke(request: Operator) -> Response:
    """Revoke the certificate of a device that was lost, sold or copied.

    The address of the agenda, which stands on its card, is another from then on.
    """
    with request.database.writing() as session:
        site = get_site(session, request.field("site"))
        request.note(session, "device revoked", site.id)
        renew_feed(site)
        _enrolment(request).revoke(site.id, request.now, by=request.who.name)
    return redirect(f"/devices?revoked={site.id}")


def _devices(
    request: ConsoleRequest, wrong: WrongInputError | NotFoundError | None = None
) -> Response:
    enrolment = _enrolment(request)
    with request.database.reading() as session:
        tree = Tree.load(session)
    claim = plain_claim(request.http.query_params.get("claim", "")[:20])
    revoked = tree.sites.get(request.http.query_params.get("revoked", ""))
    pending = enrolment.pending(request.now)
    return request.page(
        "devices.html",
        revoked=revoked,
        status=200 if wrong is None else 400,
        pending=sorted(pending, key=lambda entry: entry.claim != claim),
        claim=claim.strip("-"),
        known=any(entry.claim == claim for entry in pending),
        let_in=sorted(enrolment.of(EntryState.APPROVED), key=lambda entry: entry.site),
        sites=sorted(tree.sites.values(), key=lambda site: site.name),
        wrong=wrong,
    )


def _refusal(error: EnrolmentError) -> WrongInputError:
    return WrongInputError(REFUSALS.get(error.reason, REFUSALS[Refusal.WRONG_CLAIM]))


def _enrolment(request: ConsoleRequest) -> Enrolment:
    if request.province.enrolment is None:
        raise NotFoundError(N_("This copy of the program has no broker and lets no device in."))
    return request.province.enrolment
