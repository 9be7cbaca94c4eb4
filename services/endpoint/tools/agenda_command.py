"""`diemcau agenda FILE-OR-URL`: what this site would do at a time, and why, without doing it."""

import asyncio
import json
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from appliance.core.decision import Decision, Facts, Period, Phase, decide
from appliance.wire.address import shown
from appliance.wire.calendar.agenda import Agenda, read_agenda
from appliance.wire.calendar.feed_problem import FeedError
from appliance.wire.meeting import Meeting
from services.endpoint.agenda.feed import LOOK_AHEAD_S, LOOK_BACK_S
from services.endpoint.agenda.feed_fetch import Mark, client, fetch

_PHASES = {
    Phase.IDLE: ("chờ", "idle"),
    Phase.UPCOMING: ("sắp họp", "upcoming"),
    Phase.JOINING: ("vào họp", "would join"),
}


@dataclass(frozen=True, slots=True)
class _Answer:
    at: float
    zone: ZoneInfo
    agenda: Agenda
    decision: Decision


@click.command("agenda")
@click.argument("source", metavar="FILE-OR-URL")
@click.option("--at", "at", metavar="TIME", help="2026-03-09T08:30 or 08:30 today; default: now.")
@click.option("--zone", "zone_name", default="Asia/Ho_Chi_Minh", show_default=True)
@click.option("--host", "hosts", multiple=True, help="An allowed host; may be given again.")
@click.option("--ca", default="", help="A file with the province's certificate authority.")
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
def agenda_command(
    *, source: str, at: str | None, zone_name: str, hosts: tuple[str, ...], ca: str, as_json: bool
) -> None:
    """Say what this site would do at TIME with that agenda, and why.

    A site that has just been switched on is asked: no call is up, nothing was hung up by hand.
    Exit codes: 0 the agenda was read, 1 it cannot be read, 2 wrong use.
    """
    zone = _zone(zone_name)
    moment = _moment(at, zone)
    try:
        feed = asyncio.run(_fetched(source, ca))
        agenda = read_agenda(
            feed,
            begin=moment - LOOK_BACK_S,
            end=moment + LOOK_AHEAD_S,
            zone=zone,
            hosts=frozenset(host.lower() for host in hosts),
        )
    except FeedError as error:
        _refuse(source, moment, zone, error, as_json=as_json)
        raise SystemExit(1) from error
    answer = _Answer(moment, zone, agenda, decide(Facts(meetings=agenda.meetings), moment))
    click.echo(json.dumps(_as_json(answer), ensure_ascii=False) if as_json else _as_text(answer))


async def _fetched(source: str, ca: str) -> bytes:
    try:
        http = client(ca)
    except OSError as error:
        raise click.BadParameter(f"{ca}: {error}", param_hint="--ca") from error
    async with http:
        answer = await fetch(source, Mark(), http)
    return answer.body or b""


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = f"{name!r} is no time zone; one is Asia/Ho_Chi_Minh"
        raise click.BadParameter(hint, param_hint="--zone") from error


def _moment(text: str | None, zone: ZoneInfo) -> float:
    now = datetime.fromtimestamp(time.time(), zone)
    if text is None:
        return now.timestamp()
    if given := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip()):
        at = now.replace(hour=int(given[1]), minute=int(given[2]), second=0, microsecond=0)
        return at.timestamp()
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError) as error:
        hint = f"{text!r} is no time; write 2026-03-09T08:30 or 08:30"
        raise click.BadParameter(hint, param_hint="--at") from error


def _refuse(source: str, at: float, zone: ZoneInfo, error: FeedError, *, as_json: bool) -> None:
    if as_json:
        refusal = {
            "at": _iso(at, zone),
            "ok": False,
            "fault": error.problem.value,
            "detail": str(error),
        }
        click.echo(json.dumps(refusal, ensure_ascii=False))
    click.echo(f"Không đọc được lịch họp / the agenda cannot be read: {error}", err=True)


