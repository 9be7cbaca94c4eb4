"""A whole endpoint beside far ends that mean no good: a room, a SIP system, a calendar's server.

Each evening has a seed and twenty minutes in a fast loop: two meetings, one in the room and one at
the SIP system, whatever the calendar's server makes of them. What is counted: what was sent to the
endpoint, how often the program ended (never), and which parts failed and were started again. Every
failure of a part is a fault of ours to be mended; the meeting went on all the same. Cameras live in
threads, which no fast loop has: they are cameras.py's.

``python -m tests.fuzz.endpoint --seconds 360`` is a part of ``make fuzz``.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from appliance.base.config import SipChoices
from appliance.dialers.api import Call, LocalTracks
from appliance.dialers.registry import Dialers
from appliance.wire.meeting import Meeting
from services.endpoint.agenda.feed import Feed
from tests.fast_net import play
from tests.fuzz.hostile.feed import HostileFeed
from tests.fuzz.hostile.mutations import Mutations
from tests.fuzz.hostile.room import HostileRoom
from tests.fuzz.hostile.sip import HostileSip
from tests.stories.cards import OURS, OURS_S, Card, Hum
from tests.stories.evening import Evening, at

CORPUS = Path(__file__).parents[1] / "wire/calendar/corpus"
ROOM, SIP = 8188, 5060
MEETING = """BEGIN:VEVENT
UID:{uid}
DTSTAMP:20261101T000000Z
DTSTART;TZID=Asia/Ho_Chi_Minh:{begin:%Y%m%dT%H%M%S}
DTEND;TZID=Asia/Ho_Chi_Minh:{end:%Y%m%dT%H%M%S}
SUMMARY:Họp {uid}
CONFERENCE;VALUE=URI;FEATURE=VIDEO:{address}
END:VEVENT
""".replace("\n", "\r\n")
ADDRESSES = {
    "room": f"janus+ws://127.0.0.1:{ROOM}/janus?room=1",
    "sip": f"sip:72@127.0.0.1:{SIP};transport=tcp",
}


@dataclass
class Counts:
    """What came of some evenings."""

    evenings: int = 0
    inputs: int = 0
    spoiled: int = 0
    dialled: int = 0
    ends: list[str] = field(default_factory=list)
    parts: Counter[str] = field(default_factory=Counter)
    """Part and error of each that failed."""

    def __str__(self) -> str:
        parts = "".join(f"\n  {number}x {what}" for what, number in self.parts.most_common(20))
        ends = "".join(f"\n  END {what}" for what in self.ends)
        return (
            f"endpoint: {self.evenings} evenings, {self.inputs} inputs ({self.spoiled} spoiled),"
            f" {self.dialled} calls dialled, {len(self.ends)} program ends,"
            f" {self.parts.total()} failures of parts{parts}{ends}"
        )


class _Failures(logging.Handler):
    """Reads which part failed off the journal's own lines."""

    def __init__(self, counts: Counts) -> None:
        super().__init__(logging.ERROR)
        self._counts = counts

    def emit(self, record: logging.LogRecord) -> None:
        part = getattr(record, "PART", None)
        if part is not None and record.exc_info:
            error = record.exc_info[1]
            self._counts.parts[f"{part}: {type(error).__name__}: {error}"[:200]] += 1


def evening(seed: int, counts: Counts) -> None:
    """One evening; an end of the program is counted, and raises nothing."""
    mutations = Mutations(seed)
    calendars = [
        path.read_bytes().decode("utf-8", "surrogateescape")
        for path in sorted(CORPUS.glob("*.ics"))
    ]

    async def story(folder: Path) -> None:
        dialers = Dialers(sip=SipChoices())

        async def dial(meeting: Meeting) -> Call:
            counts.dialled += 1
            return await dialers.dial(
                meeting.address, LocalTracks(Card(OURS, OURS_S), Hum()), name="Xã Ia Kly"
            )

        one = Evening(folder, "13:58", dial)
        feed = HostileFeed(mutations, calendars)

        class SiteFeed(Feed):
            """The feed from the hostile server."""

            def __init__(self, source: str, folder: Path, *, zone: ZoneInfo) -> None:
                http = httpx.AsyncClient(transport=feed)
                super().__init__("https://lich.example/feed.ics", folder, zone=zone, http=http)

        one.feed_kind = SiteFeed
        feed.meetings = "".join(
            MEETING.format(uid=uid, begin=at(begin), end=at(end), address=ADDRESSES[uid])
            for uid, begin, end in (("room", "14:00", "14:08"), ("sip", "14:09", "14:17"))
        )
        async with (
            HostileRoom(mutations).listening(ROOM),
            HostileSip(mutations, SIP).listening(),
            one.powered(),
        ):
            await one.until("14:18")

    listener = _Failures(counts)
    logging.getLogger("diemcau.supervisor").addHandler(listener)
    try:
        with tempfile.TemporaryDirectory(prefix="diemcau-fuzz-") as folder:
            play(story(Path(folder)))
    except Exception as error:
        counts.ends.append(f"seed {seed}: {type(error).__name__}: {error}")
    finally:
        logging.getLogger("diemcau.supervisor").removeHandler(listener)
    counts.evenings += 1
    counts.inputs += mutations.inputs
    counts.spoiled += mutations.spoiled


def main() -> None:
    """Exit code 1 where the program ended once."""
    ask = argparse.ArgumentParser(prog="python -m tests.fuzz.endpoint", description=__doc__)
    ask.add_argument("--seconds", type=int, default=360)
    ask.add_argument("--seed", type=int, default=1)
    asked = ask.parse_args()
    logging.disable(logging.WARNING)
    counts, until, seed = Counts(), time.monotonic() + asked.seconds, asked.seed
    while time.monotonic() < until:
        evening(seed, counts)
        seed += 1
    sys.stdout.write(f"{counts}\n")
    sys.exit(1 if counts.ends else 0)


if __name__ == "__main__":
    main()
