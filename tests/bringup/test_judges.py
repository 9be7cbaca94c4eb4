"""What commands print, and the word that it comes to.

Outputs of a Raspberry Pi are those of the kernel's and the tools' own sources and documents, since
no board was at hand; those marked so were taken from a running Debian.
"""

from dataclasses import replace

import pytest

from services.bringup.check import Judge, Outcome
from services.bringup.checklist import CHECKS
from services.bringup.judges import board, sound, tv, use
from services.bringup.seen import Arrival, Seen

PASS, FAIL, HANDS = Outcome.PASS, Outcome.FAIL, Outcome.HANDS
UHS = (
    "clock:\t\t50000000 Hz\nactual clock:\t50000000 Hz\nbus width:\t2 (4 bits)\n"
    "timing spec:\t7 (sd uhs DDR50)\nsignal voltage:\t1 (1.80 V)"
)
TIMES = (
    "diemcau-screen 9200000\ndiemcau-endpoint {ready}\nuptime {uptime}\n"
    "[   21.507419] diemcau diemcau-endpoint[412]: tv ← first picture on the screen"
)
WDCTL = (
    "Device:        /dev/watchdog0\nIdentity:      Broadcom BCM2835 Watchdog timer [version 0]\n"
    "Timeout:       15 seconds\nTimeleft:      13 seconds\nPre-timeout:    0 seconds"
)
DD = "67108864 bytes (67 MB, 64 MiB) copied, {seconds} s, 44.1 MB/s"
SOCKETS = (
    "HDMI-A-1 connected enabled edid {edid} modes 1920x1080 1920x1080 1280x720\n"
    "HDMI-A-2 disconnected disabled edid 0 modes"
)
STATE = (
    '\tmode: "1280x720": 60 74250 1280 1390 1430 1650 720 725 730 750 0x48 0x5\n\tmode: "": 0 0 0'
)
CMA = "CmaTotal:         196608 kB\nCmaFree:          {free} kB"
PCM = "00-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1"
CAMERA = "video0 HD Pro Webcam C920: YUYV 1280x720@10 YUYV 640x480@30 MJPG 1280x720@{rate}"
THREADS = "all {all} % of 4 cores; {most} % video-encode, 22 % python3, 9 % cage"
CEC = "cec0 vc4_hdmi at 1.0.0.0: the TV {what}"
ROWS: list[tuple[Judge, str, Outcome]] = [
    (board.release, "IMAGE_VERSION=0.1.0+202611301200\n2026-11-30T12:00:00Z", PASS),
    (board.release, "grep: /etc/os-release: No such file or directory", FAIL),
    (board.board, "Raspberry Pi 4 Model B Rev 1.5\n 00 c0 31 15\nMemTotal: 3884000 kB", PASS),
    (board.board, "linux,dummy-virt\nMemTotal:        1004000 kB", FAIL),
    (board.eeprom, " 1746713597\nAttached to firmware from 2026-03-19T10:11:12", PASS),
    (board.eeprom, "od: /proc/device-tree/chosen/bootloader/build-timestamp: No such file", FAIL),
    (board.start_times, TIMES.format(ready=28_400_000, uptime=31), PASS),
    (board.start_times, TIMES.format(ready=75_000_000, uptime=80), FAIL),
    (board.start_times, TIMES.format(ready=0, uptime=152), HANDS),
    (board.start_times, TIMES.format(ready=0, uptime=301), FAIL),
    (board.card_mode, UHS, PASS),
    (board.card_mode, UHS.replace("50000000", "400000"), FAIL),
    (board.card_mode, UHS.replace("2 (4 bits)", "0 (1 bits)"), FAIL),
    (board.card_mode, "grep: /sys/kernel/debug/mmc0/ios: No such file or directory", FAIL),
    (board.nothing_there, "", PASS),
    (board.nothing_there, "fe340000.mmc\tmmc: vqmmc regulator not available", FAIL),
    (board.slot_good, 'active\n{"A": {"outcome": "good"}}', PASS),
    (board.slot_good, "activating", FAIL),
    (board.network, "end0 carrier 1 speed 1000 duplex full", PASS),
    (board.network, "end0 carrier 1 speed 100 duplex full", FAIL),
    (board.network, "end0 carrier 0 speed -1 duplex unknown", HANDS),
    (board.network, "e* carrier speed duplex", FAIL),
    (board.address, "lo UNKNOWN 127.0.0.1/8 \nend0 UP 192.168.1.20/24", PASS),
    (board.address, "lo               UNKNOWN        127.0.0.1/8", HANDS),
    (
        board.pins,
        "gpiochip0: GPIOs 512-569, parent: platform/fe200000.gpio, pinctrl-bcm2711:",
        PASS,
    ),
    (board.pins, "gpiochip0: GPIOs 569-622, parent: pci/0000:01, pinctrl-rp1:", PASS),
    (board.pins, "gpiochip0: GPIOs 512-519, parent: platform/9030000.pl061, 9030000.pl061:", FAIL),
    (board.watchdog, WDCTL, PASS),
    (board.watchdog, "wdctl: cannot open /dev/watchdog: No such file or directory", FAIL),
    (board.read_speed, DD.format(seconds="1.52"), PASS),
    (board.read_speed, DD.format(seconds="14.9"), FAIL),
    (board.read_speed, "dd: failed to open '/dev/diemcau/disk': No such file or directory", FAIL),
    (tv.sockets, SOCKETS.format(edid=256), PASS),
    (tv.sockets, SOCKETS.format(edid=0), FAIL),
    (tv.sockets, "HDMI-A-1 disconnected disabled edid 0 modes", HANDS),
    (tv.mode, STATE, PASS),
    (tv.mode, STATE.replace("1280x720", "3840x2160"), FAIL),
    (tv.mode, '\tmode: "": 0 0 0 0 0 0 0 0 0 0 0x0 0x0', HANDS),
    (tv.contiguous_memory, CMA.format(free=150_000), PASS),
    (tv.contiguous_memory, CMA.format(free=3_000), FAIL),
    (tv.contiguous_memory, "CmaTotal:          65536 kB\nCmaFree:           60000 kB", FAIL),
    (tv.cec, CEC.format(what="answers, it is on"), PASS),
    (tv.cec, CEC.format(what="is silent (sent 0x20)"), FAIL),
    (tv.cec, "cec0 vc4_hdmi: no TV, or one without an address", HANDS),
    (tv.cec, "no adapter", FAIL),
    (sound.sound_cards, f" 0 [tv   ]: vc4-hdmi-0 - vc4-hdmi-0\n{PCM}", PASS),
    (sound.sound_cards, "--- no soundcards ---", FAIL),
    (sound.tone, "played at sysdefault:CARD=tv", HANDS),
    (sound.tone, "sysdefault:CARD=tv: [Errno 16] Device or resource busy", FAIL),
    (sound.camera, CAMERA.format(rate=30), PASS),
    (sound.camera, CAMERA.format(rate=15), FAIL),
    (sound.camera, "no camera", HANDS),
    (use.threads, THREADS.format(all=41, most=55), PASS),
    (use.threads, THREADS.format(all=41, most=97), FAIL),
    (use.threads, THREADS.format(all=95, most=55), FAIL),
    (use.weak_charger, "0\n0", HANDS),
    (use.weak_charger, "", FAIL),
]


