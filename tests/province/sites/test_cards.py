"""What a prepared card has: the province's part once, each site's own, and the authorities."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import settings as checks
from hypothesis import strategies as st

from services.card.site_file_on_card import SiteFileOnCard, take_apart, with_authorities
from services.province.errors import WrongInputError
from services.province.settings import Settings
from services.province.sites.card_values import CARD_VALUES, set_card_values
from services.province.sites.site_files import archive, card_files
from services.province.sites.site_settings import (
    SiteSettingsError,
    read_site_settings,
    take_in,
)
from services.province.storage.tables import Site

PEM = trustme.CA().cert_pem.bytes()
TEXT = """\
[sip]
registrar = "sip:mcu.gialai.gov.vn;transport=tls"
register = true
encryption = "required"
entry_queue = "wait 4, {id}#, wait 3, {pin}#"
[help]
telephone = "0269 3 824 808"
link = "https://zalo.me/g/abcdef123"
[network]
proxy = "http://10.1.1.1:3128"
dns = ["10.1.1.1", "10.1.1.2"]
wifi = "UBND"
[clock]
trust = "always"
[secrets]
wifi_password = "bi-mat-wifi"
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "all.toml").write_text(TEXT)
    (tmp_path / "mcu.pem").write_bytes(PEM)
    return tmp_path / "all.toml", tmp_path / "mcu.pem"


def site(**values: str) -> Site:
    made = Site(id="ia-kly", place_id=1, name="Xã Ia Kly", feed_token="t", created_at=1.0)
    for name in CARD_VALUES:
        setattr(made, name, "")
    set_card_values(made, values)
    return made


def on_card(settings: Settings, one: Site) -> SiteFileOnCard:
    """As the box takes it."""
    made = card_files(settings, one)
    known = made.get("ca.pem", b"")
    found = with_authorities(take_apart(made["site.toml"], known), b"")
    assert not found.problems, found.problems
    return found


def test_everything_that_a_box_of_this_province_needs(files: tuple[Path, Path]) -> None:
    sites = read_site_settings(files[0], [files[1]])
    settings = Settings("https://hop.gialai.example", broker="mqtts://hop.gialai.example:8883",
                        sites=sites)  # fmt: skip
    found = on_card(settings, site(sip_user="iakly", sip_password="bí mật", extension="724001"))
    read = found.site
    assert read is not None
    sip = read.sip
    assert (sip.user, sip.extension, sip.register) == ("iakly", "724001", True)
    assert sip.registrar == "sip:mcu.gialai.gov.vn;transport=tls"
    assert sip.password_file == "/data/site/secrets/sip-password"
    assert (sip.encryption, sip.entry_queue) == ("required", "wait 4, {id}#, wait 3, {pin}#")
    assert (read.help.telephone, read.help.link) == (
        "0269 3 824 808",
        "https://zalo.me/g/abcdef123",
    )
    assert (read.network.wifi, read.network.dns) == ("UBND", ("10.1.1.1", "10.1.1.2"))
    assert {read.agenda.ca, read.province.ca, read.call.ca} == {"/data/site/ca.pem"}
    assert found.authorities == PEM
    assert found.secrets == {
        "sip-password": "bí mật".encode(),
        "wifi-password": b"bi-mat-wifi",
    }
    assert "bí mật".encode() not in found.settings


def test_a_public_authority_of_the_page_is_not_looked_for_among_the_province_s(
    tmp_path: Path,
) -> None:
    own = tmp_path / "ca.pem"
    settings = Settings("https://hop.gialai.example", broker="mqtts://h:8883", own_authority=own)
    assert on_card(settings, site()).authorities == b""
    own.write_bytes(PEM)
    read = on_card(settings, site()).site
    assert read is not None
    assert (read.agenda.ca, read.call.ca) == ("", "")
    assert read.province.ca == "/data/site/ca.pem"
    read = on_card(replace(settings, own_certificate=True), site()).site
    assert read is not None
    assert read.agenda.ca == "/data/site/ca.pem"


def test_the_archive_has_a_folder_for_each(files: tuple[Path, Path]) -> None:
    settings = Settings("http://127.0.0.1:1", sites=read_site_settings(None, [files[1]]))
    with zipfile.ZipFile(io.BytesIO(archive(settings, [site()]))) as packed:
        assert packed.namelist() == ["ia-kly/site.toml", "ia-kly/ca.pem"]
        assert packed.read("ia-kly/ca.pem") == PEM


LINE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=60)


@checks(max_examples=60)
@given(LINE.map(str.strip))
def test_any_password_arrives(password: str) -> None:
    settings = Settings("http://127.0.0.1:1")
    found = on_card(settings, site(sip_password=password))
    assert found.secrets.get("sip-password", b"").decode() == password


@pytest.mark.parametrize(
    ("name", "value"),
    [("sip_user", "a@b"), ("extension", "1;2"), ("sip_password", "a\nb"),
     ("sip_password", "x" * 129), ("telephone", "0" * 41)],
)  # fmt: skip
def test_what_cannot_be_on_a_card_is_refused_without_its_value(name: str, value: str) -> None:
    one = site(sip_user="iakly")
    with pytest.raises(WrongInputError) as told:
        set_card_values(one, {"contact": "Rơ Châm", name: value})
    assert value not in str(told.value.values)
    assert (one.contact, one.sip_user) == ("", "iakly")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[sip]\nregistrar = "mcu"\n', "line 2: sip.registrar: has the wrong form"),
        ('[site]\nid = "x"\n', "[site] is each site's own"),
        ("[sip\n", "this line cannot be read"),
        ('[secrets]\nwifi = "bi-mat"\n', "secrets.wifi: unknown key"),
    ],
)
def test_settings_that_every_box_would_refuse_start_no_province(
    tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "all.toml"
    file.write_text(text)
    with pytest.raises(SiteSettingsError) as told:
        read_site_settings(file, [])
    assert words in str(told.value)
    assert "bi-mat" not in str(told.value)


def test_what_was_given_once_is_kept_in_the_data_folder(
    tmp_path: Path, files: tuple[Path, Path]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    assert take_in(data, None, []).sections == {}
    given = take_in(data, files[0], [files[1]])
    assert take_in(data, None, []) == given
    assert given.authorities.strip() == PEM.strip()
    assert (data / "sites/settings.toml").stat().st_mode & 0o777 == 0o600
    files[0].write_text("[sip\n")
    with pytest.raises(SiteSettingsError):
        take_in(data, files[0], [])
    assert take_in(data, None, []) == given
