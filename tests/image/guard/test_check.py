"""What a board lacks is told by name, with the place where it is missing and the chain to it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image.guard.check import Board, Gap
from image.guard.device_tree import read
from image.guard.kernel import Kernel
from tests.image.guard.boards import INITRAMFS, INSIDE, MODULES, PI4, Made, kernel_files, tree_file


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Gap]]:
    def held(
        *,
        source: str = PI4,
        without: Collection[str] = (),
        initramfs: Collection[str] = INITRAMFS,
        inside: Collection[str] = INSIDE,
        modules: Mapping[str, Made] = MODULES,
    ) -> list[Gap]:
        folder = tmp_path_factory.mktemp("check")
        files = kernel_files(
            folder, without=without, initramfs=initramfs, inside=inside, modules=modules
        )
        kernel = Kernel(files.kernel, files.modules, files.whole)
        gaps = Board(read(tree_file(folder, source)), kernel, files.initramfs).gaps()
        return [replace(one, text=one.text.replace(f"{folder}/", "")) for one in gaps]

    return held


Check = Callable[..., list[Gap]]


def test_a_board_with_all_its_drivers_passes(check: Check) -> None:
    assert check() == []


def without(*names: str) -> tuple[str, ...]:
    return tuple(name for name in INITRAMFS if name not in names)


def test_the_two_that_kept_every_pi_4_from_its_card(check: Check) -> None:
    """Commit 5cf03ec: an initramfs without them waits for the card for ever."""
    io, vcc = check(initramfs=without("fixed", "gpio_regulator"))
    assert str(io) == (
        "bcm2711-small: card: module gpio_regulator is not in the initramfs (add it to "
        "modules.txt), for /regulator-sd-io-1v8 (regulator-gpio): "
        "/emmc2bus/mmc@7e340000 → vqmmc-supply → /regulator-sd-io-1v8"
    )
    assert str(vcc) == (
        "bcm2711-small: card: module fixed is not in the initramfs (add it to "
        "modules.txt), for /regulator-sd-vcc (regulator-fixed): "
        "/emmc2bus/mmc@7e340000 → vmmc-supply → /regulator-sd-vcc"
    )


OF_THE_ROOT = INITRAMFS[6:-2]
"""The last two come with ext4 and dm_verity, whether they are listed or not."""


@pytest.mark.parametrize("name", INITRAMFS[:6])
def test_each_module_of_the_initramfs_is_missed_when_it_is_taken_out(
    check: Check, name: str
) -> None:
    (gap,) = check(initramfs=without(name))
    assert f"module {name} is not in the initramfs" in gap.text
    others = {"bcm2835_wdt": "watchdog", "ramoops": "last words"}
    assert gap.role == others.get(name, "card")


@pytest.mark.parametrize("name", OF_THE_ROOT)
def test_what_opens_the_root_is_missed_too(check: Check, name: str) -> None:
    """No tree asks for it."""
    gaps = check(initramfs=without(name))
    assert [(one.role, one.text.split(",")[0]) for one in gaps] == [
        ("start", f"module {name} is not in the initramfs (add it to modules.txt)")
    ]


def test_what_a_later_kernel_calls_by_another_name_is_not_missed(check: Check) -> None:
    """6.12 has SHA-256 as `sha256_generic`, which is also called `sha256`; 7.3 calls it that."""
    later = {name: made for name, made in MODULES.items() if name != "sha256_generic"}
    left = without("sha256_generic")
    assert check(modules={**later, "sha256": Made()}, initramfs=[*left, "sha256"]) == []
    (gap,) = check(modules=later, initramfs=left)
    assert gap.text.startswith("kernel 6.12.0-arm64 has no module sha256, for the root's checking")


@settings(max_examples=15)
@given(st.sets(st.sampled_from(INITRAMFS[:-2])))
def test_whatever_is_taken_out_is_named_and_nothing_else(check: Check, gone: set[str]) -> None:
    named = {one.text.split()[1] for one in check(initramfs=without(*gone))}
    assert named == gone


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("genet", ["network"]),
        ("mdio-bcm-unimac", ["network"]),
        ("broadcom", ["network"]),
        ("reset-raspberrypi", ["USB"]),
        ("xhci-pci", ["USB"]),
        ("uvcvideo", ["USB"]),
        ("snd-usb-audio", ["USB"]),
        ("usbhid", ["USB"]),
        ("vfat", ["USB"]),
        ("snd-soc-hdmi-codec", ["HDMI", "sound"]),
        ("drm", ["HDMI"]),
        ("brcmfmac", ["Wi-Fi"]),
        ("bcm2711-thermal", ["heat"]),
    ],
)
def test_each_module_of_the_root_is_missed_when_it_is_taken_out(
    check: Check, name: str, roles: list[str]
) -> None:
    found = check(without={name})
    assert [one.role for one in found] == roles
    for gap in found:
        assert f"module {name.replace('-', '_')} is not in the root" in gap.text or (
            f"has no module {name.replace('-', '_')}" in gap.text
        )


def test_without_vc4_nothing_of_the_picture_is_driven(check: Check) -> None:
    found = {one.text.split(" for /")[0] for one in check(without={"vc4"}) if one.role == "HDMI"}
    assert found == {
        "module vc4 is not in the root (image/recipe/trim-modules takes it out),",
        "no driver of kernel 6.12.0-arm64 for brcm,bcm2711-hvs",
        "no driver of kernel 6.12.0-arm64 for brcm,bcm2711-hdmi0",
    }


def test_a_module_that_another_asks_for_is_told_with_it(check: Check) -> None:
    (gap,) = check(without={"drm"})
    assert ", which the module vc4 asks for, for /gpu (brcm,bcm2711-vc5): /gpu" in gap.text


@pytest.mark.parametrize(
    ("word", "roles"),
    [
        ("brcm,bcm2711-cprman", {"card", "watchdog"}),
        ("raspberrypi,firmware-gpio", {"card", "GPIO"}),
        ("raspberrypi,bcm2835-firmware", {"card", "USB", "GPIO"}),
        ("brcm,bcm2835-dma", {"HDMI", "sound"}),
        ("brcm,bcm2711-pcie", {"USB"}),
        ("fixed-clock", {"card", "watchdog"}),
    ],
)
def test_what_the_kernel_no_longer_drives_is_missed_however_far_away(
    check: Check, word: str, roles: set[str]
) -> None:
    found = check(inside=[one for one in INSIDE if one != word])
    assert {one.role for one in found} == roles
    assert all(f"no driver of kernel 6.12.0-arm64 for {word}" in one.text for one in found)


def test_what_a_node_is_besides_is_no_driver_of_it(check: Check) -> None:
    """The firmware is also a "simple-mfd", which every kernel knows."""
    (line, *_) = check(inside=[one for one in INSIDE if one != "raspberrypi,bcm2835-firmware"])
    assert "raspberrypi,bcm2835-firmware, simple-mfd" in line.text


def test_a_block_of_registers_needs_no_driver(check: Check) -> None:
    """The thermometer of a Pi 4 lies in one."""
    source = PI4.replace("clocks = <&cprman 51>;", "clocks = <&cprman 51>; phys = <&monitor>;")
    assert source != PI4
    assert check(source=source) == []


def test_what_is_switched_off_is_not_waited_for(check: Check) -> None:
    """So is the camera's port, which a clock of the Pi 4 names."""
    (line, *_) = check(source=PI4.replace('status = "disabled"', 'status = "okay"'))
    assert "/soc/dsi@7e209000 (brcm,bcm2835-dsi0)" in line.text


