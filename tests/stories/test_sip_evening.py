"""Evenings at a Polycom: the endpoint, the SIP dialer and a scripted MCU in one fast loop.

Signalling, TLS, SRTP and H.264 are real; pictures come once a second, the network is the story's.
"""

import json
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from appliance.base.config import SipChoices
from appliance.dialers.api import Call, LocalTracks
from appliance.dialers.sip.dialer import SipDialer
from appliance.wire.meeting import Meeting
from tests.fast_net import play
from tests.peers.sip.mcu import ENCRYPTED, PIN, Mcu, mcu
from tests.peers.sip.mcu_call import QUEUE, McuCall
from tests.peers.sip.mcu_media import Faults
from tests.peers.sip.programme import Shown
from tests.stories.cards import CARDS, OURS, OURS_S, Card, Hum, seen
from tests.stories.evening import Evening

pytestmark = pytest.mark.timeout(600)  # four hours are half a minute of work
CHOICES = SipChoices(entry_queue=f"wait 4, {ENCRYPTED}#, wait 3, {PIN}#", encryption="required")
STAYED = ["idle", "joining", "in meeting"]
AGAIN = [*STAYED, "rejoining", "in meeting"]


class SipEvening:
    """An evening whose far end is an RMX; ``hums`` are our microphones, one a call."""

    def __init__(self, folder: Path, rmx: Mcu, trust: ssl.SSLContext, **choices: Any) -> None:
        self.rmx = rmx
        self.hums: list[Hum] = []
        self.calls: list[Call] = []
        dialer = SipDialer(trust, choices=replace(CHOICES, **choices))

        async def dial(meeting: Meeting) -> Call:
            self.hums.append(Hum())
            call = await dialer.dial(
                meeting.address, LocalTracks(Card(OURS, OURS_S), self.hums[-1]), name="Xã Ia Kly"
            )
            self.calls.append(call)
            return call

        self.evening = Evening(folder, "14:00", dial)

    @property
    def there(self) -> McuCall:
        """The one call that is up at the MCU."""
        (call,) = self.rmx.live
        return call

    def on_tv(self) -> Shown | None:
        """What the far picture shows."""
        return seen(self.evening.tv.far)

    def in_conference(self) -> bool:
        return self.there.where == ENCRYPTED and self.there.media.encrypted

    async def press(self) -> None:
        """The button, with sound that carries keys."""
        self.hums[-1].dense(True)
        await self.evening.press()
        self.hums[-1].dense(False)

    def lamp(self) -> str:
        facts = json.loads((self.evening.folder / "run" / "endpoint.json").read_text())
        return str(facts["lamp"])


Story = Callable[[SipEvening], Coroutine[Any, Any, None]]


@pytest.fixture
def lives(tmp_path: Path) -> Callable[..., list[str]]:
    """Lives a story from the first minute of the meeting on; gives the phases."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())

    def run(
        story: Story, faults: Faults | None = None, end: str = "14:30", **choices: Any
    ) -> list[str]:
        async def whole() -> list[str]:
            async with mcu(faults, tls=server, show=CARDS) as rmx:
                one = SipEvening(tmp_path, rmx, trust, **choices)
                one.evening.meeting("a", "14:00", end, address=rmx.address())
                async with one.evening.powered():
                    await one.evening.until("14:01")
                    assert one.in_conference()
                    assert one.on_tv() is Shown.PEOPLE
                    await story(one)
                return one.evening.phases

        return play(whole())

    return run


def test_the_meeting_to_its_end(lives: Callable[..., list[str]]) -> None:
    async def story(e: SipEvening) -> None:
        assert e.there.keys == f"{ENCRYPTED}#{PIN}#"
        await e.evening.until("14:12")
        assert e.in_conference(), "an RMX extends by itself for as long as people are in"
        await e.there.leave()
        await e.evening.until("14:13")
        assert (e.rmx.live, len(e.rmx.calls)) == ([], 1)

    assert lives(story, end="14:10") == [*STAYED, "overtime", "leaving", "idle"]


def test_another_meeting_ends_the_overrun_at_the_mcu(lives: Callable[..., list[str]]) -> None:
    async def story(e: SipEvening) -> None:
        e.evening.meeting("b", "14:12", "14:30", address="sip:nobody@127.0.0.1:9;transport=tcp")
        await e.evening.until("14:11:50")
        (call,) = e.rmx.live
        await e.evening.until("14:12:10")
        assert e.rmx.live == []
        assert call.agent.ended is not None
        assert call.agent.ended.far

    assert lives(story, end="14:10") == [*STAYED, "overtime", "leaving", "joining"]


def test_who_is_put_out_for_not_being_encrypted_comes_back_encrypted(
    lives: Callable[..., list[str]],
) -> None:
    """An RMX that takes optional keys for none: "Encrypt When Possible", and a site undefined."""

    async def story(e: SipEvening) -> None:
        first, second = e.rmx.calls
        assert (first.media.encrypted, second.media.encrypted) == (False, True)
        await e.evening.until("14:10")
        assert e.there is second

    assert lives(story, Faults(strict_srtp=True), encryption="optional") == AGAIN


def test_content_arrives_and_leaves(lives: Callable[..., list[str]]) -> None:
    async def story(e: SipEvening) -> None:
        e.there.content(True)
        await e.evening.until("14:02")
        assert e.on_tv() is Shown.SLIDES
        e.there.content(False)
        await e.evening.until("14:03")
        assert e.on_tv() is Shown.PEOPLE

    assert lives(story) == STAYED


def test_slides_that_stop_without_a_word_give_way_to_the_people(
    lives: Callable[..., list[str]],
) -> None:
    async def story(e: SipEvening) -> None:
        e.there.content(True)
        await e.evening.until("14:02")
        e.there.media.hush("slides")
        await e.evening.until("14:03")
        assert e.on_tv() is Shown.PEOPLE
        assert e.evening.tv.seen_at > e.evening.hour("14:02:55")

    assert lives(story) == STAYED


def test_a_raised_hand_arrives_as_99(lives: Callable[..., list[str]]) -> None:
    async def story(e: SipEvening) -> None:
        await e.press()
        assert (e.there.hands, e.lamp()) == (1, "amber")
        await e.press()
        assert (e.there.hands, e.lamp()) == (1, "red")

    assert lives(story) == STAYED


def test_the_province_gives_the_floor_and_takes_it_back(lives: Callable[..., list[str]]) -> None:
    """Of the floor an MCU says nothing: the chair's page does, by way of the health program."""

    async def story(e: SipEvening) -> None:
        evening = e.evening
        await e.press()
        evening.province_says(floor="another meeting's", hand_seen=True)
        await evening.until("14:01:10")
        assert (e.lamp(), evening.floor.given) == ("amber", False)
        evening.province_says(floor="a", hand_seen=True)
        await evening.until("14:01:20")
        assert (evening.floor.given, evening.devices.live) == (True, False)
        await e.press()
        assert (e.lamp(), evening.devices.live) == ("green", True)
        evening.province_says()
        await evening.until("14:01:30")
        assert (e.lamp(), evening.devices.live) == ("red", False)

    assert lives(story) == STAYED


