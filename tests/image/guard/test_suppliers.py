"""By which properties a device names another: all those that the kernel follows, and no other."""

from pathlib import Path

import pytest

from image.guard.device_tree import Tree, read
from image.guard.suppliers import WrongReferenceError, suppliers
from tests.image.guard.boards import PI4, tree_file


def board(folder: Path, device: str, rest: str = "") -> Tree:
    """A tree with one device that names others: one without numbers, one with two of each kind."""
    counts = "clock reset power-domain dma iommu mbox phy pwm io-channel nvmem-cell gpio interrupt"
    counts += " thermal-sensor msi"
    two = " ".join(f"#{name}-cells = <2>;" for name in counts.split())
    none = two.replace("<2>", "<0>")
    return read(
        tree_file(
            folder,
            f"""/dts-v1/; / {{
              none: none {{ compatible = "none"; {none} part: part {{ }}; }};
              two: two {{ compatible = "two"; {two} }};
              device {{ compatible = "device"; {device} }}; {rest}
            }};""",
        )
    )


def named(tree: Tree) -> list[tuple[str, str]]:
    device = tree.by_path("/device")
    assert device is not None
    return [(one.reason, one.node.path) for one in suppliers(tree, device)]


@pytest.mark.parametrize(
    "name",
    [
        "clocks", "assigned-clocks", "assigned-clock-parents", "resets", "power-domains", "dmas",
        "iommus", "mboxes", "phys", "pwms", "io-channels", "nvmem-cells", "thermal-sensors",
        "interrupts-extended", "msi-parent", "gpios", "gpio", "reset-gpios", "cd-gpio",
    ],
)  # fmt: skip
def test_a_list_in_which_each_says_how_many_numbers_follow_it(tmp_path: Path, name: str) -> None:
    tree = board(tmp_path, f"{name} = <&two 7 8>, <&none>, <0>, <&two 9 9>;")
    assert named(tree) == [(name, "/two"), (name, "/none"), (name, "/two")]


@pytest.mark.parametrize(
    "name",
    ["vmmc-supply", "phy-handle", "ddc", "mmc-pwrseq", "firmware", "brcm,firmware", "pinctrl-0"],
)
def test_a_list_of_nodes_alone(tmp_path: Path, name: str) -> None:
    assert named(board(tmp_path, f"{name} = <&two &part>;")) == [
        (name, "/two"),
        (name, "/none/part"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        "ngpios = <3>;", "nr-gpios = <3>;", "snps,nr-gpios = <3>;", "reg = <1 2>;",
        'pinctrl-names = "default";', 'clock-names = "core";', "phandles = <&two>;",
    ],
)  # fmt: skip
def test_numbers_that_name_nobody(tmp_path: Path, other: str) -> None:
    assert named(board(tmp_path, other)) == []


def test_a_place_left_free_in_a_list(tmp_path: Path) -> None:
    assert named(board(tmp_path, "cs-gpios = <0>, <&two 1 0>, <0>;")) == [("cs-gpios", "/two")]


def test_a_node_that_is_not_there_is_told_with_both(tmp_path: Path) -> None:
    with pytest.raises(WrongReferenceError, match="/device names no node of the tree by clocks"):
        named(board(tmp_path, "clocks = <0x99 1>;"))


def test_the_parts_of_a_device_name_for_it_and_devices_within_for_themselves(
    tmp_path: Path,
) -> None:
    parts = """port { reset-gpios = <&two 1 0>; };
        off { status = "disabled"; phys = <&none>; };
        hog { gpio-hog; gpios = <5 0>; };
        other { compatible = "other"; clocks = <&none>; };"""
    assert named(board(tmp_path, parts)) == [("reset-gpios", "/two")]


def test_interrupts_go_to_the_controller_that_is_named_above(tmp_path: Path) -> None:
    own = board(tmp_path, "interrupts = <1 2>; interrupt-parent = <&two>;")
    assert named(own) == [("interrupts", "/two")]
    assert named(board(tmp_path, "interrupt-parent = <&two>;")) == []
    above = read(tree_file(tmp_path))
    mailbox = above.by_path("/soc/mailbox@7e00b880")
    assert mailbox is not None
    assert [one.node.kind for one in suppliers(above, mailbox)] == ["interrupt-controller"]


def test_interrupts_go_to_the_bus_that_leads_them_on(tmp_path: Path) -> None:
    """As those of a device on PCI do."""
    source = """/dts-v1/; / { pcie { compatible = "pcie"; interrupt-map;
        device { compatible = "device"; interrupts = <1>; }; }; };"""
    tree = read(tree_file(tmp_path, source))
    device = tree.by_path("/pcie/device")
    assert device is not None
    assert [one.node.path for one in suppliers(tree, device)] == ["/pcie"]


def test_without_any_controller_there_is_none(tmp_path: Path) -> None:
    assert named(board(tmp_path, "interrupts = <1 2>;")) == []


def test_the_supplies_of_a_real_card_reader(tmp_path: Path) -> None:
    tree = read(tree_file(tmp_path, PI4))
    reader = tree.by_path("/emmc2bus/mmc@7e340000")
    assert reader is not None
    found = {one.reason: one.node.path for one in suppliers(tree, reader)}
    assert found == {
        "clocks": "/soc/cprman@7e101000",
        "vqmmc-supply": "/regulator-sd-io-1v8",
        "vmmc-supply": "/regulator-sd-vcc",
        "interrupts": "/soc/interrupt-controller@40041000",
    }
