"""All lines of ``BRINGUP.txt``: what is asked of the box, and who answers."""

from appliance.core.message import N_
from services.bringup.check import Check, When
from services.bringup.judges import board, sound, tv, use

_ACTIVE = "systemctl show --value -p ActiveEnterTimestampMonotonic"
_HEADER = "grep -E 'GPIO(17|23|24) ' /sys/kernel/debug/gpio"
"""Button and lamp (hardware/wiring.py), as debugfs has them while the endpoint holds them."""

CHECKS = (
    Check(1, N_("Release"), "grep IMAGE_VERSION /etc/os-release; date -u +%FT%TZ; uname -r",
          board.release),
    Check(2, N_("Board"),
          "tr -d '\\0' < /proc/device-tree/model; echo;"
          " od -An -tx1 /proc/device-tree/system/linux,revision; grep MemTotal /proc/meminfo",
          board.board),
    Check(3, N_("EEPROM and firmware"),
          "od -An -tu4 --endian=big /proc/device-tree/chosen/bootloader/build-timestamp;"
          " dmesg | grep -o 'Attached to firmware.*'", board.eeprom),
    Check(4, N_("Green light at power-on"), "the green LED beside the power socket",
          use.only_a_person, When.NEVER,
          N_("How often does the green light flash, and with what pauses?")),
    Check(5, N_("Seconds to picture and page"),
          f"for u in screen endpoint; do echo diemcau-$u $({_ACTIVE} diemcau-$u); done;"
          " echo uptime $(cut -d. -f1 /proc/uptime);"
          " journalctl -b -u diemcau-endpoint -o short-monotonic --no-pager"
          " | grep -m1 'first picture'", board.start_times, When.EACH_START),
    Check(6, N_("Memory card: mode"),
          "grep -E 'clock:|width|timing|voltage' /sys/kernel/debug/mmc0/ios", board.card_mode),
    Check(7, N_("Memory card: read speed"),
          "dd if=/dev/diemcau/disk of=/dev/null bs=4M count=16 iflag=direct 2>&1 | tail -n 1",
          board.read_speed, When.ONCE),
    Check(8, N_("Devices that wait for a driver"), "cat /sys/kernel/debug/devices_deferred",
          board.nothing_there),
    Check(9, N_("Errors of the kernel"), "dmesg --level=emerg,alert,crit,err | tail -n 5",
          board.nothing_there),
    Check(10, N_("Programs that failed"), "systemctl --failed --no-legend --plain | cut -d' ' -f1",
          board.nothing_there),
    Check(11, N_("Check of the running slot"),
          "systemctl is-active diemcau-confirm; tr -d '\\n' < /data/boot/slots.json | head -c 200",
          board.slot_good),
    Check(12, N_("Network cable"),
          "cd /sys/class/net; for n in e*; do echo $n carrier $(cat $n/carrier)"
          " speed $(cat $n/speed) duplex $(cat $n/duplex); done", board.network),
    Check(13, N_("Network address"), "ip -brief -4 address", board.address),
    Check(14, N_("HDMI sockets"),
          "cd /sys/class/drm; for c in card?-*-*; do echo ${c#card?-} $(cat $c/status)"
          " $(cat $c/enabled) edid $(wc -c < $c/edid) modes $(head -n 3 $c/modes); done"
          " | grep -v Writeback", tv.sockets),
    Check(15, N_("Size of the TV's picture"), "grep -h 'mode: ' /sys/kernel/debug/dri/*/state",
          tv.mode),
    Check(16, N_("Edges of the picture"), "the page with the yellow frames", use.only_a_person,
          When.NEVER, N_("Which of the three frames do you see whole?")),
    Check(17, N_("Memory for pictures"), "grep Cma /proc/meminfo", tv.contiguous_memory),
    Check(18, N_("TV off at power-on"), "watched: HDMI-A-*/status", tv.late_tv, When.NEVER,
          N_("Did picture and sound come?")),
    Check(19, N_("TV off and on in the meeting"), "watched: HDMI-A-*/status", tv.only_eyes,
          When.NEVER, N_("Did picture and sound come back?")),
    Check(20, N_("Input away and back"), "watched: HDMI-A-*/status", tv.only_eyes, When.NEVER,
          N_("Did picture and sound come back?")),
    Check(21, N_("HDMI pulled in the meeting"), "watched: HDMI-A-*/status", tv.plug_in_call,
          When.NEVER),
    Check(22, N_("Picture at both sockets"), "ls -d /sys/class/drm/card*-HDMI-A-* | wc -l",
          tv.both_sockets),
    Check(23, N_("CEC to the TV"), "diemcau bring-up cec", tv.cec, When.ONCE),
    Check(24, N_("Sound cards"), "cat /proc/asound/cards /proc/asound/pcm", sound.sound_cards),
    Check(25, N_("Tone of 440 Hz"),
          # The card of the TV takes one program alone.
          "if grep -q playback /proc/asound/pcm; then systemctl stop diemcau-endpoint;"
          " diemcau bring-up tone; systemctl start --no-block diemcau-endpoint;"
          " else echo no sound card; fi", sound.tone, When.BY_STEP,
          N_("Did you hear the tone, and from where?")),
    Check(26, N_("Speakerphone first, then camera"),
          "grep -Hs . /sys/class/sound/card*/id | sed 's|.*/card||'", sound.speakerphone_first),
    Check(27, N_("Camera first, then speakerphone"),
          "grep -Hs . /sys/class/sound/card*/id | sed 's|.*/card||'", sound.webcam_first),
    Check(28, N_("Camera"), "diemcau bring-up camera", sound.camera, When.ONCE),
    Check(29, N_("Ten minutes of a meeting"), "cat /run/diemcau/endpoint.json", use.call),
    Check(30, N_("Work of the processor in it"), "diemcau bring-up threads", use.threads,
          When.IN_CALL),
    Check(31, N_("Heat in the meeting"), "cat /sys/class/thermal/thermal_zone*/temp", use.heat),
    Check(32, N_("Clock rate in the meeting"),
          "cat /sys/devices/system/cpu/cpufreq/policy*/scaling_cur_freq"
          " /sys/bus/platform/drivers/raspberrypi-firmware/*/get_throttled", use.speed,
          When.IN_CALL),
    Check(33, N_("Weak charger"),
          "cat /sys/class/hwmon/hwmon*/in0_lcrit_alarm"
          " /sys/bus/platform/drivers/raspberrypi-firmware/*/get_throttled 2>/dev/null",
          use.weak_charger),
    Check(34, N_("Button pressed"), _HEADER, use.short_press),
    Check(35, N_("Button held"), _HEADER, use.long_press),
    Check(36, N_("Button held for half a minute"), _HEADER, use.stuck_press),
    Check(37, N_("Lamp of the button"), _HEADER, use.only_a_person, When.ALWAYS,
          N_("Which colours did the lamp have?")),
    Check(38, N_("Chips of the pins"), "grep -h gpiochip /sys/kernel/debug/gpio", board.pins),
    Check(39, N_("Watchdog"), "wdctl", board.watchdog),
    Check(40, N_("Ten restarts"), "systemctl is-active diemcau-confirm", use.restarts),
    Check(41, N_("Last words of a panic"), "echo c > /proc/sysrq-trigger", use.panic, When.NEVER),
    Check(42, N_("Systemd stopped"), "kill -ABRT 1", use.hang, When.NEVER),
    Check(43, N_("Plug pulled ten times"), "watched: starts", use.pulls, When.NEVER),
    Check(44, N_("Update by stick, and back"), "tr ' ' '\\n' < /proc/cmdline | grep rauc.slot",
          use.both_slots),
)  # fmt: skip
"""In the order of their numbers, which stay what they are: reports are compared."""
