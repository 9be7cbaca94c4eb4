"""Beside an image: what is in it (manifest, SPDX), how large it is, and its flasher's list."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FLAVOURS = {"virt": "QEMU", "rpi": "Raspberry Pi 4, CM4, 400, 3B+", "rpi5": "Raspberry Pi 5"}
FLASHED = {"rpi": ["pi4-64bit", "pi3-64bit"], "rpi5": ["pi5-64bit"]}
"""Raspberry Pi Imager's names of the boards that a flavour is offered for."""
FIRMWARE = "raspi-firmware"
_SUITES = {"firmware": "forky", "kernel-rpi5": "trixie-backports"}
"""What is not of trixie itself, by the folder beside whose name its list of packages stands."""
SUITE = "trixie"
_SUMS = ("sha1", "sha256")
LARGEST = 10
COUNTS_MIB = 8


def packages(root: Path, *others: Path) -> list[dict[str, str]]:
    """Debian's and Python's packages: name, version, source, kind, and Debian's with their suite.

    `others` have a list of packages beside them as the root has: the boot partition's firmware, and
    a flavour's own kernel.
    """
    found = []
    for listed in (root, *others):
        for line in Path(f"{listed}.packages").read_text().splitlines():
            name, version, source, _ = line.split("\t")
            one = {"name": name, "version": version, "source": source, "kind": "deb"}
            found.append(one | {"suite": suite_of(listed.name, name)})
    for folder in sorted((root / "usr/local/lib/python3.13/dist-packages").glob("*.dist-info")):
        name, _, version = folder.name.removesuffix(".dist-info").rpartition("-")
        found.append({"name": name, "version": version, "source": name, "kind": "pypi"})
    return found


def suite_of(folder: str, package: str) -> str:
    """Debian's suite that `package` came from, by the `folder` of the build that lists it.

    The boot partition's has U-Boot beside its firmware, which is of the tools and so trixie's.
    """
    is_firmware = package == FIRMWARE
    return SUITE if folder == "firmware" and not is_firmware else _SUITES.get(folder, SUITE)


def firmware_files(folder: Path) -> list[dict[str, str]]:
    """The firmware's files as they lie on the boot partition: name, SHA-1 and SHA-256.

    Whoever has a card before them learns by the sum which firmware it has: the files' own names are
    the same in all versions. SPDX 2.3 (8.4) demands a SHA-1 of each file.
    """
    return [
        {
            "name": path.name,
            **{kind: hashlib.new(kind, path.read_bytes()).hexdigest() for kind in _SUMS},
        }
        for path in sorted(folder.iterdir())
    ]


def spdx(
    found: list[dict[str, str]], version: str, when: int, files: list[dict[str, str]]
) -> dict[str, Any]:
    """An SPDX 2.3 document: the image contains each package, with its package URL.

    `files` are the firmware's, each with its sums.
    """
    entries: list[dict[str, Any]] = [
        {
            "SPDXID": "SPDXRef-Image",
            "name": "diemcau",
            "versionInfo": version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
        }
    ]
    for number, package in enumerate(found):
        space = "deb/debian" if package["kind"] == "deb" else "pypi"
        distro = f"?arch=arm64&distro={package['suite']}" if package["kind"] == "deb" else ""
        locator = f"pkg:{space}/{package['name']}@{package['version'].replace('+', '%2B')}{distro}"
        entries.append(
            {
                "SPDXID": f"SPDXRef-Package-{number}",
                "name": package["name"],
                "versionInfo": package["version"],
                "sourceInfo": package["source"],
                "downloadLocation": "NOASSERTION",
                "filesAnalyzed": False,
                "externalRefs": [
                    {
                        "referenceCategory": "PACKAGE-MANAGER",
                        "referenceType": "purl",
                        "referenceLocator": locator,
                    }
                ],
            }
        )
    made_of = {package["name"]: f"SPDXRef-Package-{n}" for n, package in enumerate(found)}
    listed = [
        {
            "SPDXID": f"SPDXRef-File-{number}",
            "fileName": f"./{file['name']}",
            "checksums": [{"algorithm": k.upper(), "checksumValue": file[k]} for k in _SUMS],
        }
        for number, file in enumerate(files)
    ]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"diemcau-{version}",
        "documentNamespace": f"https://diemcau.example/spdx/{version}",
        "creationInfo": {
            "created": datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: image/recipe/report.py"],
        },
        "packages": entries,
        "files": listed,
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-Image",
            },
            *(
                {
                    "spdxElementId": "SPDXRef-Image",
                    "relationshipType": "CONTAINS",
                    "relatedSpdxElement": entry["SPDXID"],
                }
                for entry in entries[1:]
            ),
            *(
                {
                    "spdxElementId": entry["SPDXID"],
                    "relationshipType": "GENERATED_FROM",
                    "relatedSpdxElement": made_of[FIRMWARE],
                }
                for entry in listed
            ),
        ],
    }


