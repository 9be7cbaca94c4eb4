"""Says how the headings of a sheet were understood, and which rows were passed over."""

from appliance.base.texts import text
from appliance.core.message import N_
from services.province.importing.imported import Imported
from services.province.importing.table import Sheet

_TAKEN = {
    "title": N_("title"),
    "day": N_("day"),
    "begin": N_("begin"),
    "end": N_("end"),
    "minutes": N_("minutes"),
    "doors": N_("minutes early"),
    "address": N_("address"),
    "chair": N_("chair"),
    "guests": N_("guests"),
    "conference_id": N_("ID of the conference"),
    "conference_pin": N_("PIN of the conference"),
    "sip_user": N_("user at the conference system"),
    "sip_password": N_("password at the conference system"),
    "extension": N_("number of the site"),
    "contact": N_("contact person"),
    "telephone": N_("telephone"),
    "name": N_("name"),
    "id": N_("id"),
    "place": N_("place"),
    "province": N_("province"),
    "district": N_("district"),
    "commune": N_("commune"),
    "group": N_("hamlet"),
}


def tell_columns(done: Imported, sheet: Sheet) -> None:
    """Name each column that was not read, each that was taken for another word, and the rows behind
    the list."""
    for heading, ours in sheet.columns:
        if ours:
            taken = N_("This column was taken for: {what}.")
            done.tell(heading[:60], taken, {"what": text("vi")(_TAKEN[ours])})
        else:
            done.tell(heading[:60], N_("This column was not read."), {})
    for number in sheet.passed_over:
        done.tell("", N_("This row was not read: it stands behind the list."), {}, number)
