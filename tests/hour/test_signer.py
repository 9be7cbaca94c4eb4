"""The key that signs hours: renewed with the others, and made anew where a back-up is restored."""

import shutil
import time
from pathlib import Path

from cryptography import x509

from services.hour.hour_policy import RoundTrip, judge
from services.province.broker.configuration import BrokerFiles
from services.province.ca.authority import HOUR_DAYS, Authority
from services.province.ca.hour_signer import HourSigner
from tests.hour.signed import NONCE

DAY = 86_400.0
NOW = time.time()
TRIP = RoundTrip(NONCE, 0.0, 1.0)


def believed(signer: HourSigner, authority: Authority, at: float) -> float:
    return judge(signer.sign(NONCE, at), TRIP, [authority.certificate], 0.0).at - 0.5


def number(file: Path) -> int:
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number


def test_it_is_renewed_with_its_key_long_before_its_end_and_taken_up(tmp_path: Path) -> None:
    authority, files = Authority.make(NOW), BrokerFiles(tmp_path)
    files.write(authority, ["tinh.example"], NOW)
    signer, first = HourSigner(files.hour), number(files.hour)
    assert round(believed(signer, authority, NOW) - NOW, 2) == 0.0
    for days in (1.0, HOUR_DAYS / 2 + 2.0, 1.5 * HOUR_DAYS):
        at = NOW + days * DAY
        assert files.write(authority, ["tinh.example"], at).fresh(at)
        assert round(believed(signer, authority, at) - at, 2) == 0.0
    assert number(files.hour) != first


def test_of_a_back_up_the_authority_alone_is_enough(tmp_path: Path) -> None:
    """The key of the hour is in none: the next start makes another, which every box believes."""
    authority = Authority.make(NOW)
    lost, again = BrokerFiles(tmp_path / "lost"), BrokerFiles(tmp_path / "again")
    for files in (lost, again):
        files.folder.mkdir()
        files.write(authority, ["tinh.example"], NOW)
    assert number(lost.hour) != number(again.hour)
    shutil.rmtree(lost.folder)
    assert round(believed(HourSigner(again.hour), authority, NOW) - NOW, 2) == 0.0
