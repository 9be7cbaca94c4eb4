"""A small Pi 4 as device tree, and a kernel for it: tables as of depmod, files as of a compiler.

The tree is cut from Debian's bcm2711-rpi-4-b.dtb of kernel 6.12, its nodes and properties as they
are there; dtc(1) makes the binary.
"""

import lzma
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PI4 = """/dts-v1/;
/ {
  compatible = "raspberrypi,4-model-b", "brcm,bcm2711";
  #address-cells = <1>; #size-cells = <1>;
  interrupt-parent = <&gic>;
  aliases { ethernet0 = &genet; mmc0 = &emmc2; serial0 = "/soc/serial@7e201000:115200n8"; };
  reserved-memory {
    #address-cells = <1>; #size-cells = <1>;
    ramoops@b000000 { compatible = "ramoops"; reg = <0xb000000 0x10000>; };
  };
  clocks { osc: clk-osc { compatible = "fixed-clock"; #clock-cells = <0>; }; };
  soc {
    compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>;
    gic: interrupt-controller@40041000 {
      compatible = "arm,gic-400"; reg = <0x40041000 4>; #interrupt-cells = <3>;
      interrupt-controller;
    };
    cprman: cprman@7e101000 {
      compatible = "brcm,bcm2711-cprman"; reg = <0x7e101000 4>; #clock-cells = <1>;
      clocks = <&osc>, <&dsi 0>;
    };
    dsi: dsi@7e209000 {
      compatible = "brcm,bcm2835-dsi0"; reg = <0x7e209000 4>; #clock-cells = <1>;
      status = "disabled";
    };
    mailbox: mailbox@7e00b880 {
      compatible = "brcm,bcm2835-mbox"; reg = <0x7e00b880 4>; #mbox-cells = <0>;
      interrupts = <0 33 4>;
    };
    firmware {
      compatible = "raspberrypi,bcm2835-firmware", "simple-mfd"; mboxes = <&mailbox>;
      expgpio: gpio {
        compatible = "raspberrypi,firmware-gpio"; gpio-controller; #gpio-cells = <2>;
      status = "okay";
      };
      reset: reset { compatible = "raspberrypi,firmware-reset"; #reset-cells = <1>; };
    };
    gpio: gpio@7e200000 {
      compatible = "brcm,bcm2711-gpio"; reg = <0x7e200000 4>; gpio-controller; #gpio-cells = <2>;
      wifi: wifi-pins { brcm,pins = <34>; };
      hog { gpio-hog; gpios = <5 0>; };
    };
    serial@7e201000 { compatible = "arm,pl011", "arm,primecell"; reg = <0x7e201000 4>; };
    pm: watchdog@7e100000 {
      compatible = "brcm,bcm2711-pm", "brcm,bcm2835-pm-wdt"; reg = <0x7e100000 4>;
      #power-domain-cells = <1>; clocks = <&cprman 21>;
    };
    mmc@7e300000 {
      compatible = "brcm,bcm2835-sdhci"; reg = <0x7e300000 4>; pinctrl-0 = <&wifi>; status = "okay";
      wifi@1 { compatible = "brcm,bcm4329-fmac"; reg = <1>; };
    };
    dma: dma-controller@7e007000 {
      compatible = "brcm,bcm2835-dma"; reg = <0x7e007000 4>; #dma-cells = <1>;
    };
    ddc0: i2c@7ef04500 { compatible = "brcm,bcm2711-hdmi-i2c"; reg = <0x7ef04500 4>; };
    hvs@7e400000 { compatible = "brcm,bcm2711-hvs"; reg = <0x7e400000 4>; };
    hdmi@7ef00700 {
      compatible = "brcm,bcm2711-hdmi0"; reg = <0x7ef00700 4>; ddc = <&ddc0>; dmas = <&dma 10>;
    };
    monitor: avs-monitor@7d5d2000 {
      compatible = "brcm,bcm2711-avs-monitor", "syscon", "simple-mfd"; reg = <0x7d5d2000 4>;
      thermal { compatible = "brcm,bcm2711-thermal"; };
    };
  };
  emmc2bus {
    compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>;
    emmc2: mmc@7e340000 {
      compatible = "brcm,bcm2711-emmc2"; reg = <0x7e340000 4>; interrupts = <0 126 4>;
      clocks = <&cprman 51>; vqmmc-supply = <&io>; vmmc-supply = <&vcc>; status = "okay";
    };
  };
  scb {
    compatible = "simple-bus"; #address-cells = <2>; #size-cells = <1>;
    genet: ethernet@7d580000 {
      compatible = "brcm,bcm2711-genet-v5"; reg = <0 0x7d580000 4>; phy-handle = <&phy>;
      status = "okay";
      mdio@e14 {
        compatible = "brcm,genet-mdio-v5"; #address-cells = <1>; #size-cells = <0>; reg = <0xe14 0>;
        phy: ethernet-phy@1 { reg = <1>; };
      };
    };
    pcie@7d500000 {
      compatible = "brcm,bcm2711-pcie"; reg = <0 0x7d500000 4>; #address-cells = <3>;
      #size-cells = <2>;
      pci@0,0 {
        reg = <0 0 0 0 0>; #address-cells = <3>; #size-cells = <2>;
        usb@0,0 { reg = <0x10000 0 0 0 0>; resets = <&reset 0>; };
      };
    };
  };
  io: regulator-sd-io-1v8 {
    compatible = "regulator-gpio"; gpios = <&expgpio 4 0>; states = <1800000 1 3300000 0>;
  };
  vcc: regulator-sd-vcc { compatible = "regulator-fixed"; gpio = <&expgpio 6 0>; };
  gpu { compatible = "brcm,bcm2711-vc5"; };
};
"""

