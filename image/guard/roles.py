"""What a box needs of its board, and at which nodes of a device tree that begins.

A node is found by the name that the specification gives to its kind (2.2.2), never by its address:
kernel 7.3 has the Pi 4's card reader at another path than 6.12.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from image.guard.device_tree import Node, Tree


@dataclass(frozen=True)
class Role:
    """One thing that the box does with its board."""

    name: str
    starts: Callable[[Tree], list[Node]]
    in_initramfs: bool = False
    """Needed before there is a root."""
    also: Mapping[str, str] = field(default_factory=dict)
    """Modules for what no tree names, each with what it is for."""
    on_every_board: bool = True
    """Whether a tree without a node for it is wrong."""


def _enabled(tree: Tree, *kinds: str) -> list[Node]:
    return [node for node in tree.root.below() if node.kind in kinds and node.enabled]


def card_readers(tree: Tree) -> list[Node]:
    """Readers of a card or an eMMC: those that have no Wi-Fi on them, which is SDIO, too."""
    return [
        node
        for node in _enabled(tree, "mmc", "mmcnr", "sdhci")
        if not any(child.kind in ("wifi", "bluetooth") for child in node.children)
        and "mmc-pwrseq" not in node.properties
    ]


def _network(tree: Tree) -> list[Node]:
    return _enabled(tree, "ethernet")


def _usb(tree: Tree) -> list[Node]:
    return [node for node in _enabled(tree, "usb") if node.strings("dr_mode") != ["peripheral"]]


def _display(tree: Tree) -> list[Node]:
    """All parts that vc4 waits for before there is any picture (its component_master).

    What draws in three dimensions is no part of it from the Pi 4 on, and not used: the compositor
    draws in software.
    """
    kinds = ("hdmi", "hvs", "pixelvalve", "txp", "mop", "moplet", "vec", "v3d")
    virtual = [node for node in _enabled(tree, "gpu") if "reg" not in node.properties]
    return [*virtual, *_enabled(tree, *kinds)]


def _sound(tree: Tree) -> list[Node]:
    """The sockets that have sound: vc4 sends it by DMA, or not at all."""
    return [node for node in _enabled(tree, "hdmi") if "dmas" in node.properties]


def _gpio(tree: Tree) -> list[Node]:
    return [node for node in _enabled(tree, "gpio", "pinctrl") if "#gpio-cells" in node.properties]


def _wifi(tree: Tree) -> list[Node]:
    """The readers on which a radio lies; its driver finds it there by numbers, not by the tree."""
    return [node.parent for node in _enabled(tree, "wifi") if node.parent]


def _heat(tree: Tree) -> list[Node]:
    return _enabled(tree, "thermal")


def _last_words(tree: Tree) -> list[Node]:
    return _enabled(tree, "ramoops")


def _itself(tree: Tree) -> list[Node]:
    return [tree.root]


def _watchdog(tree: Tree) -> list[Node]:
    return _enabled(tree, "watchdog")


WIFI = "Wi-Fi"

ROLES = (
    Role("card", card_readers, True, {"mmc_block": "the card as a disk"}),
    Role(
        "start",
        _itself,
        True,
        {
            "squashfs": "the root",
            "dm_mod": "the root's checking",
            "dm_verity": "the root's checking",
            "sha256": "the root's checking",
            "ext4": "the data partition",
            "overlay": "a card that takes nothing any more",
        },
    ),
    # A kernel that panics before there is a root is ended by nothing else.
    Role("watchdog", _watchdog, True),
    Role("network", _network),
    Role(
        "USB",
        _usb,
        also={
            "uvcvideo": "cameras",
            "snd_usb_audio": "microphones and speakerphones",
            "usb_storage": "sticks",
            "sd_mod": "sticks",
            "vfat": "sticks",
            "usbhid": "a keyboard",
        },
    ),
    Role("HDMI", _display),
    Role("sound", _sound),
    Role("GPIO", _gpio),
    Role(
        WIFI,
        _wifi,
        also={"brcmfmac": "Wi-Fi", "brcmfmac_wcc": "Wi-Fi of the boards' maker"},
        on_every_board=False,
    ),
    Role("heat", _heat, on_every_board=False),
    Role("last words", _last_words, True, on_every_board=False),
)

MADE_BY: Mapping[str, Mapping[str, str]] = {
    # The driver of a device makes these devices of its own; or they say on their bus what they are.
    "brcm,bcm2835-pm-wdt": {
        "bcm2835_wdt": "the watchdog itself",
        "bcm2835_power": "the power of HDMI and of the camera's port",
    },
    "brcm,bcm2711-genet-v5": {"broadcom": "the transceiver BCM54213PE"},
    "raspberrypi,rp1-gem": {"broadcom": "the transceiver BCM54213PE"},
    "usb424,7800": {"microchip": "the transceiver within the LAN7800"},
    "brcm,bcm2711-pcie": {"xhci_pci": "the four USB sockets, behind a VL805"},
    "snps,dwc3": {"xhci_plat_hcd": "the USB host of a DWC3"},
    "brcm,bcm2835-hdmi": {"snd_soc_hdmi_codec": "vc4 has no picture either without it"},
    "brcm,bcm2711-hdmi0": {"snd_soc_hdmi_codec": "vc4 has no picture either without it"},
    "brcm,bcm2712-hdmi0": {"snd_soc_hdmi_codec": "vc4 has no picture either without it"},
}
"""By a word of a tree: modules for what has no node of its own, each with what it is for."""

GENERAL = ("simple-bus", "simple-mfd", "syscon")
"""Words that say how a node is built and not what it does."""

ONLY_REGISTERS = {
    "brcm,bcm2711-avs-monitor": "the thermometer within it has a node and a driver of its own",
    "brcm,bcm2712-avs-monitor": "the thermometer within it has a node and a driver of its own",
}
"""Nodes for which a word of `GENERAL` is enough, each with the reason."""

HUBS = {"usb424,9514": "the hub of a Pi 3B"}
"""Devices that the kernel drives for their class: USB's own core has the driver of all hubs."""

KNOWN_LIMITS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("brcm,bcm2712", "sound"): (
        "no node",
        "a Pi 5 has no sound by HDMI: a loudspeaker or speakerphone on USB",
    ),
    ("raspberrypi,400", WIFI): (
        "no firmware",
        "a Pi 400 has no Wi-Fi: Debian has no firmware for its 43456",
    ),
}
"""What a board has not got (docs/boards.md), by a word of its tree's root and the role: how the
guard would begin to say it, and what it says instead."""
