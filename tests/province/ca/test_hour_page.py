"""The signed hour at the web server: bounded for each stranger, and no feed fails for it."""

from pathlib import Path

from appliance.wire.hour import HOUR, HOUR_HEADER, NONCE_HEADER
from services.province.console.pages.hour import ALL, EACH, HourBounds
from services.province.storage.database import Database
from tests.province.console.devices import ProvinceWithDevices
from tests.province.in_process import House

NONCE = "ab" * 16


def test_one_address_has_its_share_and_the_others_theirs(
    database: Database, tmp_path: Path
) -> None:
    house = ProvinceWithDevices(database, tmp_path)
    client = house.stranger()
    answers = [client.get(HOUR, params={"nonce": NONCE}) for _ in range(int(EACH.burst) + 60)]
    codes = [answer.status_code for answer in answers]
    assert codes[: int(EACH.burst)] == [200] * int(EACH.burst)
    assert codes[-1] == 429
    assert answers[-1].headers["Retry-After"] == "10"
    bounds = HourBounds()
    taken = sum(bounds.allow(f"10.0.{n // 250}.{n % 250}", 0.0) for n in range(3000))
    assert taken == ALL.burst


def test_without_its_key_the_program_says_so_and_goes_on(
    database: Database, tmp_path: Path
) -> None:
    house = ProvinceWithDevices(database, tmp_path)
    house.communes("ia-kly")
    (tmp_path / "hour.pem").write_bytes(b"torn")
    assert house.stranger().get(HOUR, params={"nonce": NONCE}).status_code == 503
    feed = f"/feeds/{house.token('ia-kly')}/ia-kly.ics"
    answer = house.stranger().get(feed, headers={NONCE_HEADER: NONCE})
    assert answer.status_code == 200
    assert HOUR_HEADER not in answer.headers


def test_a_copy_without_the_authority_signs_nothing(database: Database) -> None:
    assert House(database).stranger().get(HOUR, params={"nonce": NONCE}).status_code == 404