INITRAMFS = (
    "mmc_block", "sdhci_iproc", "fixed", "gpio_regulator", "bcm2835_wdt", "ramoops",
    "squashfs", "dm_verity", "sha256_generic", "ext4", "overlay", "crc32c_generic", "dm_mod",
)  # fmt: skip

INSIDE = (
    "simple-bus", "simple-mfd", "syscon", "fixed-clock", "arm,gic-400", "arm,pl011",
    "brcm,bcm2711-cprman", "brcm,bcm2835-mbox", "raspberrypi,bcm2835-firmware",
    "raspberrypi,firmware-gpio", "brcm,bcm2711-gpio", "brcm,bcm2835-pm-wdt", "brcm,bcm2835-dma",
    "brcm,bcm2711-hdmi-i2c", "brcm,bcm2711-pcie",
)  # fmt: skip
"""What Debian's kernel drives itself."""


@dataclass(frozen=True)
class Made:
    """A module as it is built: what it answers to, and what it says of itself."""

    words: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    """Words that it knows and has no alias for."""
    info: Mapping[str, str] = field(default_factory=dict)

    def __bytes__(self) -> bytes:
        told = b"\0".join(f"{key}={value}".encode() for key, value in self.info.items())
        return b"\x7fELF\0" + told + b"\0" + tables(*self.words, *self.tables)


