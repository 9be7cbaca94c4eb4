"""Devices that ask for certificates, and a province in this process that can issue them."""

from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from appliance.wire.enrolment import ENROL, EnrolAnswer, EnrolRequest
from services.health.credentials import request
from services.province.ca.authority import Authority
from services.province.ca.enrolment import Enrolment
from services.province.ca.hour_signer import HourSigner
from services.province.ca.ledger import EntryState, FolderLedger
from services.province.ca.renewal import keep_identity
from services.province.console.app import application
from services.province.settings import Settings
from services.province.storage.database import Database
from tests.province.in_process import House

SETTINGS = Settings(url="http://testserver", broker="mqtts://tinh.example:8883")


class ProvinceWithDevices(House):
    """A province with a broker's authority, which signs hours, too."""

    def __init__(self, database: Database, folder: Path, settings: Settings = SETTINGS) -> None:
        super().__init__(database, settings=settings)
        self.authority = authority = Authority.make(self.now)
        self.enrolment = Enrolment(authority, FolderLedger(folder))
        file = folder / "hour.pem"
        keep_identity(file, authority, lambda key: authority.hour(key, self.now), self.now)
        self.province = replace(self.province, enrolment=self.enrolment, hours=HourSigner(file))
        self.app = application(self.province)

    def approved(self) -> set[str]:
        """The sites with a certificate that counts."""
        return {entry.site for entry in self.enrolment.of(EntryState.APPROVED)}

    def asks(self, device: EnrolRequest) -> EnrolAnswer:
        """The answer to a device."""
        return EnrolAnswer.parse(self.stranger().post(ENROL, content=device.payload).content)


def device(site: str = "ia-kly", serial: str = "100000001") -> EnrolRequest:
    """The request of a device with a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    return EnrolRequest(site, request(key, site, serial).decode(), serial, "Raspberry Pi 4")
