"""A site's file says to the appliance's own reader what the province meant, whatever its name."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.base.site_file import SiteFileError, parse_site
from services.province.settings import Settings
from services.province.sites.site_files import archive, feed_url, site_file
from services.province.storage.tables import Site

SECURE = Settings(
    "https://hop.gialai.example",
    hosts=("mcu.gialai.example", "hop2.gialai.example"),
    ca="/etc/diemcau/ca.pem",
    broker="mqtts://hop.gialai.example:8883",
    releases="https://hop.gialai.example/moi.raucb",
)


def site(name: str = "Xã Ia Kly", id_: str = "ia-kly") -> Site:
    return Site(id=id_, place_id=1, name=name, feed_token=f"token-{id_}", created_at=1.0)


def test_all_that_the_province_settled_is_read_back() -> None:
    read = parse_site(site_file(SECURE, site()).encode())
    assert (read.site.id, read.site.name) == ("ia-kly", "Xã Ia Kly")
    assert str(read.site.zone) == "Asia/Ho_Chi_Minh"
    assert read.agenda.url == feed_url(SECURE, site())
    assert read.agenda.url == "https://hop.gialai.example/feeds/token-ia-kly/ia-kly.ics"
    assert read.agenda.hosts == SECURE.hosts
    assert (read.agenda.ca, read.province.ca) == (SECURE.ca, SECURE.ca)
    assert (read.province.broker, read.province.url) == (SECURE.broker, SECURE.url)
    assert read.province.releases == SECURE.releases


def test_a_province_without_broker_and_releases_is_not_named_at_all() -> None:
    text = site_file(Settings("http://127.0.0.1:8443"), site())
    assert "[province]" not in text
    assert "hosts" not in text
    assert "ca =" not in text


def test_the_page_of_a_province_is_told_only_where_it_is_secure() -> None:
    plain = Settings("http://127.0.0.1:8443", broker="mqtts://127.0.0.1:8883")
    assert parse_site(site_file(plain, site()).encode()).province.url == ""


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1).map(
    lambda text: " ".join(text.split())[:60].strip()
)


@settings(max_examples=40)
@given(NAMES.filter(bool))
def test_any_name_of_the_tree_goes_there_and_back(name: str) -> None:
    assert parse_site(site_file(SECURE, site(name)).encode()).site.name == name


def test_a_name_is_a_string_of_toml_and_never_another_line_of_it() -> None:
    name = 'Xã "Ia" \\ [agenda] \x7f'
    with pytest.raises(SiteFileError):
        site_file(SECURE, site(name))  # DEL is no letter of a name: the reader refuses it
    assert parse_site(site_file(SECURE, site(name[:-2])).encode()).site.name == name[:-2]


def test_the_same_sites_make_the_same_archive_with_a_folder_each_for_root_alone() -> None:
    sites = [site(), site("Xã Ia O", "ia-o")]
    packed = archive(SECURE, sites)
    assert packed == archive(SECURE, sites)
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        assert file.namelist() == ["ia-kly/site.toml", "ia-o/site.toml"]
        assert {info.external_attr >> 16 for info in file.infolist()} == {0o600}
        for one in sites:
            assert file.read(f"{one.id}/site.toml").decode() == site_file(SECURE, one)
