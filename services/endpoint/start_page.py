"""The page of the start, ready to be shown before anything that could draw it is loaded.

What draws (Pillow, NumPy, PyAV, Babel) takes longer to load than VLC to start, and each waited for
the other. So the page that was drawn at one start is kept for the next; a box that has none yet
shows the image's own until its name is drawn. A file begins with what the page in it shows: one
that shows anything else, or is damaged, is not there.
"""

import logging
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.base.atomic_file import write_atomically

log = logging.getLogger("diemcau.start")

FILE = "start-page"
SHIPPED = Path("usr/share/diemcau")
PRODUCT = "Điểm Cầu"
"""What stands for the site's name on the image's own page."""
_SUM_BYTES = 4


@dataclass(frozen=True, slots=True)
class StartPage:
    """All that the page depends on."""

    name: str
    """The site's."""
    locale: str
    size: tuple[int, int]
    """(width, height) of the canvas."""
    margin: int = 0
    """Percent of each side."""
    release: str = ""
    """Whose code drew it; "" for the image's own page, which lies beside the code."""

    @property
    def general(self) -> "StartPage":
        """The image's own in its place, `shipped_as` there in `SHIPPED`."""
        return replace(self, name=PRODUCT, release="")

    @property
    def shipped_as(self) -> str:
        """The name of the image's file."""
        return f"{FILE}-{self.locale}-{self.size[0]}x{self.size[1]}"

    def pack(self, picture: bytes) -> bytes:
        """The content of a file with this page: what it shows, a CRC-32 of that and the I420
        picture, the picture."""
        told = repr(self).encode() + b"\n"
        return told + zlib.crc32(picture, zlib.crc32(told)).to_bytes(_SUM_BYTES, "big") + picture

    def read(self, path: Path) -> bytes | None:
        """The I420 picture of exactly this page; None where the file has another or a part."""
        width, height = self.size
        told = repr(self).encode() + b"\n"
        whole = len(told) + _SUM_BYTES + width * height * 3 // 2
        try:
            with path.open("rb") as file:
                content = file.read(whole + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("%s is not used: %s", path, error)
            return None
        picture = content[len(told) + _SUM_BYTES :]
        if len(content) != whole or content != self.pack(picture):
            log.info("%s is not used: another page, or damaged", path)
            return None
        return picture

    def keep(self, path: Path, picture: bytes) -> None:
        """For the next start. A disk that takes nothing costs that start a moment, and no more."""
        try:
            write_atomically(path, self.pack(picture))
        except OSError as error:
            log.warning("the start page is not kept: %s", error)
