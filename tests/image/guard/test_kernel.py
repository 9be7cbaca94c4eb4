"""Whom a kernel answers to: by the tables of depmod, and by those within kernel and modules."""

import lzma
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image.guard.kernel import Answer, Kernel, NotAKernelError, listed, module_name
from tests.image.guard.boards import Files, Made, kernel_files, tables


def read(files: Files, whole: bool = True) -> Kernel:
    return Kernel(files.kernel, files.modules, files.whole if whole else None)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return read(kernel_files(tmp_path))


def test_what_the_kernel_drives_itself_is_found_in_its_own_bytes(kernel: Kernel) -> None:
    assert kernel.answers("arm,gic-400") == Answer(True)
    assert kernel.answers("brcm,bcm2711-cprman") == Answer(True)


def test_a_word_alone_is_no_driver(tmp_path: Path) -> None:
    """Code that asks "is this a bcm2711?" has the word, too, but not in a match table."""
    files = kernel_files(tmp_path)
    said = b"\0brcm,bcm2711-said\0no table here" + bytes(200) + b"xbrcm,bcm2711-end" + bytes(200)
    files.kernel.write_bytes(files.kernel.read_bytes() + said)
    assert not read(files).answers("brcm,bcm2711-said")
    assert not read(files).answers("brcm,bcm2711-end")


word = st.from_regex(r"[a-z]{2,6},[a-z0-9-]{1,40}", fullmatch=True)


@settings(max_examples=20)
@given(st.lists(word, min_size=1, max_size=6, unique=True), word)
def test_every_word_of_a_table_is_found_and_no_beginning_of_one(
    words: list[str], other: str
) -> None:
    with TemporaryDirectory() as folder:
        kernel = read(kernel_files(Path(folder), inside=words, modules={}))
    assert all(kernel.answers(one).built_in for one in words)
    assert kernel.answers(other).built_in == (other in words)


def test_modules_are_found_by_their_aliases(kernel: Kernel) -> None:
    assert kernel.answers("regulator-gpio") == Answer(False, frozenset({"gpio_regulator"}))
    assert not kernel.answers("regulator-gpi")
    assert not kernel.answers("brcm,bcm2711-hvs"), "vc4 has no alias for it"


def test_built_in_modules_may_say_what_they_answer_to(tmp_path: Path) -> None:
    files = kernel_files(tmp_path)
    path = files.modules / "modules.builtin.modinfo"
    path.write_bytes(path.read_bytes() + b"mbox.alias=of:N*T*Csome,mailbox\0")
    kernel = read(files)
    assert kernel.answers("some,mailbox").built_in
    assert {"raspberrypi", "bcm2835_power", "mbox"} <= kernel.inside


def test_devices_of_pci_and_usb_are_known_by_their_numbers(tmp_path: Path) -> None:
    chips = {
        "rp1-pci": Made(aliases=("pci:v00001DE4d00000001sv*sd*bc*sc*i*",)),
        "lan78xx": Made(aliases=("usb:v0424p7800d*dc*dsc*dp*ic*isc*ip*in*",)),
    }
    kernel = read(kernel_files(tmp_path, modules=chips))
    assert kernel.answers("pci1de4,1").modules == {"rp1_pci"}
    assert kernel.answers("usb424,7800").modules == {"lan78xx"}
    assert not kernel.answers("usb424,ec00")
    assert not kernel.answers("pci1de4,2")


def test_a_module_of_a_trimmed_root_is_still_known_by_name(tmp_path: Path) -> None:
    files = kernel_files(tmp_path, without={"genet"})
    assert read(files).answers("brcm,bcm2711-genet-v5").modules == {"genet"}
    assert read(files).taken_out == {"genet"}
    assert not read(files, whole=False).answers("brcm,bcm2711-genet-v5")
    assert "genet" not in read(files).names


def test_a_module_knows_more_than_its_alias_says(kernel: Kernel) -> None:
    assert kernel.with_table(["genet", "vc4"], "brcm,bcm2711-hvs") == "vc4"
    assert kernel.with_table(["genet"], "brcm,bcm2711-hvs") is None
    assert kernel.with_table(["not_there"], "brcm,bcm2711-hvs") is None


def test_what_a_module_says_of_itself(kernel: Kernel) -> None:
    assert kernel.info("vc4", "softdep") == ["pre: snd-soc-hdmi-codec"]
    assert kernel.info("vc4", "depends") == ["drm"]
    assert kernel.info("fixed", "firmware") == []
    assert kernel.info("not_there", "depends") == []


def test_modules_may_lie_uncompressed(tmp_path: Path) -> None:
    files = kernel_files(tmp_path)
    path = files.modules / "kernel/vc4.ko.xz"
    path.write_bytes(lzma.decompress(path.read_bytes()))
    assert read(files).info("vc4", "depends") == ["drm"]


def test_modules_bring_what_they_need(kernel: Kernel) -> None:
    assert kernel.closure(["sdhci_iproc"]) == {"sdhci_iproc", "mmc_core"}
    assert kernel.closure(["ext4", "gone"]) == {"ext4", "crc32c_generic"}
    assert kernel.asks_for("vc4") == ["drm", "snd-soc-hdmi-codec"]
    assert kernel.closure([]) == frozenset()


def test_modules_by_their_own_names_and_by_others(kernel: Kernel) -> None:
    assert kernel.named("crypto_crc32c") == {"crypto_crc32c", "crc32c_generic"}
    assert kernel.named("gpio-regulator") == {"gpio_regulator"}


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("kernel/drivers/regulator/gpio-regulator.ko.xz", "gpio_regulator"),
        ("fixed.ko", "fixed"),
        ("snd-soc-hdmi-codec", "snd_soc_hdmi_codec"),
        ("8250_bcm2835aux.ko.zst", "8250_bcm2835aux"),
    ],
)
def test_names_of_modules(word: str, name: str) -> None:
    assert module_name(word) == name


def test_a_list_of_modules(tmp_path: Path) -> None:
    path = tmp_path / "modules.txt"
    path.write_text("# the card\nmmc_block\n\ngpio-regulator\n# fixed\n")
    assert listed(path) == ["mmc_block", "gpio_regulator"]


def unlink(name: str) -> Callable[[Files], None]:
    return lambda files: (files.modules / name).unlink()


def compress(files: Files) -> None:
    files.kernel.write_bytes(b"\x1f\x8b" + tables("fixed-clock"))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (unlink("modules.dep"), r"modules\.dep is missing: run depmod over .*6\.12\.0-arm64"),
        (unlink("modules.builtin.modinfo"), r"modules\.builtin\.modinfo is missing"),
        (compress, "vmlinuz is no plain kernel of arm64: U-Boot could not start it"),
    ],
)
def test_what_is_no_kernel_is_told(
    tmp_path: Path, spoil: Callable[[Files], None], told: str
) -> None:
    files = kernel_files(tmp_path)
    spoil(files)
    with pytest.raises(NotAKernelError, match=told):
        read(files)
