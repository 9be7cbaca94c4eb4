"""The program against its own OpenAPI schema: what it allows and forbids, sent by every role.

Whatever comes, no answer is a server error, and each is one that the schema names.
"""

from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as settled
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.province.accounts import Role
from services.province.settings import Settings
from services.province.sites.groups import create
from services.province.storage.database import Database
from tests.province.console.devices import ProvinceWithDevices, device
from tests.province.in_process import NOON, House, draft

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TOKEN = "token-of-prometheus"
EXAMPLES = {"sqlite": 2, "postgresql": 1}
"""For each address, and as many again of what the schema forbids; each sent by everybody."""
KNOWN: dict[str, Any] = {
    "site_id": "ia-kly", "meeting_id": 1, "group_id": 1, "account_id": 1,
    "instance": int(NOON + 3600.0), "proof": "k" * 16,
}  # fmt: skip
"""Path parameters of what there is."""


class Crowd:
    """A stranger and somebody of each role, each with a browser."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.person("somebody", Role.VIEWER)  # the account that administrators may spoil
        self.people = [house.person(f"the {role}", role) for role in Role]
        self._browsers = [
            (house.stranger(), ""),
            *((one.client, one.csrf()) for one in self.people),
        ]

    def send(self, case: Any, *, there: bool) -> None:
        """One request of everybody, with the token that a form would have."""
        if there:
            known = KNOWN | {"token": self.house.token("ia-kly")}
            case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
        for browser, csrf in self._browsers:
            if isinstance(case.body, dict) and "csrf" in case.body:
                case.body["csrf"] = csrf
            words = case.as_transport_kwargs(base_url="http://testserver")
            request = requests.Request(**words).prepare()
            headers = {**request.headers, "Authorization": f"Bearer {TOKEN}"}
            answer = browser.request(
                request.method or "", request.url or "", headers=headers, content=request.body
            )
            case.validate_response(answer, checks=CHECKS)

    def here(self) -> bool:
        """Whether everybody is still logged in."""
        return all(one.get("/account").status_code == 200 for one in self.people)


@pytest.fixture
def crowd(database: Database, tmp_path: Path) -> Crowd:
    """Two communes, a group, a series of meetings, and a device that waits."""
    settings = Settings(
        url="http://testserver", broker="mqtts://tinh.example:8883", metrics_token=TOKEN,
        calendar_hosts=("localhost",),
    )  # fmt: skip
    house = ProvinceWithDevices(database, tmp_path, settings)
    house.communes("ia-kly", "ia-o")
    house.asks(device())
    house.meeting(draft({house.place("Gia Lai")}, rule="FREQ=DAILY"))
    with database.writing() as session:
        create(session, "Các xã biên giới", {"ia-kly", "ia-o"})
    return Crowd(house)


@pytest.mark.timeout(300)
def test_every_answer_is_one_that_the_schema_names(crowd: Crowd) -> None:
    schema = schemathesis.openapi.from_dict(crowd.house.app.openapi())
    schema.validate()
    addresses = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation: Any = found.ok()
        if operation.path != "/logout":  # whoever logs out cannot go on
            fuzz(crowd, operation)
            addresses += 1
    assert addresses > 50
    assert crowd.here()


def fuzz(crowd: Crowd, operation: Any) -> None:
    """What an address allows and what it forbids, the same at each run."""
    # What is any text cannot be wrong.
    bound = operation.body or any(
        {**one.definition["schema"], "title": ""} != {"type": "string", "title": ""}
        for one in operation.iter_parameters()
    )
    wrongly = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settled(
        max_examples=EXAMPLES[crowd.house.database.url.get_backend_name()],
         derandomize=True, database=None, deadline=None,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        allowed=operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        forbidden=wrongly if bound else st.none(),
        there=st.booleans(),
    )
    def some(allowed: Any, forbidden: Any, there: bool) -> None:
        crowd.send(allowed, there=there)
        if forbidden is not None:
            crowd.send(forbidden, there=not there)

    some()
