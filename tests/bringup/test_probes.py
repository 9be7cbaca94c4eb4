"""Cameras, CEC, threads and microphones, asked as the kernel is: a device is a small function."""

import errno
import struct
from pathlib import Path

import numpy as np
import pytest

from services.bringup.probes import camera, cec
from services.bringup.probes.ioctls import READ, WRITE, request
from services.bringup.probes.threads import measure, shares, ticks
from services.bringup.probes.tone import RATE, play, samples
from services.bringup.usb_sound import usb_microphones
from tests.hardware.vitals.trees import plant

OFFERED = {
    b"YUYV": {(1280, 720): ((1, 10),), (640, 480): ((1, 30), (1, 15))},
    b"MJPG": {(1920, 1080): ((1, 30),), (1280, 720): ((1, 60), (1, 30)), (320, 240): ((1, 30),)},
}


def webcam(number: int, structure: bytearray) -> None:
    """A UVC camera's answers (kernel: uvc_v4l2.c)."""
    index, *_ = struct.unpack_from("<I", structure)
    if number == camera.CAPABILITIES:
        struct.pack_into("<II", structure, 84, 0x84A00001, 0x04200001)
        return
    if number == camera.FORMAT and index < len(OFFERED):
        structure[44:48] = list(OFFERED)[index]
        return
    code = bytes(structure[4:8])
    if number == camera.FRAME_SIZE and index < len(OFFERED[code]):
        struct.pack_into("<III", structure, 8, camera.DISCRETE, *list(OFFERED[code])[index])
        return
    if number == camera.FRAME_INTERVAL:
        rates = OFFERED[code][struct.unpack_from("<II", structure, 8)]
        if index < len(rates):
            struct.pack_into("<III", structure, 16, camera.DISCRETE, *rates[index])
            return
    raise OSError(errno.EINVAL, "Invalid argument")


def test_a_camera_says_what_it_offers() -> None:
    assert camera.captures(webcam)
    assert list(camera.offers(webcam)) == [
        "YUYV 1280x720@10",
        "YUYV 640x480@30",
        "MJPG 1920x1080@30",
        "MJPG 1280x720@60",
    ]


def test_a_driver_without_an_end_is_left() -> None:
    def endless(number: int, structure: bytearray) -> None:
        if number == camera.FORMAT:
            structure[44:48] = b"MJPG"
        elif number == camera.FRAME_SIZE:
            struct.pack_into("<III", structure, 8, camera.DISCRETE, 1280, 720)
        else:
            struct.pack_into("<III", structure, 16, camera.DISCRETE, 1, 30)

    assert len(list(camera.offers(endless))) == camera.MAX_ENTRIES


def test_no_camera_and_one_that_is_gone_are_words(tmp_path: Path) -> None:
    assert camera.cameras(tmp_path, tmp_path) == "no camera"
    plant(tmp_path, {"sys/class/video4linux/video0/index": "0\n"})
    assert camera.cameras(tmp_path, tmp_path) == "video0 No such file or directory"
    (tmp_path / "video0").write_bytes(b"")
    assert camera.cameras(tmp_path, tmp_path) == "video0 Inappropriate ioctl for device"


def test_requests_are_those_of_the_kernels_headers() -> None:
    # Printed by a C program with <linux/videodev2.h> and <linux/cec.h>.
    assert camera.CAPABILITIES == 0x80685600
    assert camera.FORMAT == 0xC0405602
    assert camera.FRAME_SIZE == 0xC02C564A
    assert camera.FRAME_INTERVAL == 0xC034564B
    assert cec.CAPABILITIES == 0xC04C6100
    assert cec.PHYSICAL_ADDRESS == 0x80026101
    assert cec.GET_LOGICAL == 0x805C6103
    assert cec.SET_LOGICAL == 0xC05C6104
    assert cec.TRANSMIT == 0xC0386105
    assert request(READ | WRITE, "a", 5, 56) == cec.TRANSMIT