def _as_json(answer: _Answer) -> dict[str, Any]:
    decision = answer.decision
    called = decision.call
    return {
        "at": _iso(answer.at, answer.zone),
        "ok": True,
        "phase": decision.phase.value,
        "meeting": None if decision.meeting is None else _meeting(decision.meeting, answer.zone),
        "address": None if called is None else shown(called.address),
        "why": _why(answer)[1],
        "next_change": None if decision.wake_at is None else _iso(decision.wake_at, answer.zone),
        "calendar": answer.agenda.name,
        "meetings": [_meeting(m, answer.zone) for m in answer.agenda.meetings],
        "troubles": list(answer.agenda.problems),
    }


def _meeting(meeting: Meeting, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "uid": meeting.uid,
        "title": meeting.title,
        "begin": _iso(meeting.begin, zone),
        "end": _iso(meeting.end, zone),
        "address": shown(meeting.address),
        "chair": meeting.chair,
        "free": meeting.free,
    }


def _as_text(answer: _Answer) -> str:
    decision, zone = answer.decision, answer.zone
    vietnamese, english = _PHASES.get(decision.phase, (decision.phase.value, decision.phase.value))
    lines = [
        f"Lúc {_hour(answer.at, zone)}: {vietnamese} / {english}",
        "  Vì: {} / {}".format(*_why(answer)),
    ]
    if decision.meeting is not None:
        lines.append(f"  Cuộc họp / meeting: {_line(decision.meeting, zone)}")
    if decision.call is not None:
        lines.append(f"  Địa chỉ / address: {shown(decision.call.address)}")
    if decision.wake_at is not None:
        lines.append(f"  Thay đổi tiếp theo / next change: {_hour(decision.wake_at, zone)}")
    coming = [m for m in answer.agenda.meetings if m.end > answer.at]
    lines.append(
        f"Lịch sắp tới / ahead: {len(coming)} ({answer.agenda.name or 'không tên / no name'})"
    )
    lines += [f"  {_line(m, zone)}  {shown(m.address) or '—'}" for m in coming[:20]]
    if answer.agenda.problems:
        lines.append("Vướng mắc / troubles:")
        lines += [f"  {problem}" for problem in answer.agenda.problems]
    return "\n".join(lines)


def _why(answer: _Answer) -> tuple[str, str]:
    decision, zone = answer.decision, answer.zone
    meeting = decision.meeting
    if meeting is None:
        return "không có cuộc họp nào trong lịch", "no meeting is in sight"
    if decision.call is None and meeting.begin <= answer.at:
        return "cuộc họp không có địa chỉ gọi được", "the meeting names no address to dial"
    if decision.call is None:
        wait = timedelta(seconds=round(meeting.begin - answer.at))
        return f"cuộc họp bắt đầu sau {_span(wait, 'ngày')}", f"it begins in {_span(wait, 'days')}"
    if decision.period is Period.DOORS:
        hour = _hour(meeting.begin, zone)
        return f"vào sớm, chờ khai mạc lúc {hour}", f"its doors are open; it begins at {hour}"
    others = [
        m
        for m in answer.agenda.meetings
        if m.begin <= answer.at < m.end and m.address and m.uid != meeting.uid
    ]
    until = _hour(meeting.end, zone)
    if others:
        return (
            f"đang họp đến {until}; bắt đầu trước {len(others)} cuộc họp trùng giờ khác",
            f"it runs until {until}; of {len(others) + 1} at this time it began first",
        )
    return f"đang trong giờ họp, đến {until}", f"it runs until {until}"


def _span(wait: timedelta, days: str) -> str:
    hours, rest = divmod(wait.seconds, 3600)
    ahead = f"{wait.days} {days} " if wait.days else ""
    return f"{ahead}{hours}:{rest // 60:02d}:{rest % 60:02d}"


def _line(meeting: Meeting, zone: ZoneInfo) -> str:
    title = meeting.title or "(không tên)"
    return f"{_hour(meeting.begin, zone)}–{_hour(meeting.end, zone, short=True)}  {title}"


def _hour(at: float, zone: ZoneInfo, *, short: bool = False) -> str:
    return f"{datetime.fromtimestamp(at, zone):{'%H:%M' if short else '%H:%M %d/%m/%Y'}}"


def _iso(at: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")
