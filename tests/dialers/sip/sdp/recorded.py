"""The offers of real kinds in `captures`, written from vendors' documents, threads and RFCs."""

from pathlib import Path

FOLDER = Path(__file__).parent / "captures"
NAMES = sorted(path.stem for path in FOLDER.glob("*.sdp"))


def offer(name: str) -> str:
    """As on the wire."""
    return (FOLDER / f"{name}.sdp").read_text().replace("\n", "\r\n")
