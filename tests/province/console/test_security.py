"""OWASP's basics: forgery, fixation, throttling, injection, headers, large bodies."""

from sqlalchemy import select

from services.province.accounts import MAX_IDLE_S, MAX_TRIES, WINDOW_S, Role
from services.province.console.security import MAX_BODY_BYTES
from services.province.settings import Settings
from services.province.storage.database import Database
from services.province.storage.tables import WrongPassword
from tests.province.in_process import INJECTIONS, PASSWORD, House, draft


def test_every_answer_fences_the_browser_in(house: House) -> None:
    house.communes("ia-kly")
    lan = house.person("lan", Role.VIEWER)
    for path in ("/", "/login", "/static/console.css", "/nothing", "/sites/nobody"):
        headers = lan.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


def test_no_page_names_another_host_or_runs_anything_inline(house: House) -> None:
    house.communes("ia-kly")
    house.meeting(draft({house.place("Gia Lai")}, address=""))
    admin = house.person("admin", Role.ADMINISTRATOR)
    for path in ("/", "/sites", "/sites/ia-kly", "/meetings", "/meetings/1", "/meetings/new",
                 "/accounts", "/audit", "/static/console.css", "/static/live.js"):  # fmt: skip
        page = admin.get(path).text
        own = page.replace("http://testserver", "")
        assert "http://" not in own, path
        assert "https://" not in own, path
        for inline in ("style=", "onclick", "onload", "javascript:", "<style"):
            assert inline not in page, (path, inline)


def test_a_change_wants_the_token_of_its_own_session(house: House) -> None:
    lan, hoa = house.person("lan", Role.OPERATOR), house.person("hoa", Role.OPERATOR)
    fields = {"name": "Xã A", "id": "xa-a", "place": "Gia Lai"}
    for token in ({}, {"csrf": ""}, {"csrf": "x"}, {"csrf": hoa.csrf()}):
        assert lan.client.post("/sites", data={**fields, **token}).status_code == 403
    assert lan.post("/sites", **fields).status_code == 303


ELSEWHERE = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Origin": "http://[::1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://testserver.evil.example"},
)


def test_a_form_from_elsewhere_is_refused_even_at_the_door(house: House) -> None:
    lan = house.person("lan", Role.OPERATOR)
    fields = {"csrf": lan.csrf(), "name": "Xã A", "id": "xa-a", "place": "Gia Lai"}
    door = {"name": "lan", "password": PASSWORD}
    for headers in ELSEWHERE:
        assert lan.client.post("/sites", data=fields, headers=headers).status_code == 403
        assert house.stranger().post("/login", data=door, headers=headers).status_code == 403


def test_a_session_is_new_at_each_log_in_and_dies_at_log_out(house: House) -> None:
    lan = house.person("lan", Role.VIEWER)
    before = lan.client.cookies["diemcau"]
    lan.log_in()
    after = lan.client.cookies["diemcau"]
    assert before != after
    stranger = house.stranger()
    stranger.cookies.set("diemcau", before, domain="testserver.local")
    assert stranger.get("/").status_code == 303
    # One that somebody planted before the log-in is not taken over.
    stranger.cookies.clear()
    stranger.cookies.set("diemcau", "planted", domain="testserver.local")
    stranger.post("/login", data={"name": "lan", "password": PASSWORD})
    assert stranger.cookies["diemcau"] != "planted"

    lan.client.cookies.set("diemcau", after, domain="testserver.local")
    assert lan.post("/logout").status_code == 303
    lan.client.cookies.set("diemcau", after, domain="testserver.local")
    assert lan.get("/").status_code == 303


def test_a_session_ends_when_it_is_idle(house: House) -> None:
    lan = house.person("lan", Role.VIEWER)
    for _ in range(3):
        house.now += MAX_IDLE_S - 1.0
        assert lan.get("/").status_code == 200
    house.now += MAX_IDLE_S + 1.0
    assert lan.get("/").status_code == 303


def test_the_cookie_is_bound_to_this_host_and_to_tls(database: Database) -> None:
    house = House(database, settings=Settings(url="https://hop.gialai.example"))
    house.person("lan", Role.VIEWER)
    answer = house.stranger().post("/login", data={"name": "lan", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-diemcau=")
    for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert "max-age" in answer.headers["strict-transport-security"]


def test_wrong_passwords_close_the_door_for_a_while(house: House) -> None:
    house.person("lan", Role.VIEWER)
    stranger = house.stranger()
    for _ in range(MAX_TRIES["pair"]):
        answer = stranger.post("/login", data={"name": "lan", "password": "wrong one here"})
        assert answer.status_code == 401
    right = {"name": "lan", "password": PASSWORD}
    closed = stranger.post("/login", data=right)
    assert closed.status_code == 429
    assert int(closed.headers["retry-after"]) > 0
    assert "Thử lại sau 15 phút" in closed.text or "Thử lại sau 16 phút" in closed.text
    house.now += WINDOW_S + 1.0
    assert stranger.post("/login", data=right).status_code == 303


def test_many_names_from_one_address_are_slowed_down_too(house: House) -> None:
    stranger = house.stranger()
    door = {"name": "n0", "password": "wrong one here"}
    assert stranger.post("/login", data=door).status_code == 401
    with house.database.writing() as session:
        (key,) = session.scalars(
            select(WrongPassword.key).where(WrongPassword.key.startswith("from:"))
        )
        session.add_all(WrongPassword(key=key, at=house.now) for _ in range(MAX_TRIES["from"] - 2))
    for name, status in (("n1", 401), ("n2", 429), ("n3", 429)):
        assert stranger.post("/login", data={**door, "name": name}).status_code == status


def test_injections_are_only_text(house: House) -> None:
    house.communes("ia-kly")
    house.meeting(draft({house.place("Gia Lai")}))
    admin = house.person("admin", Role.ADMINISTRATOR)
    for number, text in enumerate(INJECTIONS):
        door = {"name": f"{text}{number}", "password": text, "next": text}
        assert house.stranger().post("/login", data=door).status_code == 401
        for path in (f"/sites/{text}", f"/meetings/{text}", f"/feeds/{text}/ia-kly.ics"):
            assert admin.client.get(path.replace("\x00", "%00")).status_code in (400, 404)
        assert admin.client.get("/audit", params={"before": text}).status_code == 200
        admin.post("/meetings/new", title=text, begin=text, minutes=text, sites=text, place=text)
        admin.post("/sites", id=text, name=text, place=text)
    for path in ("/", "/sites", "/meetings", "/accounts", "/audit"):
        assert admin.get(path).status_code == 200
        assert ">49<" not in admin.get(path).text


def test_the_door_leads_to_our_own_pages_only(house: House) -> None:
    house.person("lan", Role.VIEWER)
    for wanted in (
        "https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)",
    ):  # fmt: skip
        door = {"name": "lan", "password": PASSWORD, "next": wanted}
        assert house.stranger().post("/login", data=door).headers["location"] == "/"


def test_static_files_lead_nowhere_else(house: House) -> None:
    stranger = house.stranger()
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert stranger.get(path).status_code == 404


def test_a_body_that_is_too_large_is_not_read(house: House) -> None:
    lan = house.person("lan", Role.OPERATOR)
    large = b"x" * (MAX_BODY_BYTES + 1)
    assert lan.client.post("/sites", content=large).status_code == 413

    def drip() -> "object":
        for _ in range(MAX_BODY_BYTES // 65536 + 2):
            yield b"csrf=" + b"x" * 65536

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = lan.client.post("/sites", content=drip(), headers=form)
    assert answer.status_code in (400, 413)
