"""Devices: who asks to be let in, who is in, and taking a certificate back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from appliance.core.message import N_
from appliance.wire.enrolment import plain_claim
from services.province.accounts import Role
from services.province.ca.enrolment import Enrolment, EnrolmentError, Refusal
from services.province.ca.ledger import EntryState
from services.province.console.openapi import SITE_ID, TEXT, TICK, asks, sent
from services.province.console.request import ConsoleRequest, needs, to
from services.province.errors import NotFoundError, WrongInputError
from services.province.sites.tree import Tree, get_site

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]
WHY = {
    Refusal.WRONG_CLAIM: N_("No device waits with this code. Let the commune read it again."),
    Refusal.SITE_TAKEN: N_("This site has a device already. Tick “in its place” to replace it."),
}


@router.get("/devices", openapi_extra=asks(claim=TEXT))
def listed(asked: Viewer) -> Response:
    """Who waits with which code, and who has a certificate; ``?claim=`` is on the TV's QR code."""
    return _devices(asked)


@router.post("/devices/approve", openapi_extra=sent(claim=TEXT, site=SITE_ID, instead=TICK))
def approve(asked: Operator) -> Response:
    """The TV shows this code: let it in."""
    enrolment = _enrolment(asked)
    try:
        with asked.database.writing() as session:
            site = get_site(session, asked.field("site"))
            try:
                enrolment.approve(
                    asked.field("claim"),
                    asked.now,
                    by=asked.who.name,
                    site=site.id,
                    instead=asked.field("instead") == "yes",
                )
            except EnrolmentError as error:
                raise WrongInputError(WHY.get(error.reason, WHY[Refusal.WRONG_CLAIM])) from error
            asked.note(session, "device approved", site.id, claim=asked.field("claim"))
    except (WrongInputError, NotFoundError) as error:
        return _devices(asked, error)
    return to("/devices")


@router.post("/devices/decline", openapi_extra=sent(claim=TEXT))
def decline(asked: Operator) -> Response:
    """None of ours."""
    try:
        with asked.database.writing() as session:
            asked.note(session, "device declined", "", claim=asked.field("claim"))
            _enrolment(asked).decline(asked.field("claim"), asked.now, by=asked.who.name)
    except EnrolmentError as error:
        return _devices(asked, WrongInputError(WHY.get(error.reason, WHY[Refusal.WRONG_CLAIM])))
    return to("/devices")


@router.post("/devices/revoke", openapi_extra=sent(site=SITE_ID))
def revoke(asked: Operator) -> Response:
    """A device was lost, sold or copied: its certificate counts no more."""
    with asked.database.writing() as session:
        site = get_site(session, asked.field("site"))
        asked.note(session, "device revoked", site.id)
        _enrolment(asked).revoke(site.id, asked.now, by=asked.who.name)
    return to("/devices")


def _devices(
    asked: ConsoleRequest, wrong: WrongInputError | NotFoundError | None = None
) -> Response:
    enrolment = _enrolment(asked)
    with asked.database.reading() as session:
        tree = Tree.load(session)
    claim = plain_claim(asked.request.query_params.get("claim", "")[:20])
    pending = enrolment.pending(asked.now)
    return asked.page(
        "devices.html",
        status=200 if wrong is None else 400,
        pending=sorted(pending, key=lambda entry: entry.claim != claim),
        claim=claim.strip("-"),
        known=any(entry.claim == claim for entry in pending),
        let_in=sorted(enrolment.of(EntryState.APPROVED), key=lambda entry: entry.site),
        sites=sorted(tree.sites.values(), key=lambda site: site.name),
        wrong=wrong,
    )


def _enrolment(asked: ConsoleRequest) -> Enrolment:
    if asked.province.enrolment is None:
        raise NotFoundError(N_("This copy of the program has no broker and lets no device in."))
    return asked.province.enrolment
