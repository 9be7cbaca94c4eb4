"""``diemcau dial ADDRESS``: a test call, and how it went, as one JSON object or a few lines."""

import asyncio
import json
import logging
import resource
import ssl
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from appliance.base.config import SipChoices
from appliance.base.journal import open_journal
from appliance.base.site_file import SiteFileError, read_site
from appliance.core.problems import KINDS, ProblemKey
from appliance.dialers.api import CallStatistics, DialError, EndReason, LocalTracks
from appliance.dialers.registry import Dialers
from appliance.media.capture.camera import Camera
from appliance.media.capture.local_audio import LocalAudio
from appliance.media.capture.local_video import LocalVideo
from appliance.media.capture.microphone import Microphone
from appliance.media.capture.sources import SourceError
from appliance.media.codecs.board_encoders import encoders_for
from hardware.vitals.identity import model
from services.endpoint.call.watch_call import watch_call
from services.endpoint.tools.recording import Recording

log = logging.getLogger("diemcau.dial")


@click.command("dial")
@click.argument("address")
@click.option("--seconds", type=click.FloatRange(0.1), default=10.0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
@click.option("--camera", default="", help="A recording, or a source such as v4l2:/dev/video0.")
@click.option("--microphone", default="", help="A recording, or a source such as alsa:default.")
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Keep what comes.")
@click.option("--name", default="", help="Our name in the meeting.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="A private authority.")
@click.option(
    "--site",
    "site_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Call as this site: the [sip] section, authority and name of its file.",
)
def dial(
    address: str,
    seconds: float,
    as_json: bool,
    camera: str,
    microphone: str,
    record: Path | None,
    name: str,
    ca: str | None,
    site_file: Path | None,
) -> None:
    """Join ADDRESS for some seconds and say how the call went.

    Exit codes: 0 our picture and sound went out and the far end's came, 1 no call or no media,
    2 wrong use.
    """
    open_journal("dial")
    try:
        site = read_site(site_file) if site_file is not None else None
        sip = site.sip if site is not None else SipChoices()
        dialers = Dialers(ca or (site.call.ca if site is not None else ""), sip=sip)
        camera_device = Camera(_source(camera), encoders=encoders_for(model(Path("/"))))
        microphone_device = Microphone(_source(microphone))
        sink = Recording(record) if record else None
    except (SourceError, SiteFileError, ssl.SSLError, OSError) as error:
        raise click.UsageError(str(error)) from error
    called = name or (site.site.name if site is not None else "Điểm Cầu")
    test_call = _TestCall(address, camera_device, microphone_device, sink, called, dialers)
    asyncio.run(test_call.run(seconds))
    result = test_call.result()
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else _lines(result))
    sys.exit(0 if result["ok"] else 1)


class _TestCall:
    """One call with everything that it needs."""

    def __init__(
        self,
        address: str,
        camera: Camera,
        microphone: Microphone,
        record: Recording | None,
        name: str,
        dialers: Dialers,
    ) -> None:
        self._address, self._name = address, name
        self._camera, self._microphone = camera, microphone
        self._record = record
        self._dialers = dialers
        self._reason: EndReason | None = None
        self._detail = ""
        self._statistics = CallStatistics()
        self._problems: dict[ProblemKey, str] = {}

    async def run(self, seconds: float) -> None:
        """Call, stay, hang up."""
        self._camera.open()
        self._microphone.live = True
        self._microphone.open()
        try:
            near = LocalTracks(LocalVideo(self._camera), LocalAudio(self._microphone, "opus"))
            call = await self._dialers.dial(self._address, near, name=self._name)
            try:
                keep = self._record.take if self._record is not None else _forget
                self._problems = await watch_call(call, seconds, see=keep, hear=keep)
            finally:
                await call.hang_up()
                self._reason, self._detail = call.ended, call.detail
                self._statistics = call.statistics()
        except DialError as error:
            self._reason, self._detail = error.reason, error.detail
        finally:
            if self._record is not None:
                self._record.close()
            await asyncio.to_thread(self._camera.close)
            await asyncio.to_thread(self._microphone.close)

    def result(self) -> dict[str, Any]:
        """The object of docs/commands.md."""
        statistics = self._statistics
        sent = statistics.video.sent_frames > 0 and statistics.audio.sent_s > 0
        ok = sent and statistics.flowed
        ours = self._reason in (None, EndReason.OURS)
        reason: str | None = None if ours else str(self._reason)
        detail = self._detail
        if ours and not ok:
            reason = str(EndReason.NO_MEDIA)
            detail = "the call was up, but picture and sound did not go both ways"
        told = [f"{KINDS[key].text} ({which})" for key, which in self._problems.items()]
        detail = "; ".join([*([detail] if detail else []), *told])
        usage = resource.getrusage(resource.RUSAGE_SELF)
        measured = asdict(statistics)
        measured.pop("received_packets")
        return {
            "address": self._address,
            "ok": ok,
            "reason": reason,
            "detail": detail,
            "ended": str(self._reason) if self._reason is not None else None,
            **measured,
            "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
            "peak_mb": round(usage.ru_maxrss / 1024),
        }


def _forget(frame: Any) -> None:
    del frame


def _source(text: str) -> str:
    """A bare path is a recording; nothing is no device."""
    if not text:
        return "none"
    return text if ":" in text and not Path(text).exists() else f"file:{text}"


def _lines(result: dict[str, Any]) -> str:
    """The same for people."""
    video, audio = result["video"], result["audio"]
    if result["connected_s"] is None:
        return f"no call: {result['reason']}: {result['detail']}"
    head = "media flowed both ways" if result["ok"] else f"{result['reason']}: {result['detail']}"
    return "\n".join(
        [
            head,
            f"connected after {result['connected_s']} s, "
            f"first picture after {result['first_picture_s']} s, ended: {result['ended']}",
            f"picture {video['codec']} {video['width']}x{video['height']}: "
            f"{video['sent_frames']} sent, {video['received_frames']} received, "
            f"{video['lost_packets']} packets lost, {video['freezes']} freezes",
            f"sound {audio['codec']}: {audio['sent_s']} s sent, {audio['received_s']} s received, "
            f"{audio['concealed_s']} s made up",
            f"round trip {result['rtt_ms']} ms, {result['sent_kbps']} kbit/s out, "
            f"{result['received_kbps']} kbit/s in; {result['cpu_s']} s CPU, "
            f"{result['peak_mb']} MB",
        ]
    )