MODULES: Mapping[str, Made] = {
    "mmc_core": Made(),
    "mmc_block": Made(aliases=("mmc:block",), info={"depends": "mmc_core"}),
    "sdhci_iproc": Made(
        ("brcm,bcm2711-emmc2", "brcm,bcm2835-sdhci"), info={"depends": "mmc_core"}
    ),
    "fixed": Made(("regulator-fixed",)),
    "gpio-regulator": Made(("regulator-gpio",)),
    "squashfs": Made(),
    "dm-mod": Made(),
    "dm-verity": Made(info={"depends": "dm-mod"}),
    "sha256_generic": Made(aliases=("sha256", "crypto-sha256")),
    "ext4": Made(info={"softdep": "pre: crypto-crc32c"}),
    "crc32c_generic": Made(aliases=("crypto-crc32c",)),
    "overlay": Made(),
    "ramoops": Made(("ramoops",)),
    "bcm2711-thermal": Made(("brcm,bcm2711-thermal",)),
    "bcm2835_wdt": Made(aliases=("platform:bcm2835-wdt",)),
    "genet": Made(("brcm,bcm2711-genet-v5",), info={"softdep": "pre: mdio-bcm-unimac"}),
    "mdio-bcm-unimac": Made(("brcm,genet-mdio-v5",)),
    "broadcom": Made(),
    "reset-raspberrypi": Made(("raspberrypi,firmware-reset",)),
    "vc4": Made(
        ("brcm,bcm2711-vc5",),
        tables=("brcm,bcm2711-hvs", "brcm,bcm2711-hdmi0"),
        info={"softdep": "pre: snd-soc-hdmi-codec", "depends": "drm"},
    ),
    "drm": Made(),
    "snd-soc-hdmi-codec": Made(aliases=("platform:hdmi-audio-codec",)),
    **{
        name: Made()
        for name in (
            "brcmfmac", "brcmfmac-wcc", "xhci-pci", "uvcvideo", "snd-usb-audio", "usb-storage",
            "sd_mod", "vfat", "usbhid",
        )
    },
}  # fmt: skip


def tables(*words: str) -> bytes:
    """Match tables as a compiler lays them out: `struct of_device_id`, 200 bytes each on arm64."""
    return b"".join(
        bytes(64) + word.encode().ljust(128, b"\0") + b"\x01\x02\x03\x04\x05\x06\x07\x08"
        for word in words
    )


def tree_file(folder: Path, source: str = PI4, name: str = "bcm2711-small") -> Path:
    """A device tree as dtc makes it."""
    path = folder / f"{name}.dtb"
    command = ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(path), "-"]
    subprocess.run(command, input=source.encode(), check=True)
    return path


@dataclass(frozen=True)
class Files:
    """What the guard is given."""

    kernel: Path
    modules: Path
    whole: Path
    initramfs: Path


def kernel_files(
    folder: Path,
    *,
    without: Collection[str] = (),
    initramfs: Collection[str] = INITRAMFS,
    inside: Collection[str] = INSIDE,
    modules: Mapping[str, Made] = MODULES,
) -> Files:
    """A kernel with its modules, some of them taken out after the package was unpacked."""
    files = Files(
        folder / "vmlinuz", folder / "6.12.0-arm64", folder / "aliases", folder / "modules.txt"
    )
    files.modules.mkdir()
    files.kernel.write_bytes(b"MZ" + bytes(54) + b"ARMd" + bytes(4) + tables(*inside))
    here = {name: made for name, made in modules.items() if name not in without}
    paths = {name: f"kernel/{name}.ko.xz" for name in here}
    (files.modules / "kernel").mkdir()
    for name, made in here.items():
        (files.modules / paths[name]).write_bytes(lzma.compress(bytes(made), preset=0))
    depends = {
        name: [one for one in made.info.get("depends", "").split(",") if one in here]
        for name, made in here.items()
    }
    lines = [f"{paths[n]}:{''.join(' ' + paths[o] for o in needs)}" for n, needs in depends.items()]
    (files.modules / "modules.dep").write_text("\n".join(lines) + "\n")
    (files.modules / "modules.alias").write_text(_aliases(here))
    files.whole.write_text(_aliases(modules))
    (files.modules / "modules.builtin").write_text("kernel/drivers/firmware/raspberrypi.ko\n")
    told = b"raspberrypi.license=GPL\0bcm2835_power.author=Eric\0"
    (files.modules / "modules.builtin.modinfo").write_bytes(told)
    files.initramfs.write_text("# of the small board\n" + "\n".join(initramfs) + "\n")
    return files


def _aliases(modules: Mapping[str, Made]) -> str:
    found = ["# Aliases extracted from modules themselves."]
    for name, made in modules.items():
        module = name.replace("-", "_")
        found += [
            f"alias of:N*T*C{word}{end} {module}" for word in made.words for end in ("", "C*")
        ]
        found += [f"alias {alias} {module}" for alias in made.aliases]
        found.append(f"alias made-for-{module} {module}")
    return "\n".join(found) + "\n"
