"""The metrics, read by Prometheus' own parser."""

from prometheus_client.parser import text_string_to_metric_families as families

from services.province.broker.ingest import IngestCounts
from services.province.settings import Settings
from services.province.storage.database import Database
from tests.province.in_process import House, draft

BEARER = {"Authorization": "Bearer a token"}


def metrics(house: House) -> dict[tuple[str, ...], float]:
    answer = house.stranger().get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families(answer.text)
        for sample in family.samples
    }


def test_a_dead_site_keeps_no_value_but_its_age(database: Database) -> None:
    house = House(database, settings=Settings("http://testserver", metrics_token="a token"))
    house.communes("ia-kly", "ia-o")
    house.meeting(draft({house.place("Gia Lai")}))
    house.reports("ia-kly", 1, alarms=[{"key": "hot", "severity": 2}])
    house.now += 30.0
    now = metrics(house)
    assert now["diemcau_site_report_age_seconds", "ia-kly"] == 30.0
    assert now["diemcau_site_alarms", "2", "ia-kly"] == 1.0
    assert now["diemcau_sites", "help"] == now["diemcau_sites", "never"] == 1.0
    assert now["diemcau_meetings",] == 0.0
    assert ("diemcau_site_report_age_seconds", "ia-o") not in now

    house.now += 3600.0
    now = metrics(house)
    assert now["diemcau_site_report_age_seconds", "ia-kly"] == 3630.0
    assert ("diemcau_site_alarms", "2", "ia-kly") not in now
    assert now["diemcau_sites", "silent"] == 1.0
    assert now["diemcau_meetings",] == 1.0


def test_the_ingest_counts_what_this_copy_takes_in(database: Database) -> None:
    settings = Settings("http://testserver", metrics_token="a token")
    assert not [
        name for name, *_ in metrics(House(database, settings=settings)) if "ingest" in name
    ]
    counts = IngestCounts(stored=7, refused=1, lost_connections=2, connected=True, newest_at=5.0)
    now = metrics(House(database, settings=settings, ingest_counts=counts))
    assert now["diemcau_ingest_stored_total",] == 7.0
    assert now["diemcau_ingest_refused_total",] == 1.0
    assert now["diemcau_ingest_lost_connections_total",] == 2.0
    assert now["diemcau_ingest_connected",] == 1.0
    assert now["diemcau_ingest_newest_timestamp_seconds",] == 5.0


def test_nobody_else_reads_it(database: Database, house: House) -> None:
    assert house.stranger().get("/metrics", headers=BEARER).status_code == 404
    closed = House(database, settings=Settings("http://testserver", metrics_token="a token"))
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic a token"}):
        assert closed.stranger().get("/metrics", headers=headers).status_code == 401
