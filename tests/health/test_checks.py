"""Each check: nothing on a healthy Pi, its own problem on a spoiled one, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.base.fact_file import BOOT_PARTITION_FILE, HOUR_FILE
from appliance.core.alarms import State
from appliance.core.problems import KINDS, ProblemKey
from appliance.wire.facts import BootPartitionFacts, EndpointFacts, HourFacts
from hardware.vitals.throttling import FIRMWARE
from services.health.check_api import Check
from services.health.check_runner import CheckRunner
from services.health.checklist import Checklist
from services.health.checks.canary import INTERVAL_S, Canary, sing
from services.health.checks.disk import judge
from services.health.checks.link import Cable
from services.health.checks.reboot import Reason, Reboot
from services.health.checks.units import Units
from services.health.checks.voltage import Voltage
from services.slots.attempt_marks import RESCUE_FLAG, RESCUE_FOLDER
from tests.hardware.vitals.trees import spoil
from tests.health.boxes import NOON, RecordedBox, healthy_box, mounts, states, wrong

KEY = ProblemKey
SPOILED: list[tuple[str, str, str | bytes | None, ProblemKey]] = [
    ("temperature", "sys/class/thermal/thermal_zone0/temp", "84200", KEY.HOT),
    ("voltage", "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1", KEY.POWER_WEAK),
    ("throttling", f"{FIRMWARE}/soc:firmware/get_throttled", "6", KEY.SLOWED),
    ("memory", "proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 200000 kB\n",
     KEY.MEMORY_SHORT),
    ("address", "proc/net/fib_trie", "Main:\n", KEY.NETWORK_ADDRESS),
    ("link", "sys/class/net/eth0/carrier", "0", KEY.NETWORK_CABLE),
    ("link", "sys/class/net/eth0/speed", "10", KEY.LINK_SLOW),
    ("link", "sys/class/net/eth0/duplex", "half", KEY.LINK_SLOW),
    ("camera", "sys/class/video4linux/video0/name", None, KEY.CAMERA_MISSING),
    ("microphone", "proc/asound/card2/pcm0c/info", None, KEY.MICROPHONE_MISSING),
    ("tv", "sys/class/drm/card1-HDMI-A-1/status", "disconnected", KEY.TV_UNPLUGGED),
    ("tv", "sys/class/drm/card1-HDMI-A-1/edid", "", KEY.TV_UNCONFIRMED),
]  # fmt: skip


@pytest.mark.parametrize(("name", "attribute", "content", "key"), SPOILED)
def test_a_spoiled_attribute_is_one_problem(
    tmp_path: Path, name: str, attribute: str, content: str | bytes | None, key: ProblemKey
) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks[name]
    assert wrong(check, one.box()) == set()
    spoil(one.root, attribute, content)
    if name == "address":
        spoil(one.root, "proc/net/if_inet6", None)
    if name == "microphone":
        (one.root / "proc/asound/card2/pcm0c").rmdir()
    assert wrong(check, one.box(10.0)) == {key}


CODES = [
    ("camera", KEY.CAMERA_BLANK), ("camera", KEY.CAMERA_DAMAGED),
    ("microphone", KEY.MICROPHONE_SILENT),
    ("microphone", KEY.SPEAKER_MISSING), ("tv", KEY.TV_PROGRAM),
    ("tv", KEY.TV_INPUT),
    ("temperature", KEY.PICTURE_COOLED),
    ("button", KEY.BUTTON_STUCK), ("button", KEY.BUTTON_BOX),
    ("agenda", KEY.AGENDA_OLD), ("agenda", KEY.AGENDA_MISSING),
    ("agenda", KEY.MEETING_WITHOUT_ADDRESS),
    ("line", KEY.LINE_POOR), ("endpoint", KEY.CALL_REFUSED), ("endpoint", KEY.PROVINCE),
    ("endpoint", KEY.FAR_VIDEO), ("endpoint", KEY.ROOM_CODEC),
]  # fmt: skip


@pytest.mark.parametrize(("name", "key"), CODES)
def test_what_only_the_endpoint_knows_is_its_word(
    tmp_path: Path, name: str, key: ProblemKey
) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks[name]
    assert states(check(one.box()))[key] is State.FINE
    one.endpoint = EndpointFacts(at=NOON, phase="idle", problems=(KINDS[key].code,))
    assert wrong(check, one.box()) == {key}
    one.endpoint = None
    assert key not in states(check(one.box()))


@pytest.mark.parametrize(
    ("power", "codes", "edid", "keys"),
    [
        ("", (), "", {KEY.TV_UNCONFIRMED}),
        ("no adapter", (), "", {KEY.TV_UNCONFIRMED}),
        ("standby", (), "", set()),
        ("on", (), "", set()),
        ("no peer", ("T1",), None, {KEY.TV_UNCONFIRMED}),
    ],
)
def test_whether_the_tv_is_on_is_the_endpoints_word_where_it_can_ask(
    tmp_path: Path, power: str, codes: tuple[str, ...], edid: str | None, keys: set[ProblemKey]
) -> None:
    """An EDID alone says nothing of a TV in standby that still takes messages."""
    one = healthy_box(tmp_path)
    one.endpoint = EndpointFacts(at=NOON, phase="idle", problems=codes, tv=power)
    if edid is not None:
        spoil(one.root, "sys/class/drm/card1-HDMI-A-1/edid", edid)
    found = Checklist(one.root, one.data).checks["tv"](one.box())
    assert {one.key for one in found.observations if one.state is State.WRONG} == keys
    assert found.facts.get("tv_power", "") == power


def test_every_problem_has_a_check_that_speaks_of_it(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    checks = Checklist(one.root, one.data).checks
    checks["units"] = Units(("echo", "[]"))
    spoil(one.root, "sys/block/mmcblk0/device/life_time", "0x01 0x01")
    BOOT_PARTITION_FILE.write(tmp_path, BootPartitionFacts(state="current"), NOON)
    one.run = tmp_path
    spoken = {key for check in checks.values() for key in states(check(one.box()))}
    spoken |= {key for check in checks.values() for key in states(check(one.box(10.0)))}
    # What a stick is doing is for whoever has just plugged it in.
    on_the_tv_alone = {key for key in ProblemKey if key.value.startswith("stick-")}
    assert set(ProblemKey) - spoken == on_the_tv_alone


def test_the_clock(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks["clock"]
    assert wrong(check, one.box()) == set()
    assert wrong(check, one.box(trusted=False)) == {KEY.CLOCK}


def test_the_provinces_hour_that_is_refused_is_told_with_its_code(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    one.run = tmp_path / "run"
    one.run.mkdir()
    check = Checklist(one.root, one.data).checks["clock"]
    for state, code, keys in (
        ("asked", "", set()), ("refused", "expired", {KEY.HOUR_REFUSED}), ("known", "", set()),
    ):  # fmt: skip
        facts = HourFacts(state=state, code=code, source="tinh.example")
        HOUR_FILE.write(one.run, facts, 60.0)  # in 1970
        assert wrong(check, one.box()) == keys
        details = {found.detail for found in check(one.box()).observations}
        assert ("tinh.example: expired" in details) is bool(keys)


@pytest.mark.parametrize(
    ("days", "keys"),
    [(300.0, set()), (14.0, set()), (13.9, {KEY.CERTIFICATE_ENDS}), (-0.1, {KEY.CERTIFICATE_OVER})],
)
def test_the_certificate(tmp_path: Path, days: float, keys: set[ProblemKey]) -> None:
    one = healthy_box(tmp_path)
    one.certificate_end = NOON + days * 86400
    check = Checklist(one.root, one.data).checks["certificate"]
    assert wrong(check, one.box()) == keys
    one.certificate_end = None
    assert states(check(one.box())) == {}


def test_a_drop_of_the_voltage_between_two_looks_is_a_drop(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    alarm, voltage = "sys/class/hwmon/hwmon1/in0_lcrit_alarm", Voltage()
    for value in ("1", "1", "0", "1", "0"):
        spoil(one.root, alarm, value)
        voltage.sample(one.root)
    finding = voltage(one.box())
    assert states(finding) == {KEY.POWER_WEAK: State.WRONG}
    assert finding.figures == {"voltage_drops": 2}
    assert states(voltage(one.box(10.0))) == {KEY.POWER_WEAK: State.FINE}


@pytest.mark.parametrize(
    ("percent", "state"), [(4.9, State.WRONG), (7.0, State.UNSURE), (10.0, State.FINE)]
)
def test_room_on_the_data_partition(percent: float, state: State) -> None:
    assert judge(percent).state is state


def test_the_disk_of_this_machine_has_some_room(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    finding = Checklist(one.root, one.data).checks["disk"](one.box())
    assert 0.0 <= finding.figures["data_free_percent"] <= 100.0


DATA: list[tuple[str, str, str, set[ProblemKey]]] = [
    ("filesystem", "sys/fs/ext4/mmcblk0p5/errors_count", "0", set()),
    ("filesystem", "sys/fs/ext4/mmcblk0p5/errors_count", "3", {KEY.STORAGE}),
    ("wear", "sys/block/mmcblk0/device/life_time", "0x02 0x07", set()),
    ("wear", "sys/block/mmcblk0/device/life_time", "0x09 0x02", {KEY.CARD_WORN}),
]


@pytest.mark.parametrize(("name", "attribute", "content", "keys"), DATA)
def test_the_card(
    tmp_path: Path, name: str, attribute: str, content: str, keys: set[ProblemKey]
) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks[name]
    spoil(one.root, attribute, content)
    assert wrong(check, one.box()) == keys


def test_a_partition_that_went_read_only(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks["filesystem"]
    spoil(one.root, "proc/mounts", mounts(one, "ro"))
    (observation,) = check(one.box()).observations
    assert (observation.key, observation.detail) == (KEY.STORAGE, "mmcblk0p5 is read-only")


def test_memory_laid_over_a_card_that_takes_nothing(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks["filesystem"]
    spoil(one.root, "proc/mounts", f"card {one.data} overlay rw,nosuid,nodev 0 0\n")
    (observation,) = check(one.box()).observations
    assert (observation.key, observation.state) == (KEY.STORAGE, State.WRONG)
    assert observation.detail == "the card takes nothing any more"


def test_the_canary_sings_each_quarter_of_an_hour(tmp_path: Path) -> None:
    one, canary = healthy_box(tmp_path), Canary()
    assert wrong(canary, one.box()) == set()
    (one.data / "canary").unlink()
    (one.data / "canary").mkdir()
    assert wrong(canary, one.box(INTERVAL_S - 1)) == set()
    assert wrong(canary, one.box(INTERVAL_S)) == {KEY.STORAGE}
    (one.data / "canary").rmdir()
    assert wrong(canary, one.box(2 * INTERVAL_S)) == set()


def test_what_is_wrong_with_the_write_is_named(tmp_path: Path) -> None:
    assert sing(tmp_path / "canary") is None
    assert sing(tmp_path) == (KEY.STORAGE, "write: EISDIR")
    assert sing(Path("/dev/full")) == (KEY.DISK_FULL, "write: ENOSPC")


@pytest.mark.parametrize(
    ("errors", "packets", "keys"),
    [(4, 10, set()), (5, 400, {KEY.LINK_ERRORS}), (5, 1000, set()), (50, 1000, {KEY.LINK_ERRORS})],
)
def test_a_cable_that_loses(
    tmp_path: Path, errors: int, packets: int, keys: set[ProblemKey]
) -> None:
    one, cable = healthy_box(tmp_path), Cable()
    counts = "sys/class/net/eth0/statistics"
    assert KEY.LINK_ERRORS not in states(cable(one.box()))
    spoil(one.root, f"{counts}/rx_errors", str(errors))
    spoil(one.root, f"{counts}/rx_packets", str(90000 + packets))
    assert wrong(cable, one.box(10.0)) == keys
    assert wrong(cable, one.box(20.0)) == set()
    spoil(one.root, f"{counts}/rx_errors", "0")  # the interface was made anew
    assert wrong(cable, one.box(30.0)) == set()


def test_units(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    answer = tmp_path / "answer"
    answer.write_text('[{"unit": "a.service"}, {"unit": "b.service"}]')
    units = Units(("cat", str(answer)))
    finding = units(one.box())
    assert finding.observations[0].detail == "a.service, b.service"
    answer.write_text("[]")
    assert wrong(units, one.box(59.0)) == {KEY.UNIT_FAILED}
    assert wrong(units, one.box(60.0)) == set()
    assert Units(("false",))(one.box()).observations == ()


BOOT = "proc/sys/kernel/random/boot_id"


def reboot(one: RecordedBox, boot: str) -> Reboot:
    spoil(one.root, BOOT, boot)
    return Reboot(one.data / "last-end.json", one.root)


def test_why_the_box_started(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    assert reboot(one, "b1").reason is Reason.FIRST
    assert reboot(one, "b1").reason is Reason.FIRST  # the program fell; the boot is the same
    cut = reboot(one, "b2")
    assert cut.reason is Reason.POWER
    assert wrong(cut, one.box()) == {KEY.RESTARTED}
    spoil(one.root, "proc/uptime", "3600.0 1.0")
    assert wrong(cut, one.box()) == set()
    assert cut(one.box()).facts == {"reboot": "power"}
    cut.stopped()
    assert reboot(one, "b3").reason is Reason.WANTED
    hung = "sys/class/watchdog/watchdog0/bootstatus"
    spoil(one.root, hung, "32")
    assert reboot(one, "b4").reason is Reason.WATCHDOG
    panic = "run/diemcau-last-words/panic"
    spoil(one.root, panic, "Kernel panic - not syncing: Fatal exception")
    told = reboot(one, "b5")  # the watchdog may be what restarts a box whose kernel panicked
    assert told.reason is Reason.PANIC
    assert told(one.box()).facts == {
        "reboot": "panic", "reboot_words": "Kernel panic - not syncing: Fatal exception",
    }  # fmt: skip
    assert reboot(one, "b5")(one.box()).facts["reboot_words"].startswith("Kernel panic")
    spoil(one.root, panic, None)
    spoil(one.root, "sys/fs/pstore/dmesg-ramoops-0", "Panic#1")
    assert reboot(one, "b6").reason is Reason.PANIC


@pytest.mark.parametrize(
    ("register", "options", "reason"),
    [
        (b"\0\0\x10\0", "0x8180", Reason.POWER),
        (b"\0\0\0\x20", "0x8180", Reason.RESET),
        (None, "0x8180", Reason.UNKNOWN),
        (None, "0x81a0", Reason.POWER),  # this watchdog would have said so
    ],
)
def test_a_power_cut_is_told_only_where_it_is_known(
    tmp_path: Path, register: bytes | None, options: str, reason: Reason
) -> None:
    """On a Pi "power" was said of a hung kernel, too: its watchdog remembers nothing."""
    one = healthy_box(tmp_path)
    reboot(one, "b1")
    spoil(one.root, "proc/device-tree/chosen/bootloader/rsts", register)
    spoil(one.root, "sys/class/watchdog/watchdog0/options", options)
    after = reboot(one, "b2")
    assert after.reason is reason
    assert wrong(after, one.box()) == {KEY.RESTARTED}
    after.stopped()
    assert reboot(one, "b3").reason is Reason.WANTED


@pytest.mark.parametrize("mark", ["", "{", "[]", '{"boot_id": 3, "reason": []}'])
def test_a_broken_mark_stops_nothing(tmp_path: Path, mark: str) -> None:
    one = healthy_box(tmp_path)
    (one.data / "last-end.json").write_text(mark)
    assert isinstance(reboot(one, "b1").reason, Reason)
    assert json.loads((one.data / "last-end.json").read_text())["boot_id"] == "b1"


def test_a_round_on_a_healthy_pi_has_no_alarm_and_many_figures(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    runner = CheckRunner(Checklist(one.root, one.data).checks)
    for second in range(0, 120, 10):
        health = runner.run(one.box(float(second)))
    assert health.alarms == ()
    assert health.figures["soc_c"] == 52.4
    assert health.facts["reboot"] == "first"
    assert health.facts["address"] == "192.0.2.2"


def test_an_alarm_comes_in_both_languages_with_its_remedy_and_goes_by_itself(
    tmp_path: Path,
) -> None:
    one = healthy_box(tmp_path)
    runner = CheckRunner(Checklist(one.root, one.data).checks)
    temperature = "sys/class/thermal/thermal_zone0/temp"
    spoil(one.root, temperature, "84200")
    for second in (0.0, 10.0, 20.0):
        health = runner.run(one.box(second))
    (alarm,) = health.alarms
    assert (alarm.key, alarm.code, alarm.severity) == ("hot", "B1", 2)
    assert (alarm.since, alarm.detail) == (NOON, "84.2 °C")
    assert alarm.text == {"vi": "Thiết bị quá nóng", "en": "The box is too hot"}
    assert set(alarm.remedy) == {"vi", "en"}
    spoil(one.root, temperature, "60000")
    for second in (30.0, 60.0, 90.0):
        health = runner.run(one.box(second))
    assert health.alarms == ()


def test_a_check_that_falls_takes_nothing_down(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)

    def falls(_: object) -> None:
        raise RuntimeError("a driver's new form")

    checks: dict[str, Check] = dict(Checklist(one.root, one.data).checks)
    fallen: Callable[..., object] = falls
    checks["temperature"] = fallen  # type: ignore[assignment]
    health = CheckRunner(checks).run(one.box())
    assert health.facts["checks_fallen"] == "temperature"
    assert "memory_free_mb" in health.figures


def test_a_box_in_rescue_says_so_until_the_gate_is_passed(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks["rescue"]
    assert wrong(check, one.box()) == set()
    folder = one.root / RESCUE_FOLDER.removeprefix("/")
    folder.mkdir(parents=True)
    (folder / RESCUE_FLAG).write_text("7\n")
    (observation,) = check(one.box()).observations
    assert (observation.key, observation.state) == (ProblemKey.RESCUE, State.WRONG)
    assert observation.detail == "7 starts in a row"
    (folder / RESCUE_FLAG).unlink()
    assert wrong(check, one.box()) == set()
