"""No download and no reboot that a meeting could notice."""

from dataclasses import replace

import pytest
from hypothesis import given

from appliance.core.maintenance_window import NO_DOWNLOAD_S, NO_REBOOT_S, may_download, may_reboot
from appliance.wire.meeting import Meeting
from tests.core import worlds

NOON = 12 * 3600.0
MINUTE = 60.0
GIAO_BAN = Meeting(
    uid="giao-ban", title="Giao ban", begin=NOON, end=NOON + 60 * MINUTE, address="loopback:1"
)


@pytest.mark.parametrize(
    ("minutes", "download", "reboot"),
    [
        (-121, True, True),
        (-120, True, False),
        (-31, True, False),
        (-30, False, False),
        (0, False, False),
        (59, False, False),
        (60, True, True),
    ],
)
def test_around_a_meeting(minutes: float, download: bool, reboot: bool) -> None:
    now = NOON + minutes * MINUTE
    assert may_download((GIAO_BAN,), now, clock_trusted=True) is download
    assert may_reboot((GIAO_BAN,), now, clock_trusted=True) is reboot


def test_without_a_clock_that_is_trusted_nothing_is_allowed() -> None:
    assert not may_download((), NOON, clock_trusted=False)
    assert not may_reboot((), NOON, clock_trusted=False)


def test_an_entry_that_nobody_can_join_keeps_no_site_from_its_updates() -> None:
    all_day = (replace(GIAO_BAN, address=""),)
    assert may_reboot(all_day, NOON, clock_trusted=True)


@given(worlds.agendas, worlds.times)
def test_what_may_reboot_may_download(meetings: tuple[Meeting, ...], now: float) -> None:
    reboot = may_reboot(meetings, now, clock_trusted=True)
    download = may_download(meetings, now, clock_trusted=True)
    assert download or not reboot
    for meeting in meetings:
        if meeting.address and meeting.begin <= now < meeting.end:
            assert not download
    assert NO_REBOOT_S > NO_DOWNLOAD_S