class Adapter:
    """A vc4 adapter with a TV that takes messages, or none (kernel: cec-api.c)."""

    def __init__(self, *, place: int = 0x1000, sent: int = cec.DONE, power: int | None = 0) -> None:
        self.place, self.sent, self.power = place, sent, power
        self.claimed = False

    def __call__(self, number: int, structure: bytearray) -> None:
        if number == cec.CAPABILITIES:
            structure[:3] = b"vc4"
        elif number == cec.PHYSICAL_ADDRESS:
            struct.pack_into("<H", structure, 0, self.place)
        elif number == cec.GET_LOGICAL:
            structure[7] = int(self.claimed)
        elif number == cec.SET_LOGICAL:
            assert (structure[31], structure[35], structure[39]) == (4, 3, 0x10)
            assert (structure[6], structure[7]) == (cec.VERSION_1_4, 1)
            self.claimed, structure[0] = True, 4
        else:
            assert number == cec.TRANSMIT
            assert struct.unpack_from("<II", structure, 16) == (2, cec.REPLY_MS)
            assert bytes(structure[32:34]) == bytes((0x40, cec.GIVE_POWER_STATUS))
            structure[50] = self.sent
            structure[49] = 2 if self.power is None else cec.DONE
            structure[34] = self.power or 0


@pytest.mark.parametrize(
    ("adapter", "told"),
    [
        (Adapter(), "vc4 at 1.0.0.0: the TV answers, it is on"),
        (Adapter(power=1), "vc4 at 1.0.0.0: the TV answers, it is standby"),
        (Adapter(sent=0x24), "vc4 at 1.0.0.0: the TV is silent (sent 0x24)"),
        (Adapter(power=None), "vc4 at 1.0.0.0: the TV takes messages, and is silent (got 0x2)"),
        (Adapter(place=0xFFFF), "vc4: no TV, or one without an address"),
    ],
)
def test_the_tv_is_asked_whether_it_is_on(adapter: Adapter, told: str) -> None:
    assert cec.power_status(adapter) == told


def test_threads_are_told_by_what_they_take() -> None:
    before = {"1": ("systemd", 100), "7": ("video-encode", 1000), "8": ("gone", 5)}
    after = {"1": ("systemd", 101), "7": ("video-encode", 1550), "9": ("new", 90)}
    assert shares(before, after, 1000.0, 4) == "all 14 % of 4 cores; 55 % video-encode, 0 % systemd"


def test_this_very_thread_is_among_them(tmp_path: Path) -> None:
    assert any("python" in name or "pytest" in name for name, _ in ticks(Path("/")).values())
    assert measure(Path("/"), 0.05).startswith("all ")
    odd = plant(tmp_path, {"proc/12/task/12/stat": "12 (a) b) R 1 2 3 4 5 6 7 8 9 10 70 30 0"})
    assert ticks(odd) == {"12": ("a) b", 100)}


def test_the_tone_is_of_440_hz_and_a_box_without_a_card_says_so(tmp_path: Path) -> None:
    left = samples()[0, ::2].astype(float)
    assert np.abs(np.fft.rfft(left)).argmax() * RATE / left.size == pytest.approx(440)
    assert play(tmp_path) == "no sound card"


def test_a_cameras_microphone_is_told_from_a_speakerphones(tmp_path: Path) -> None:
    def card(number: int, name: str, classes: tuple[str, ...], kind: str = "c") -> None:
        device = tmp_path / f"sys/devices/usb1/1-{number}"
        for place, one in enumerate(classes):
            plant(device, {f"1-{number}:1.{place}/bInterfaceClass": f"{one}\n"})
        plant(tmp_path, {f"proc/asound/card{number}/pcm0{kind}/info": "",
                         f"sys/class/sound/card{number}/id": f"{name}\n"})  # fmt: skip
        (tmp_path / f"sys/class/sound/card{number}/device").symlink_to(device / f"1-{number}:1.0")

    card(1, "mic", ("01", "01", "03"))
    card(2, "C920", ("01", "0e", "0e"))
    card(3, "Headset", ("01",), kind="p")
    plant(tmp_path, {"proc/asound/card0/pcm0p/info": "", "sys/class/sound/card0/id": "tv\n"})
    assert usb_microphones(tmp_path) == {"mic": False, "C920": True}
