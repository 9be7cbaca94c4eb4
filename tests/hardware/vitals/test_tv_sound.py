"""The sound follows the TV: from socket to socket, and nowhere while a TV only sleeps."""

from pathlib import Path

import pytest

from hardware.vitals.tv_sound import TvSound
from tests.hardware.vitals.trees import plant

DRM = "sys/class/drm/card1-HDMI-A"


def plug(root: Path, first: str, second: str = "disconnected", shows: int = 1) -> None:
    plant(root, {f"{DRM}-1/status": first, f"{DRM}-2/status": second,
                 f"{DRM}-1/enabled": "enabled" if shows == 1 else "disabled",
                 f"{DRM}-2/enabled": "enabled" if shows == 2 else "disabled"})  # fmt: skip


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """A Pi 4 with both of its HDMI sound cards and a webcam's microphone."""
    asound = tmp_path / "proc/asound"
    for number, name in enumerate(("tv", "tv2", "mic")):
        (asound / f"card{number}").mkdir(parents=True)
        (asound / name).symlink_to(f"card{number}")
    return tmp_path


def test_the_sound_follows_the_tv_from_socket_to_socket(pi: Path) -> None:
    sound = TvSound(pi)
    plug(pi, "connected")
    assert sound().device == "sysdefault:CARD=tv"
    assert sound().cards == {"tv", "tv2", "mic"}
    plug(pi, "disconnected", "connected", shows=2)
    assert sound().device == "sysdefault:CARD=tv2"


@pytest.mark.parametrize(("shows", "card"), [(1, "tv"), (2, "tv2")])
def test_of_two_tvs_the_one_with_the_picture_has_the_sound(pi: Path, shows: int, card: str) -> None:
    plug(pi, "connected", "connected", shows)
    assert TvSound(pi)().device == f"sysdefault:CARD={card}"


def test_a_tv_in_standby_does_not_move_the_sound(pi: Path) -> None:
    sound = TvSound(pi)
    plug(pi, "disconnected", "connected", shows=2)
    before = sound()
    plug(pi, "disconnected", "disconnected", shows=0)
    assert sound() == before
    plug(pi, "connected", "connected", shows=0)  # both come back, and none shows anything yet
    assert sound() == before


def test_without_a_card_of_the_sockets_own_it_is_alsas_default(pi: Path) -> None:
    (pi / "proc/asound/tv2").unlink()
    plug(pi, "disconnected", "connected", shows=2)
    assert TvSound(pi)().device == ""
    assert TvSound(pi / "nowhere")().device == ""


SPEAKERPHONE: dict[str, str | bytes] = {
    "proc/asound/cards": " 0 [mic            ]: USB-Audio - Jabra SPEAK 510 USB\n"
    " 1 [C920           ]: USB-Audio - HD Pro Webcam C920\n",
    "proc/asound/card0/usbid": "0b0e:0422\n",
    "proc/asound/card0/pcm0p/info": "card: 0\n",
    "proc/asound/card0/pcm0c/info": "card: 0\n",
    "proc/asound/card1/usbid": "046d:082d\n",
    "proc/asound/card1/pcm0c/info": "card: 1\n",
}


def test_on_a_pi_5_what_is_on_usb_is_heard_in_the_tvs_place(tmp_path: Path) -> None:
    """A speakerphone is one card, called ``mic``; a webcam has no loudspeaker."""
    plug(tmp_path, "connected")
    sound = TvSound(tmp_path, by_usb=True)
    assert sound().device == "", "nothing to be heard by"
    plant(tmp_path, SPEAKERPHONE)
    for number, name in enumerate(("mic", "C920")):
        (tmp_path / "proc/asound" / name).symlink_to(f"card{number}")
    assert sound().device == "sysdefault:CARD=mic"
    assert TvSound(tmp_path)().device == "", "on a Pi 4 HDMI's card comes late"
    (tmp_path / "proc/asound/tv").symlink_to("card7")
    assert sound().device == "sysdefault:CARD=tv", "a kernel whose HDMI has sound"
