"""The program's interface as OpenAPI 3.1: what each address takes and how it answers.

It is not served: whoever builds on it calls `application(...).openapi()`, as the tests do, which
send what it allows and what it forbids.
"""

from typing import Any

from appliance.wire.enrolment import ENROL, RENEW, EnrolState
from services.province.accounts import Role

Schema = dict[str, Any]

URLENCODED = "application/x-www-form-urlencoded"
TEXT: Schema = {"type": "string", "maxLength": 200}
SECRET: Schema = {"type": "string", "format": "password", "maxLength": 200}
SITE_ID: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"}
NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
MINUTES: Schema = {"type": "integer", "minimum": 5, "maximum": 1440}
MOMENT: Schema = {
    "type": "string",
    "description": "Day and hour on the wall clock of the province.",
    "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]$",
}
DAY: Schema = {
    "type": "string",
    "pattern": "^(20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]))?$",
}
ROLE: Schema = {"type": "string", "enum": [role.value for role in Role]}
TICK: Schema = {"type": "string", "enum": ["yes", ""]}
FILE: Schema = {"type": "string", "format": "binary"}
SITES: Schema = {"type": "array", "items": SITE_ID, "maxItems": 4000}
GUESTS: dict[str, Schema] = {
    "place": {"type": "array", "items": NUMBER, "maxItems": 4000},
    "group": {"type": "array", "items": NUMBER, "maxItems": 4000},
    "sites": TEXT | {"description": "Ids of single sites, with commas between them."},
}
_PLAIN: Schema = {"text/html": {"schema": {"type": "string"}}, "text/plain": {}}
_BUSY: Schema = {
    "description": "The database is away; Retry-After says how long.",
    "content": _PLAIN,
}

PAGE: dict[int | str, Schema] = {
    303: {"description": "Done, or nobody is logged in: Location says where to go on."},
    "4XX": {"description": "A page that says what is wrong.", "content": _PLAIN},
    503: _BUSY,
}
"""How every page answers beside its 200."""
MACHINE: dict[int | str, Schema] = {
    "4XX": {"description": "One line that says what is wrong.", "content": _PLAIN},
    503: _BUSY,
}
"""How an address that is no page answers beside its 200."""


def file_response(kind: str, description: str = "The file") -> dict[int | str, Schema]:
    """The 200 of an address that gives a file of a media type."""
    return {200: {"description": description, "content": {kind: {}}}}


def parameters(where: str = "query", /, **schemas: Schema) -> Schema:
    """The parameters that an address takes, for ``openapi_extra``; ``_`` is a hyphen."""
    return {
        "parameters": [
            {"name": name.replace("_", "-"), "in": where, "schema": schema}
            for name, schema in schemas.items()
        ]
    }


def form_body(kind: str = URLENCODED, /, **fields: Schema) -> Schema:
    """The form that an address takes, for ``openapi_extra``; one of a session has ``csrf``."""
    names = [name for name in fields if name not in GUESTS]
    schema = {"type": "object", "properties": fields, "required": names}
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


def page_form(**fields: Schema) -> Schema:
    """The form of a page: with the token of the session that it was made for."""
    return form_body(csrf=SECRET, **fields)


def upload_form(**fields: Schema) -> Schema:
    """The form of a page with a file in it."""
    return form_body("multipart/form-data", csrf=SECRET, file=FILE, **fields)


def _enrolment_operation(purpose: str, fields: dict[str, Schema]) -> Schema:
    body = {"type": "object", "properties": fields, "required": ["csr"]}
    json = {"application/json": {"schema": {"$ref": "#/components/schemas/EnrolAnswer"}}}
    return {
        "post": {
            "summary": purpose,
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                "200": {"description": "Let in: the certificate", "content": json},
                "202": {"description": "Waits for a person; ask again", "content": json},
                "400": {"description": "No such request; detail says why", "content": json},
                "403": {"description": "Refused; detail says why", "content": json},
                "413": {"description": "Too large", "content": _PLAIN},
            },
        }
    }


_PEM: Schema = {"type": "string", "maxLength": 8000}
ENROLMENT: Schema = {
    ENROL: _enrolment_operation(
        "A device without a certificate asks for one.",
        {"site": SITE_ID, "csr": _PEM, "serial": TEXT, "model": TEXT},
    ),
    RENEW: _enrolment_operation(
        "A device shows its certificate and signs with its key.",
        {"certificate": _PEM, "csr": _PEM, "signature": TEXT, "serial": TEXT},
    ),
}
"""The two addresses of ``services/province/ca/routes.py``, of which FastAPI knows nothing."""
ENROL_ANSWER: Schema = {
    "type": "object",
    "properties": {
        "state": {"type": "string", "enum": [state.value for state in EnrolState]},
        "certificate": {"type": "string"},
        "detail": {"type": "string", "maxLength": 500},
    },
    "required": ["state", "certificate", "detail"],
}