def test_a_hand_that_has_no_key_is_confirmed_by_the_province(
    lives: Callable[..., list[str]],
) -> None:
    async def story(e: SipEvening) -> None:
        evening = e.evening
        await e.press()
        assert (e.there.hands, e.lamp()) == (0, "amber blink")
        evening.province_says(hand_seen=True)
        await evening.until("14:01:10")
        assert e.lamp() == "amber"
        evening.province_says()
        await e.press()
        assert e.lamp() == "red"
        evening.province_says(hand_seen=True)  # of a hand that is down by now
        await evening.until("14:01:20")
        assert e.lamp() == "red"

    assert lives(story, hand="") == STAYED


def test_a_hand_outlives_the_call_and_waits_for_the_end_of_the_entry_queue(
    lives: Callable[..., list[str]],
) -> None:
    async def story(e: SipEvening) -> None:
        await e.press()
        assert e.lamp() == "amber"
        await e.there.leave()
        await e.evening.until("14:01:09")
        assert (e.there.where, e.lamp()) == (QUEUE, "amber blink")
        await e.evening.until("14:02")
        assert e.there.keys == f"{ENCRYPTED}#{PIN}#"
        assert (e.there.hands, e.lamp()) == (1, "amber")

    assert lives(story) == AGAIN


def test_the_mcu_restarts_in_mid_meeting(lives: Callable[..., list[str]]) -> None:
    async def story(e: SipEvening) -> None:
        await e.rmx.stop()
        await e.evening.until("14:03")
        assert e.rmx.live == []
        await e.rmx.start()
        await e.evening.until("14:04")
        assert e.in_conference()
        assert e.on_tv() is Shown.PEOPLE

    assert lives(story) == AGAIN


def test_the_far_end_moves_the_call(lives: Callable[..., list[str]]) -> None:
    async def story(e: SipEvening) -> None:
        for minute, late in ((2, False), (3, True), (4, False)):
            await e.there.move(late=late)
            await e.evening.until(f"14:0{minute}")
            assert e.on_tv() is Shown.PEOPLE
            assert e.evening.tv.seen_at > e.evening.hour(f"14:0{minute - 1}:55")
        assert e.there.media.answered
        assert len(e.calls) == 1

    assert lives(story) == STAYED


def test_rtp_stops_while_signalling_lives(lives: Callable[..., list[str]]) -> None:
    async def story(e: SipEvening) -> None:
        e.there.media.hush()
        await e.evening.until("14:01:05")
        assert e.there.up
        await e.evening.until("14:02")
        assert e.in_conference()
        assert len(e.calls) == 2

    assert lives(story) == AGAIN


@pytest.mark.parametrize(
    ("hours", "no_update"), [(4, False), (1, True)], ids=["by UPDATE", "by re-INVITE"]
)
def test_hours_with_session_refreshes(
    lives: Callable[..., list[str]], hours: int, no_update: bool
) -> None:
    async def story(e: SipEvening) -> None:
        there = e.there
        for hour in range(14, 14 + hours):
            await e.evening.until(f"{hour}:30")
            there.content(True)
            await e.evening.until(f"{hour}:31")
            assert e.on_tv() is Shown.SLIDES
            there.content(False)
        await e.evening.until(f"{14 + hours}:00")
        assert e.there is there
        assert e.on_tv() is Shown.PEOPLE
        # The site refreshes at half of 1800 s; a re-INVITE for content is one, too.
        assert there.agent.session.refreshes >= 4 * hours - 1
        assert len(e.calls) == 1

    assert lives(story, Faults(no_update=no_update), end=f"{14 + hours}:30") == STAYED