@pytest.mark.parametrize(("judge", "output", "wanted"), ROWS)
def test_an_output_has_its_word(judge: Judge, output: str, wanted: Outcome) -> None:
    result = judge(output, Seen())
    assert result.outcome is wanted, result
    assert result.detail or wanted is HANDS


IN_CALL = Seen(calls=1, call_s=601.0, hottest_c=71.5)
SEEN: list[tuple[Judge, Seen, Outcome]] = [
    (use.call, IN_CALL, PASS),
    (use.call, replace(IN_CALL, call_s=300.0), HANDS),
    (use.call, replace(IN_CALL, calls=2, call_end="lost"), FAIL),
    (use.call, Seen(no_calls=True), FAIL),
    (use.heat, IN_CALL, PASS),
    (use.heat, replace(IN_CALL, hottest_c=79.0), FAIL),
    (use.heat, Seen(), HANDS),
    (use.speed, IN_CALL, PASS),
    (use.speed, replace(IN_CALL, slowed_by=frozenset({"throttled"})), FAIL),
    (use.speed, Seen(), HANDS),
    (use.weak_charger, Seen(under_voltage=True), PASS),
    (use.short_press, Seen(gestures=frozenset({"short"})), PASS),
    (use.long_press, Seen(gestures=frozenset({"short"})), HANDS),
    (use.stuck_press, Seen(gestures=frozenset({"long", "stuck"})), PASS),
    (use.restarts, Seen(restarts=10), PASS),
    (use.restarts, Seen(restarts=9), HANDS),
    (use.restarts, Seen(restarts=3, refused="nothing started it again"), FAIL),
    (use.panic, Seen(panic="Kernel panic - not syncing: sysrq triggered crash"), PASS),
    (use.panic, Seen(panic="started again, without last words"), FAIL),
    (use.panic, Seen(), HANDS),
    (use.hang, Seen(hang="started again"), PASS),
    (use.hang, Seen(hang="nothing started the box again within 150 s"), FAIL),
    (use.pulls, Seen(pulls=10), PASS),
    (use.pulls, Seen(pulls=2), HANDS),
    (use.both_slots, Seen(slots=("A", "B", "A")), PASS),
    (use.both_slots, Seen(slots=("A", "B")), HANDS),
    (use.both_slots, Seen(slots=("A",)), HANDS),
    (tv.late_tv, Seen(late_tvs=1), PASS),
    (tv.late_tv, Seen(), HANDS),
    (tv.plug_in_call, Seen(away_in_call=1, back_in_call=1), PASS),
    (tv.plug_in_call, Seen(away=3, back=3), HANDS),
    (tv.only_eyes, Seen(away_in_call=1, back_in_call=1), HANDS),
    (sound.webcam_first, Seen(arrivals=frozenset({Arrival.WEBCAM})), PASS),
    (sound.webcam_first, Seen(arrivals=frozenset({Arrival.SPEAKERPHONE})), HANDS),
    (
        sound.speakerphone_first,
        Seen(arrivals=frozenset({Arrival.SPEAKERPHONE}), wrong_microphone=True),
        FAIL,
    ),
]


@pytest.mark.parametrize(("judge", "seen", "wanted"), SEEN)
def test_what_was_seen_has_its_word(judge: Judge, seen: Seen, wanted: Outcome) -> None:
    assert judge("0", seen).outcome is wanted


@pytest.mark.parametrize(
    ("sockets", "shown", "wanted"),
    [("2", {"HDMI-A-1"}, HANDS), ("2", {"HDMI-A-1", "HDMI-A-2"}, PASS), ("0", set(), FAIL),
     ("1", {"HDMI-A-1"}, PASS), ("ls: no such file", set(), FAIL)],
)  # fmt: skip
def test_each_socket_that_there_is_has_to_have_shown(
    sockets: str, shown: set[str], wanted: Outcome
) -> None:
    assert tv.both_sockets(sockets, Seen(shown=frozenset(shown))).outcome is wanted


NONSENSE = ("", "\x00\xff" * 40, "no answer within 30 s", "|" * 500, "99 % " * 30, "9" * 400)


@pytest.mark.parametrize("output", NONSENSE)
def test_no_output_takes_a_word_away(output: str) -> None:
    for check in CHECKS:
        assert check.judge(output, Seen()).outcome in Outcome, check.number
