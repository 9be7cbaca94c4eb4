"""Boots Debian's kernel with vivid on this machine's own root, read-only, by QEMU without KVM."""

import gzip
import lzma
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
KERNEL = ROOT / "build/peers/cec"
WANTED = ("virtio_pci", "9pnet_virtio", "9p", "vivid")
VIVID = "node_types=0x101 num_inputs=1 input_types=0x3 num_outputs=1 output_types=0x1"
"""One HDMI input, which is the TV, and one HDMI output, which is the box."""
PATIENCE_S = 540.0
"""Twenty seconds on a quiet machine."""
INIT = """\
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc p /proc; $b mount -t sysfs s /sys; $b mount -t devtmpfs d /dev
for module in /modules/*; do
    case $module in *-vivid.ko) words='{vivid}' ;; *) words= ;; esac
    $b insmod $module $words || echo "no $module"
done
$b mount -t 9p -o trans=virtio,version=9p2000.L,ro host /mnt
$b mount -t proc p /mnt/proc; $b mount -t sysfs s /mnt/sys; $b mount --move /dev /mnt/dev
$b mount -t tmpfs t /mnt/tmp; $b mount -t tmpfs t /mnt/run
$b chroot /mnt /bin/sh -c "cd {root} && PYTHONDONTWRITEBYTECODE=1 {command}" 2>&1
$b poweroff -f
"""


def run_in_guest(folder: Path, command: str) -> str:
    """What `command`, run in the checkout, prints in the guest; `folder` takes the initramfs."""
    words = [
        *("qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "512", "-nographic"),
        *("-no-reboot", "-nic", "none", "-kernel", str(KERNEL / "vmlinuz")),
        *("-initrd", str(_initramfs(folder, command))),
        *("-append", "console=ttyS0 quiet panic=-1"),
        "-fsdev",
        "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap",
        *("-device", "virtio-9p-pci,fsdev=host,mount_tag=host"),
    ]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False
    )
    return (done.stdout + done.stderr).decode(errors="replace").replace("\r", "")


def _initramfs(folder: Path, command: str) -> Path:
    tree = folder / "initramfs"
    for name in ("bin", "modules", "proc", "sys", "dev", "mnt"):
        (tree / name).mkdir(parents=True)
    busybox = shutil.which("busybox")
    assert busybox, "run tests/peers/cec/setup"
    shutil.copy(busybox, tree / "bin/busybox")
    for number, (name, content) in enumerate(_modules().items()):
        (tree / f"modules/{number:02}-{name}.ko").write_bytes(content)
    init = tree / "init"
    init.write_text(INIT.format(vivid=VIVID, root=ROOT, command=command))
    init.chmod(0o755)
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    packed = subprocess.run(
        [busybox, "cpio", "-o", "-H", "newc"],
        input=names.encode(),
        cwd=tree,
        capture_output=True,
        check=True,
        timeout=60.0,
    ).stdout
    target = folder / "initramfs.gz"
    target.write_bytes(gzip.compress(packed, 1))
    return target


def _modules() -> dict[str, bytes]:
    """The wanted ones and what they need, each after that (``depends=`` of modinfo(8))."""
    files = {
        path.name.partition(".ko")[0].replace("-", "_"): path
        for path in (KERNEL / "modules").rglob("*.ko*")
    }
    assert "vivid" in files, "run tests/peers/cec/setup"
    found: dict[str, bytes] = {}

    def add(name: str) -> None:
        if name in found or name not in files:
            return
        raw = files[name].read_bytes()
        content = lzma.decompress(raw) if files[name].suffix == ".xz" else raw
        needs = re.search(rb"\0depends=([^\0]*)\0", content)
        for one in needs[1].decode().split(",") if needs else []:
            add(one.replace("-", "_"))
        found[name] = content

    for name in WANTED:
        add(name)
    return found