def test_a_reader_with_wifi_on_it_is_not_the_cards(check: Check) -> None:
    source = PI4.replace("pinctrl-0 = <&wifi>", "iommus = <&reset 0>")
    assert check(source=source) == []
    (gap,) = check(source=source.replace("wifi@1 {", "disk@1 {"))
    assert "module reset_raspberrypi is not in the initramfs" in gap.text
    assert "/soc/mmc@7e300000 → iommus → /soc/firmware/reset" in gap.text


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("mmc@7e340000", "card"),
        ("watchdog@7e100000", "watchdog"),
        ("ethernet@7d580000", "network"),
        ("usb@0,0", "USB"),
    ],
)
def test_a_tree_without_a_node_for_something_is_told(check: Check, kind: str, role: str) -> None:
    found = check(source=PI4.replace(f"{kind} {{", f"thing@{kind.partition('@')[2]} {{"))
    assert (role, f"no node of the tree that is enabled is for {role}") in [
        (one.role, one.text) for one in found
    ]


def test_an_alias_that_leads_nowhere_is_told(check: Check) -> None:
    """As the recipe's own did in kernel 7.3, where a Pi 4's reader has another path."""
    (gap,) = check(source=PI4.replace("mmc0 = &emmc2", 'mmc0 = "/emmc2-bus@fe000000/mmc@7e340000"'))
    assert (gap.role, gap.text) == (
        "aliases",
        "mmc0 leads to /emmc2-bus@fe000000/mmc@7e340000, which is not in the tree",
    )


