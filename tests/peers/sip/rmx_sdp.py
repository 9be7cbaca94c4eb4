"""How an RMX writes its media descriptions and reads those of a site, with none of our SDP code.

Written from the facts on Polycom systems: about 2 kB, ``; `` in every fmtp, feedback on plain
RTP/AVP, a key with a master key identifier, and lines for BFCP and the far end's camera.
"""

import base64
import re
from dataclasses import dataclass, field

from appliance.media.rtp.srtp import MasterKey

MKI = b"\0\0\0\1"
OTHER_SOUND = (
    ("118", "SIRENLPR/48000", "bitrate=48000"),
    ("115", "G7221/32000", "bitrate=48000"),
    ("114", "G7221/32000", "bitrate=32000"),
    ("113", "G7221/32000", "bitrate=24000"),
    ("15", "G728/8000", ""),
    ("18", "G729/8000", "annexb=no"),
)
OTHER_PICTURE = (
    ("96", "H263-1998/90000", "SQCIF=1;QCIF=1;CIF=1;CUSTOM=352,240,1;T"),
    ("34", "H263/90000", "SQCIF=1;QCIF=1;CIF=1"),
    ("31", "H261/90000", "CIF=1;QCIF=1"),
    ("106", "H264-SVC/90000", "profile-level-id=56401f; packetization-mode=1"),
    ("105", "H264-SVC/90000", "profile-level-id=53e01f; packetization-mode=1"),
    ("116", "vnd.polycom.lpr/9000", "V=2;minPP=0;PP=150;RS=52;RP=10;PS=1400"),
)
BFCP = """m=application 3238 UDP/BFCP *
a=setup:actpass
a=connection:new
a=floorctrl:c-s
a=confid:1
a=userid:2
a=floorid:1 mstrm:3
"""
CAMERA = """m=application 3236 RTP/AVP 100
a=rtpmap:100 H224/4800
a=sendrecv
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One medium as the site wrote it."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    names: dict[str, str]  # format to its rtpmap in small letters
    parameters: dict[str, str]
    keys: tuple[tuple[str, str, bytes], ...] = field(repr=False)  # tag, suite, key and salt
    direction: str = "sendrecv"

    def number(self, name: str, parameter: str = "") -> int | None:
        """The first of its formats of that name, with that among its parameters."""
        for one in self.formats:
            if self.names.get(one, "").startswith(name) and parameter in self.parameters.get(
                one, ""
            ):
                return int(one)
        return None


def read(sdp: str) -> tuple[str, list[Line]]:
    """The address and the media of a site's description."""
    head, *parts = re.split(r"(?m)^(?=m=)", sdp.replace("\r\n", "\n"))
    host = re.search(r"(?m)^c=IN IP4 (\S+)", head)
    assert host is not None, "a site says where it is before its media"
    return host[1], [_line(part) for part in parts]


def _line(part: str) -> Line:
    first = re.match(r"m=(\S+) (\d+) (\S+) (.*)", part)
    assert first is not None, part
    keys = re.findall(r"(?m)^a=crypto:(\d+) (\S+) inline:([^|\s]+)", part)
    direction = re.search(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)$", part)
    return Line(
        first[1],
        int(first[2]),
        first[3],
        tuple(first[4].split()),
        {number: name.lower() for number, name in re.findall(r"(?m)^a=rtpmap:(\d+) (\S+)", part)},
        dict(re.findall(r"(?m)^a=fmtp:(\d+) (.*)$", part)),
        tuple((tag, suite, base64.b64decode(key)) for tag, suite, key in keys),
        direction[1] if direction else "sendrecv",
    )


@dataclass(frozen=True, slots=True)
class Key:
    """What the a=crypto line of a medium says."""

    tag: str
    suite: str
    master: MasterKey
    protocol: str = "RTP/SAVP"

    def __str__(self) -> str:
        inline = base64.b64encode(self.master.secret).decode()
        mki = f"|2^31|{int.from_bytes(self.master.mki)}:4" if self.master.mki else ""
        return f"a=crypto:{self.tag} {self.suite} inline:{inline}{mki}\n"


def sound(port: int, key: Key | None, g722: int, event: int) -> str:
    """The line of the voices; ``event`` is the number of telephone events."""
    known = [(str(g722), "G722/8000", ""), ("0", "PCMU/8000", ""), ("8", "PCMA/8000", "")]
    formats = [*OTHER_SOUND[:3], *known, *OTHER_SOUND[3:]]
    formats.append((str(event), "telephone-event/8000", "0-15"))
    return _medium("audio", port, key, formats) + "a=sendrecv\n"


def picture(port: int, key: Key | None, numbers: tuple[int, ...]) -> str:
    """The line of the people; ``numbers`` are those of H.264 in mode 1 and, if there, mode 0."""
    formats = [(str(numbers[0]), "H264/90000", _h264("42801f", mode=1))]
    formats += [(str(number), "H264/90000", _h264("42801f", mode=0)) for number in numbers[1:2]]
    feedback = "".join(f"a=rtcp-fb:* {kind}\n" for kind in ("nack pli", "ccm fir", "ccm tmmbr"))
    formats += OTHER_PICTURE
    return _medium("video", port, key, formats, 1_024_000) + "a=sendrecv\n" + feedback


def slides(port: int, key: Key | None, direction: str) -> str:
    """The line of the content, which comes with a re-INVITE; port 0 when it goes again."""
    formats = [
        ("111", "H264/90000", _h264("64001f", mode=1)),
        ("109", "H264/90000", _h264("42801f", mode=0)),
        ("110", "H264/90000", _h264("42801f", mode=1)),
    ]
    medium = _medium("video", port, key, formats, 512_000)
    return f"{medium}a=label:3\na=content:slides\na={direction}\n"


def whole(host: str, version: int, media: str, name: str = "RMX call") -> str:
    """The description; ``media`` are its lines."""
    head = (
        f"v=0\no=RMX 2068453 {version} IN IP4 {host}\ns={name}\nc=IN IP4 {host}\nb=AS:1920\nt=0 0\n"
    )
    return (head + media).replace("\n", "\r\n")


def _h264(profile: str, *, mode: int) -> str:
    put = "packetization-mode=1; " if mode else ""
    return f"profile-level-id={profile}; {put}max-mbps=108000; max-fs=3600; max-br=20010; sar=13"


def _medium(
    kind: str, port: int, key: Key | None, formats: list[tuple[str, str, str]], bps: int = 0
) -> str:
    protocol = key.protocol if key else "RTP/AVP"
    text = f"m={kind} {port} {protocol} {' '.join(number for number, _, _ in formats)}\n"
    text += f"b=TIAS:{bps}\n" if bps else ""
    text += str(key) if key else ""
    for number, name, parameters in formats:
        text += f"a=rtpmap:{number} {name}\n"
        text += f"a=fmtp:{number} {parameters}\n" if parameters else ""
    return text
