"""Prepares a card for a run: a site file, and a shell on a wire that only the emulator has.

The image itself is the one that ships: no login, no password. The shell comes by the kernel's
command line, which stands on the card's boot partition: whoever holds the card holds the box.
"""

import base64
import shutil
from pathlib import Path

from tests.image.machine.guest.emulator import ROOT, in_tools

SHELL = """\
[Unit]
DefaultDependencies=no
After=sysinit.target
[Service]
Environment=PATH=/usr/sbin:/usr/bin TERM=dumb
ExecStart=/bin/bash --norc
StandardInput=tty-force
TTYPath=/dev/{tty}
Restart=always
"""
SITE = """\
[site]
id = "ia-kly"
name = "Xã Ia Kly"

[agenda]
url = "http://10.0.2.2:{port}/ia-kly.ics"

[camera]
source = "file:/data/camera.mp4"
width = 320
height = 180
fps = 5

[microphone]
source = "none"

[call]
bitrate = 150000

[tv]
width = 640
height = 360

[clock]
trust = "always"

[sip]
password_file = "/data/site/secrets/sip-password"

[secrets]
sip_password = "Khong-ai-biet"
"""
DATA = (4 + 64 + 2 * 640) * 2**20
"""Where the data partition begins on the card, in bytes."""
DATA_MIB = 64


def prepare(
    card: Path,
    site: str | None,
    *,
    kernel_words: str = "",
    flavour: str = "virt",
    tty: str = "hvc0",
) -> None:
    """Put `site` on the card and a shell, on the guest's `tty`, onto the kernel's command line."""
    folder = card.parent
    here = folder.relative_to(ROOT)
    boot = f"{card.relative_to(ROOT)}@@4M"
    if site is not None:
        (folder / "site.toml").write_text(site)
        in_tools("mcopy", "-o", "-i", boot, f"{here}/site.toml", "::site.toml")
    words = f"systemd.wants=ask.service {_unit('extra-unit.ask', SHELL.format(tty=tty))}"
    board = (ROOT / f"image/boot/{flavour}.env").read_text().rstrip("\n")
    (folder / "board.env").write_text(f"{board} {words} {kernel_words}\n")
    in_tools("mcopy", "-o", "-i", boot, f"{here}/board.env", "::board.env")


def drop_in(unit: str, text: str) -> str:
    """The kernel's words that change a unit of the guest, as a file in its drop-in folder would."""
    return _unit(f"unit-dropin.{unit}", text)


def _unit(name: str, text: str) -> str:
    return credential(f"systemd.{name}.service", text)


def credential(name: str, text: str) -> str:
    """The kernel's word that gives the guest a credential (systemd.system-credentials(7))."""
    content = base64.b64encode(text.encode()).decode()
    return f"systemd.set_credential_binary={name}:{content}"


def on_card(card: Path, name: str) -> str:
    """A file of the card's boot partition, as a PC would read it."""
    return in_tools("mtype", "-i", f"{card.relative_to(ROOT)}@@4M", f"::{name}")


def with_data(card: Path, *files: Path) -> None:
    """The card's data partition made anew, with `files` in it."""
    folder = card.parent / "data"
    folder.mkdir(exist_ok=True)
    for file in files:
        shutil.copy(file, folder)
    image = card.parent / "data.img"
    image.unlink(missing_ok=True)
    here = card.parent.relative_to(ROOT)
    in_tools("mke2fs", "-q", "-t", "ext4", "-L", "data", "-d", f"{here}/data",
             f"{here}/data.img", f"{DATA_MIB}M")  # fmt: skip
    with card.open("r+b") as disk:
        disk.seek(DATA)
        disk.write(image.read_bytes())
