"""The TV's loudspeaker and the microphone, by name, in the order that serves nobody: loop cards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.vitals.tv_sound import CARDS
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of
from tests.image.machine.guest.questions import SITE, prepare, with_data

RULES = ROOT / "image/root/etc/udev/rules.d/61-diemcau.rules"
CAPTURE = """\
import av
card = av.open("default", format="alsa")
packets = card.demux(card.streams.audio[0])
print(sum(next(packets).size for _ in range(20)) > 0)
print(open("/proc/asound/mic/pcm0c/sub0/status").read())
"""
PLAYBACK = """\
import av, numpy
card = av.open("default", "w", format="alsa")
stream = card.add_stream("pcm_s16le", rate=48000, layout="stereo")
for _ in range(20):
    frame = av.AudioFrame.from_ndarray(numpy.zeros((1, 9600), numpy.int16), "s16", "stereo")
    frame.sample_rate = 48000
    card.mux(stream.encode(frame))
print(open("/proc/asound/tv/pcm0p/sub0/status").read())
"""
PLACES = "ALSA_CONFIG_DIR=/usr/share/alsa ALSA_CONFIG_PATH=/usr/share/alsa/alsa.conf"


@pytest.fixture(scope="module")
def box() -> Iterator[Machine]:
    """A microphone as the first card, the TV's two as the next: loop cards in the real kernel.

    No emulator here has a microphone on USB (dummy_hcd knows no isochronous transfer), so of the
    rule that names it the words about USB are left out, and it is bound to the first card.
    """
    (rule,) = [line for line in RULES.read_text().splitlines() if '"mic"' in line]
    loose = rule.replace(' SUBSYSTEMS=="usb",', "").replace("pcmC*D0c", "pcmC0D0c")
    assert loose != rule
    card = copy_of(BUILD / "diemcau-virt.img", BUILD / "sound")
    with_data(card, _written(BUILD / "sound/capture.py", CAPTURE),
              _written(BUILD / "sound/playback.py", PLAYBACK))  # fmt: skip
    prepare(card, SITE.format(port=9))
    with Machine(card) as machine:
        machine.ask(f"mkdir -p /run/udev/rules.d; echo '{loose}' > /run/udev/rules.d/62-loop.rules")
        machine.ask("udevadm control --reload")
        machine.ask(
            "modprobe snd-aloop enable=1,1,1 index=0,1,2 id=Webcam,vc4hdmi0,vc4hdmi1"
            " pcm_substreams=1,1,1"
        )
        machine.ask("udevadm settle; until [ -e /proc/asound/tv ]; do sleep 1; done", within=120.0)
        yield machine


@pytest.mark.timeout(PATIENCE)
def test_people_are_heard_by_the_microphone_on_usb(box: Machine) -> None:
    said = box.ask(f"{PLACES} python3 /data/capture.py")
    assert said.startswith("True\nstate: RUNNING"), said


@pytest.mark.timeout(PATIENCE)
def test_people_hear_by_the_tv(box: Machine) -> None:
    said = box.ask(f"{PLACES} python3 /data/playback.py")
    assert said.startswith("state: RUNNING"), said


@pytest.mark.timeout(PATIENCE)
def test_the_other_sockets_card_has_a_name_that_the_endpoint_asks_for(box: Machine) -> None:
    there = box.ask(
        "until [ -e /proc/asound/tv2 ]; do sleep 1; done; ls /proc/asound", within=120.0
    )
    assert set(CARDS.values()) <= set(there.split())


def _written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file
