"""All checks of a box, by name, in the order in which they are made."""

from pathlib import Path

from services.health.check_api import Check
from services.health.checks.address import address
from services.health.checks.agenda import agenda
from services.health.checks.board import board
from services.health.checks.boot_partition import boot_partition
from services.health.checks.button import button
from services.health.checks.camera import camera
from services.health.checks.canary import Canary
from services.health.checks.certificate import certificate
from services.health.checks.clock import clock
from services.health.checks.disk import disk
from services.health.checks.endpoint import endpoint
from services.health.checks.filesystem import filesystem
from services.health.checks.line import line
from services.health.checks.link import Cable
from services.health.checks.memory import memory
from services.health.checks.microphone import microphone
from services.health.checks.reboot import Reboot
from services.health.checks.release import running
from services.health.checks.rescue import rescue
from services.health.checks.restarts import restarts
from services.health.checks.selftest import selftest
from services.health.checks.settings import network_settings
from services.health.checks.temperature import temperature
from services.health.checks.throttling import throttling
from services.health.checks.tv import tv
from services.health.checks.units import Units
from services.health.checks.voltage import Voltage
from services.health.checks.wear import wear


class Checklist:
    """The checks, and the two that hear more than their turn: `voltage` and `reboot`."""

    def __init__(self, root: Path, data: Path) -> None:
        self.voltage = Voltage()
        self.reboot = Reboot(data / "last-end.json", root)
        self.checks: dict[str, Check] = {
            "endpoint": endpoint,
            "board": board,
            "clock": clock,
            "link": Cable(),
            "line": line,
            "address": address,
            "network-settings": network_settings,
            "agenda": agenda,
            "camera": camera,
            "microphone": microphone,
            "tv": tv,
            "button": button,
            "selftest": selftest,
            "temperature": temperature,
            "voltage": self.voltage,
            "throttling": throttling,
            "memory": memory,
            "disk": disk,
            "wear": wear,
            "filesystem": filesystem,
            "canary": Canary(),
            "units": Units(),
            "restarts": restarts,
            "reboot": self.reboot,
            "rescue": rescue,
            "certificate": certificate,
            "release": running,
            "boot-partition": boot_partition,
        }
