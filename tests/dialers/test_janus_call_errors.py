"""What refusals and dead lines are called."""

import socket
import ssl

import pytest

from appliance.dialers.api import EndReason
from appliance.dialers.janus.call_errors import refused, unreachable
from appliance.dialers.janus.session import Refused


@pytest.mark.parametrize(
    ("code", "sentence", "reason"),
    [
        (426, "No such room (5)", EndReason.REFUSED),
        (432, "Maximum number of publishers (1) already reached", EndReason.BUSY),
        (433, "Unauthorized (wrong pin)", EndReason.UNAUTHORISED),
        (429, "Missing mandatory element (pin)", EndReason.UNAUTHORISED),
        (429, "Missing mandatory element (room)", EndReason.REFUSED),
        (403, "Unauthorized request", EndReason.UNAUTHORISED),
        (499, "Unknown", EndReason.REFUSED),
    ],
)
def test_refusals(code: int, sentence: str, reason: EndReason) -> None:
    error = refused(Refused("t1", code, sentence), "5")
    assert error.reason is reason
    assert error.detail


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ssl.SSLCertVerificationError("x"), EndReason.UNTRUSTED),
        (ssl.SSLError("x"), EndReason.UNREACHABLE),
        (TimeoutError(), EndReason.UNREACHABLE),
        (socket.gaierror(-2, "Name or service not known"), EndReason.UNREACHABLE),
        (ConnectionRefusedError(), EndReason.UNREACHABLE),
        (OSError(101, "Network is unreachable"), EndReason.UNREACHABLE),
    ],
)
def test_dead_lines(error: Exception, reason: EndReason) -> None:
    found = unreachable(error, "mcu.example:8989")
    assert found.reason is reason
    assert "mcu.example:8989" in found.detail
