"""Which shared libraries of a root nothing names."""

import os
from pathlib import Path

from image.recipe.unnamed import LIBRARIES, names, unnamed


def library(root: Path, name: str, *named: str, link: str = "") -> None:
    """One that is called by its own name and by `link`, and names others."""
    folder = root / LIBRARIES
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"\x7fELF\0" + b"\0".join(other.encode() for other in named))
    if link:
        (folder / link).symlink_to(name)


def program(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def gone(root: Path) -> set[str]:
    return {path.name for path in unnamed(root)}


def test_what_a_program_links_stays_with_all_that_it_needs(tmp_path: Path) -> None:
    program(tmp_path, "usr/bin/player", "\0libvlc.so.5\0libc.so.6\0")
    library(tmp_path, "libvlc.so.5.6.1", "libvlccore.so.9", link="libvlc.so.5")
    library(tmp_path, "libvlccore.so.9.0.1", "libc.so.6", link="libvlccore.so.9")
    library(tmp_path, "libc.so.6")
    assert gone(tmp_path) == set()


def test_what_only_the_unnamed_name_goes_with_its_links(tmp_path: Path) -> None:
    program(tmp_path, "usr/bin/player", "libc.so.6")
    library(tmp_path, "libc.so.6")
    library(tmp_path, "libavformat.so.61.7", "libavcodec.so.61", link="libavformat.so.61")
    library(tmp_path, "libavcodec.so.61.19", "libavformat.so.61", link="libavcodec.so.61")
    assert gone(tmp_path) == {
        "libavformat.so.61.7",
        "libavformat.so.61",
        "libavcodec.so.61.19",
        "libavcodec.so.61",
    }


def test_a_name_in_a_script_or_a_plug_in_keeps_a_library(tmp_path: Path) -> None:
    program(tmp_path, "usr/lib/python3/vlc.py", "ctypes.CDLL('libvlc.so.5')")
    program(tmp_path, f"{LIBRARIES}/vlc/plugins/libalsa_plugin.so", "libasound.so.2")
    library(tmp_path, "libvlc.so.5")
    library(tmp_path, "libasound.so.2.0.0", link="libasound.so.2")
    library(tmp_path, "libasound.so.20")
    assert gone(tmp_path) == {"libasound.so.20"}


def test_a_link_from_elsewhere_keeps_what_it_leads_to(tmp_path: Path) -> None:
    library(tmp_path, "libseat.so.1.9.1")
    (tmp_path / "usr/bin").mkdir()
    (tmp_path / "usr/bin/seat").symlink_to(f"/{LIBRARIES}/libseat.so.1.9.1")
    assert gone(tmp_path) == set()


def test_name_services_stay_though_their_names_are_put_together(tmp_path: Path) -> None:
    library(tmp_path, "libnss_files.so.2", "libc.so.6")
    library(tmp_path, "libc.so.6")
    assert gone(tmp_path) == set()


def test_devices_and_pipes_of_a_root_are_not_read(tmp_path: Path) -> None:
    library(tmp_path, "libaom.so.3")
    os.mkfifo(tmp_path / "pipe")
    assert gone(tmp_path) == {"libaom.so.3"}


def test_names_in_a_binary() -> None:
    assert names(b"\0libstdc++.so.6\0x/libfoo-2.0.so.1.2.3\0note.so\0.sort") == {
        b"libstdc++.so.6",
        b"libfoo-2.0.so.1.2.3",
        b"note.so",
        b".so",
    }
