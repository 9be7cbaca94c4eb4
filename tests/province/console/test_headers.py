"""What stands in headers is as much somebody's input as a form: hosts, cookies, languages, tags."""

import pytest

from services.province.accounts import MAX_TRIES, Role
from tests.province.in_process import INJECTIONS, PASSWORD, House

NAMES = (
    "Accept", "Accept-Language", "Authorization", "Content-Type", "If-None-Match", "Referer",
    "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-HTTP-Method-Override",
)  # fmt: skip
VALUES = (
    *(text for text in INJECTIONS if text.isprintable()),
    "x" * 4000,
    "../../etc/passwd",
    ",;,;=",
)


@pytest.mark.parametrize("more", [(), ("Cookie",)])
def test_no_header_is_more_than_text(house: House, more: tuple[str, ...]) -> None:
    house.communes("ia-kly")
    lan = house.person("lan", Role.VIEWER)
    feed = f"/feeds/{house.token('ia-kly')}/ia-kly.ics"
    for value in VALUES:
        headers = dict.fromkeys(NAMES + more, value)
        for path, status in (
            ("/", 303 if more else 200), ("/login", 200), (feed, 200), ("/metrics", 404),
        ):  # fmt: skip
            answer = lan.client.get(path, headers=headers)
            assert answer.status_code == status, (path, value)
            assert value not in answer.text, (path, value)
        door = lan.client.post("/login", content=b"name=lan", headers=headers)
        assert door.status_code in (400, 401, 429), value


def test_another_host_in_the_request_leads_nowhere_else(house: House) -> None:
    """A poisoned Host, as a shared proxy would pass it on, is in no link and no redirect."""
    lan = house.person("lan", Role.OPERATOR)
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}):
        for path in ("/", "/labels", "/sites"):
            assert "evil.example" not in lan.client.get(path, headers=headers).text
        door = house.stranger().get("/meetings", headers=headers)
        assert door.headers["location"] == "/login?next=/meetings"
        form = {"name": "lan", "password": PASSWORD}
        assert (
            house.stranger()
            .post("/login", data=form, headers=headers)
            .headers["location"]
            .startswith("/")
        )


def test_a_made_up_address_buys_no_more_tries(house: House) -> None:
    """Without a proxy that the program was told of, X-Forwarded-For is only text."""
    house.person("lan", Role.VIEWER)
    stranger = house.stranger()
    for number in range(MAX_TRIES["pair"]):
        wrong = {"name": "lan", "password": "wrong one here"}
        headers = {"X-Forwarded-For": f"10.0.0.{number}", "X-Real-IP": f"10.0.0.{number}"}
        assert stranger.post("/login", data=wrong, headers=headers).status_code == 401
    right = {"name": "lan", "password": PASSWORD}
    headers = {"X-Forwarded-For": "10.9.9.9"}
    assert stranger.post("/login", data=right, headers=headers).status_code == 429


def test_a_session_of_one_role_opens_nothing_of_another(house: House) -> None:
    """Names of other accounts, sites and groups in the address: what the role may not do, stays."""
    house.communes("ia-kly", "ia-o")
    admin, an = house.person("admin", Role.ADMINISTRATOR), house.person("an", Role.VIEWER)
    operator = house.person("lan", Role.OPERATOR)
    assert operator.post("/groups/new", name="Nhóm", site="ia-o").status_code == 303
    for number in (1, 2, 3):
        for person in (an, operator):
            fields = {"role": "administrator", "password": "taken over 2026"}
            assert person.post(f"/accounts/{number}", **fields).status_code == 403
    for path in ("/groups/1", "/groups/1/delete", "/sites/ia-o/help", "/import/calendar"):
        assert an.post(path, name="x", site="ia-o", take="yes").status_code == 403, path
    for path in ("/sites/ia-o/site.toml", "/site-files.zip", "/labels", "/groups/new"):
        assert an.get(path).status_code == 403, path
    # The token of one site's feed opens that of no other, in any spelling of it.
    token = house.token("ia-kly")
    for path in (
        f"/feeds/{token}/ia-o.ics", f"/feeds/{token}/../{token}/ia-o.ics",
        f"/feeds/{token}/ia-kly%2F..%2Fia-o.ics", f"/feeds/{token}%00/ia-o.ics",
        f"/feeds/{token.upper()}/ia-kly.ics", f"/feeds/{token[:-1]}/ia-kly.ics",
        f"/feeds/{token}/IA-KLY.ics", f"/feeds/{token}é/ia-kly.ics",
    ):  # fmt: skip
        assert house.stranger().get(path).status_code in (400, 404), path
    assert admin.get("/accounts").status_code == 200
