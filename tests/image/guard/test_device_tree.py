"""What dtc writes is read as it was meant; what is damaged is said to be no tree."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image.guard.device_tree import NotATreeError, read
from tests.image.guard.boards import PI4, tree_file


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree_file(tmp_path_factory.mktemp("small"))


def test_nodes_their_kinds_and_where_they_lie(small: Path) -> None:
    tree = read(small)
    card = tree.by_path("/emmc2bus/mmc@7e340000")
    assert card is not None
    assert (tree.name, card.kind, card.path) == ("bcm2711-small", "mmc", "/emmc2bus/mmc@7e340000")
    assert [node.path for node in card.above()] == ["/emmc2bus/mmc@7e340000", "/emmc2bus", "/"]
    assert tree.root.path == "/"
    assert tree.by_path("/emmc2bus/mmc@1") is None
    assert tree.root in list(tree.root.below())


def test_strings_and_numbers(small: Path) -> None:
    tree = read(small)
    (firmware,) = (node for node in tree.root.below() if node.kind == "firmware")
    assert firmware.strings("compatible") == ["raspberrypi,bcm2835-firmware", "simple-mfd"]
    assert firmware.strings("status") == []
    card = tree.by_path("/emmc2bus/mmc@7e340000")
    assert card is not None
    assert card.cells("reg") == [0x7E340000, 4]
    supply = tree.by_phandle(card.cells("vmmc-supply")[0])
    assert supply is not None
    assert supply.path == "/regulator-sd-vcc"
    assert tree.by_phandle(0xFFFF) is None


def test_a_device_is_the_nearest_node_with_a_driver(small: Path) -> None:
    tree = read(small)
    phy = next(node for node in tree.root.below() if node.kind == "ethernet-phy")
    assert phy.device.path == "/scb/ethernet@7d580000/mdio@e14"
    aliases = tree.by_path("/aliases")
    assert aliases is not None
    assert aliases.device is tree.root


@pytest.mark.parametrize(
    ("status", "enabled"), [("", True), ('status = "ok";', True), ('status = "disabled";', False)]
)
def test_what_lies_on_a_bus_that_is_off_is_off(tmp_path: Path, status: str, enabled: bool) -> None:
    source = f'/dts-v1/; / {{ bus {{ {status} card {{ status = "okay"; }}; }}; }};'
    tree = read(tree_file(tmp_path, source))
    card = tree.by_path("/bus/card")
    assert card is not None
    assert card.enabled == enabled


def test_what_dtc_reads_back_is_what_we_read(small: Path) -> None:
    """As many nodes and properties as the source has."""
    nodes = list(read(small).root.below())
    assert len(nodes) == PI4.count("{")
    properties = sum(len(node.properties) for node in nodes)
    labels = sum("phandle" in node.properties for node in nodes)
    assert properties - labels == PI4.count(";") - PI4.count("{") - len(["/dts-v1/;"])


@pytest.mark.parametrize("content", [b"", b"not a tree at all, but long enough to have a header"])
def test_another_file_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.txt"
    path.write_bytes(content)
    with pytest.raises(NotATreeError, match=r"config\.txt is no device tree"):
        read(path)


def test_a_tree_of_a_later_kind_is_refused(tmp_path: Path, small: Path) -> None:
    data = bytearray(small.read_bytes())
    data[24:28] = (18).to_bytes(4, "big")
    path = tmp_path / "later.dtb"
    path.write_bytes(data)
    with pytest.raises(NotATreeError, match="18"):
        read(path)


@settings(max_examples=50)
@given(st.data())
def test_a_damaged_tree_is_read_or_refused_and_nothing_else(
    small: Path, data: st.DataObject
) -> None:
    whole = bytearray(small.read_bytes())
    end = data.draw(st.integers(0, len(whole)))
    at = data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4))
    for place in at:
        whole[place] ^= data.draw(st.integers(1, 255))
    path = small.with_name("damaged.dtb")
    path.write_bytes(whole[:end])
    try:
        read(path)
    except NotATreeError as error:
        assert "damaged.dtb" in str(error)


def test_a_tree_that_ends_within_a_node_is_refused(tmp_path: Path, small: Path) -> None:
    data = bytearray(small.read_bytes())
    structure, size = (int.from_bytes(data[at : at + 4], "big") for at in (8, 36))
    last = structure + size - 8  # the root's end, before that of the tree
    data[last : last + 4] = (4).to_bytes(4, "big")
    path = tmp_path / "open.dtb"
    path.write_bytes(data)
    with pytest.raises(NotATreeError, match="open"):
        read(path)
