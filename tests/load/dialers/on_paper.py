"""What one Janus would carry, from the processor that it took here: pure.

A VideoRoom forwards: each packet is received once, decrypted, and encrypted anew for each who
receives it. So its work is packets, some timers of each connection, and for each join handshakes
(DTLS) of two connections. A packet's cost is the difference between two stretches of one call, in
the second of which two sites send five times as many sounds; what is left of the first is each
site's own. The rest is arithmetic on this same processor.
"""

from collections.abc import Mapping
from typing import Any

VIDEO_PACKETS_S = 160
"""Of one picture at 1.5 Mbit/s, in packets of 1,200 bytes."""
SOUND_PACKETS_S = 50
HEARD = 8
"""Sounds that a site receives (`appliance.dialers.janus.people.MAX_HEARD`)."""
MIN_MORE = 0.1
SITES = (135, 1000)


def on_paper(measured: Mapping[str, Any]) -> dict[str, Any]:
    """For each number of sites: cores for forwarding one picture to all, and megabits a second.

    ``all_send`` is what the room receives where each site sends picture and sound, as they do.
    """
    steady, speaking = measured["steady"]["server"], measured["some_speak"]["server"]
    joined, sites = measured["joined"]["server"], measured["joined"]["sites"]
    more = speaking["packets_a_second"] - steady["packets_a_second"]
    if more < MIN_MORE * steady["packets_a_second"]:
        return {"not_shown": "no more packets went in the second stretch: a busy machine"}
    a_packet_s = max(0.0, speaking["core_percent"] - steady["core_percent"]) / 100 / more
    a_site = steady["core_percent"] / 100 - steady["packets_a_second"] * a_packet_s
    a_site = max(0.0, a_site) / sites
    seconds = joined["cpu_s"] / sites
    found: dict[str, Any] = {
        "microseconds_a_packet": round(1e6 * a_packet_s, 1),
        "core_percent_a_site_without_packets": round(100 * a_site, 3),
        "cpu_ms_a_join": round(1000 * seconds, 1),
    }
    for number in SITES:
        received = number * (VIDEO_PACKETS_S + SOUND_PACKETS_S)
        sent = number * (VIDEO_PACKETS_S + HEARD * SOUND_PACKETS_S)
        found[f"sites_{number}"] = {
            "packets_a_second_received": received,
            "packets_a_second_sent": sent,
            "cores": round((received + sent) * a_packet_s + number * a_site, 2),
            "megabits_a_second_sent": round(number * (1.5 + HEARD * 0.05), 0),
            "megabits_a_second_received": round(number * 1.55, 0),
            "joins_of_all_in_30_s_cores": round(number * seconds / 30.0, 2),
        }
    return found
