"""The facts of one turn, gathered from the parts for `decide`."""

from appliance.core.decision import Facts
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.call.call_keeper import CallKeeper
from services.endpoint.call.dismissals import Dismissals
from services.endpoint.call.media_record import MediaRecord
from services.endpoint.status.province_facts import ProvinceFacts


def gather_facts(
    agenda_poller: AgendaPoller,
    call_keeper: CallKeeper,
    media_record: MediaRecord,
    dismissals: Dismissals,
    province: ProvinceFacts,
    now: float,
    monotonic: float,
    *,
    clock_trusted: bool,
    fast_enough: bool,
) -> Facts:
    """What holds at `now` (POSIX s), which is `monotonic` by the clock that nobody sets."""
    meetings = agenda_poller.meetings
    for uid, begin in province.ended.reopened():
        call_keeper.begin_anew(uid)  # no connection broke
        media_record.reopen((uid, begin), call_keeper, now, monotonic)
    return Facts(
        meetings=meetings,
        call=call_keeper.fact,
        flowed=call_keeper.flowed,
        dismissed=dismissals.uids,
        clock_trusted=clock_trusted,
        joined_by_hand=dismissals.joined_by_hand(monotonic),
        fast_enough=fast_enough,
        media=media_record.fact(call_keeper, meetings, now, monotonic),
        cancelled=agenda_poller.state.agenda.cancelled,
        ended=province.ended.now,
    )