def test_u_boots_first_reader_has_to_be_the_cards(check: Check) -> None:
    (gap,) = check(source=PI4.replace("mmc0 = &emmc2", 'mmc0 = "/soc/mmc@7e300000"'))
    assert gap.text == (
        "mmc0 leads to /soc/mmc@7e300000, and the card's reader is /emmc2bus/mmc@7e340000"
    )


def test_a_known_limit_is_told_and_is_no_fault(check: Check) -> None:
    source = PI4.replace('"brcm,bcm2711"', '"brcm,bcm2712"').replace("dmas = <&dma 10>;", "")
    (gap,) = check(source=source)
    assert (gap.role, gap.known) == ("sound", True)
    assert "speakerphone on USB" in gap.text
    (gap,) = check(source=PI4.replace("dmas = <&dma 10>;", ""))
    assert (gap.role, gap.known) == ("sound", False)


def test_what_not_every_board_has_is_missed_where_it_has_it(check: Check) -> None:
    """A CM4 without Wi-Fi is whole, and so is a tree without memory for a panic's last words."""
    for kind in ("wifi@1", "thermal {", "ramoops@b000000"):
        assert check(source=PI4.replace(kind, kind.replace(kind[:4], "none", 1))) == [], kind


def test_a_known_limit_hides_nothing_else(check: Check) -> None:
    """Who knows that a Pi 5 has no sound by HDMI still learns that it lost what would make it."""
    source = PI4.replace('"brcm,bcm2711"', '"brcm,bcm2712"')
    gaps = check(source=source, without={"snd-soc-hdmi-codec"})
    assert [one.known for one in gaps if one.role == "sound"] == [False]


@pytest.mark.parametrize(
    ("board", "there", "told"),
    [
        ("4-model-b", ["43455-sdio.raspberrypi,4-model-b.txt", "43455-sdio.bin"], []),
        (
            "4-model-b",
            ["43455-sdio.raspberrypi,4-model-b.txt"],
            [(False, "no firmware brcm/brcmfmac43455-sdio.bin for raspberrypi,4-model-b")],
        ),
        (
            "4-model-b",
            ["43455-sdio.bin"],
            [(False, "no firmware brcm/*.raspberrypi,4-model-b.txt")],
        ),
        (
            "400",
            ["43455-sdio.bin"],
            [(True, "a Pi 400 has no Wi-Fi: Debian has no firmware for its 43456")],
        ),
    ],
)
def test_wifi_needs_its_firmware_and_the_boards_settings(
    tmp_path: Path, board: str, there: list[str], told: list[tuple[bool, str]]
) -> None:
    (tmp_path / "brcm").mkdir()
    for name in there:
        (tmp_path / "brcm" / f"brcmfmac{name}").touch()
    files = kernel_files(tmp_path)
    tree = read(tree_file(tmp_path, PI4.replace("raspberrypi,4-model-b", f"raspberrypi,{board}")))
    kernel = Kernel(files.kernel, files.modules, files.whole)
    gaps = Board(tree, kernel, files.initramfs, tmp_path).gaps()
    assert [(one.known, one.text.replace(f"{tmp_path}/", "")) for one in gaps] == told
    assert all(one.role == "Wi-Fi" for one in gaps)


def test_a_damaged_reference_is_told(check: Check) -> None:
    found = check(source=PI4.replace("clocks = <&cprman 51>", "clocks = <0x77 51>"))
    assert [one.text for one in found] == [
        "/emmc2bus/mmc@7e340000 names no node of the tree by clocks"
    ]


def test_a_module_that_a_later_kernel_has_inside_is_not_missed(check: Check) -> None:
    inside = [*INSIDE, "regulator-fixed", "regulator-gpio"]
    assert check(inside=inside, without={"fixed"}, initramfs=without("gpio_regulator")) == []


def test_every_module_of_the_small_board_is_needed_by_something(check: Check) -> None:
    """Else the tests above would take out what nobody misses."""
    for name in MODULES:
        assert check(without={name}) != [], name