def sizes(build: Path) -> str:
    """The slot, the largest parts of the root, and each disk, in MiB."""
    done = subprocess.run(
        ["du", "-xm", "--max-depth=7", "--exclude=boot", "--exclude=linux-image-*", build / "root"],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    parts = {path.removeprefix(f"{build}/root") or "/": int(size) for size, path in rows}
    # Parts that do not overlap: the largest is told by its children, as long as one of them counts.
    told = {"/"}
    while True:
        within = {
            path: [child for child in parts if str(Path(child).parent) == path and child != path]
            for path in told
        }
        split = [path for path in told if any(parts[child] >= COUNTS_MIB for child in within[path])]
        if not split:
            break
        for path in split:
            told.remove(path)
            told.update(within[path])
    largest = sorted(((path, parts[path]) for path in told), key=lambda entry: -entry[1])[:LARGEST]
    lines = []
    for file, what in (
        ("slot.img", "one slot (room: 640)"),
        ("slot-rpi5.img", "one slot of rpi5"),
        *((f"diemcau-{flavour}.img", f"disk {flavour}") for flavour in FLAVOURS),
    ):
        if (build / file).exists():
            lines.append(f"{(build / file).stat().st_size / 2**20:8.1f}  {what}")
    lines.append(f"{parts['/']:8d}  root, unpacked; its largest parts:")
    lines.extend(f"{size:8d}    {path}" for path, size in largest)
    return "\n".join(lines) + "\n"


def imager(build: Path, version: str, when: int) -> dict[str, Any]:
    """The list that Raspberry Pi Imager takes by `--repo`: our images, without settings."""
    listed = []
    for flavour, devices in FLASHED.items():
        disk = build / f"diemcau-{flavour}.img"
        if not disk.exists():
            continue
        with disk.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        listed.append(
            {
                "name": f"Điểm Cầu {version} ({FLAVOURS[flavour]})",
                "description": FLAVOURS[flavour],
                "url": disk.name,
                "icon": "",
                "release_date": datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d"),
                "extract_size": disk.stat().st_size,
                "extract_sha256": digest,
                "image_download_size": disk.stat().st_size,
                "devices": devices,
                "init_format": "none",
            }
        )
    return {"os_list": listed}


def main(folder: str, version: str) -> None:
    """Write all of it beside the images."""
    build, when = Path(folder), int(os.environ["SOURCE_DATE_EPOCH"])
    lists = [build / name for name in ("firmware", "kernel-rpi5") if (build / name).exists()]
    found, files = packages(build / "root", *lists), firmware_files(build / "firmware")
    manifest = "".join(f"{p['kind']}\t{p['name']}\t{p['version']}\n" for p in found)
    manifest += "".join(f"file\t{file['name']}\t{file['sha256']}\n" for file in files)
    (build / "manifest.txt").write_text(manifest)
    document = json.dumps(spdx(found, version, when, files), indent=1, ensure_ascii=False)
    (build / "diemcau.spdx.json").write_text(document + "\n")
    told = sizes(build)
    (build / "sizes.txt").write_text(told)
    listed = json.dumps(imager(build, version, when), indent=1, ensure_ascii=False)
    (build / "rpi-imager.json").write_text(listed + "\n")
    sys.stdout.write(told)


if __name__ == "__main__":
    main(*sys.argv[1:])
