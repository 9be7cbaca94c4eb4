"""What RAUC tells of a bundle at an address, as busctl prints it."""

import json
from typing import Any

VERITY_SIZE = 1_449_984
"""In bytes, of the tree of a payload of 175 MiB: 350 blocks, 3 and 1."""
SIZE = 184_950_784
"""In bytes, of that payload and its tree."""


def told_by_rauc(version: str, verity_size: Any = VERITY_SIZE) -> str:
    """The answer to InspectBundle; of the shape that RAUC 1.13's has (its src/manifest.c).

    A bundle of the format `plain` has no `verity_size`, which is None here.
    """
    update = {"version": version, "compatible": "diemcau-arm64"}
    bundle: dict[str, Any] = {"format": _value("s", "plain" if verity_size is None else "verity")}
    if verity_size is not None:
        bundle["verity-size"] = _value("t", verity_size)
    told = {
        "update": _group({key: _value("s", value) for key, value in update.items()}),
        "bundle": _group(bundle),
        "images": _value("v", _value("aa{sv}", [{"filename": _value("s", "system.img")}])),
    }
    return json.dumps({"type": "a{sv}", "data": [told]})


def _group(values: dict[str, Any]) -> dict[str, Any]:
    return _value("v", _value("a{sv}", values))


def _value(kind: str, data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}
