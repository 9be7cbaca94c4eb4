"""The signed hour at the web server: bounded for each stranger, and no feed fails for it."""

import time
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
    assert client.get(HOUR, params={"nonce": NONCE}).status_code == 200
    # In an hour that is not yet, so that a slow machine fills nothing before the next question.
    while house.app.state.hour_bounds.allow("testclient", time.monotonic() + 3600.0):
        pass
    refused = client.get(HOUR, params={"nonce": NONCE})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    bounds = HourBounds()
    assert sum(bounds.allow("10.0.0.1", 0.0) for _ in range(3000)) == EACH.burst
    bounds = HourBounds()
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
