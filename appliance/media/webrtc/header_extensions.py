"""RTP header extensions (RFC 8285) beyond aiortc's: how a picture is to be turned.

What a far end writes into one costs that packet's extensions alone: aiortc lets a wrong length
escape as an error that ends the whole transport.
"""

import struct

from aiortc.codecs import HEADER_EXTENSIONS
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, RtpPacket, unpack_header_extensions

VIDEO_ORIENTATION = "urn:3gpp:video-orientation"
NUMBER = 13
"""In our offers; no other extension of aiortc has it, and browsers offer it with this one."""


def offer_orientation() -> None:
    """Let aiortc negotiate the extension; its table is the whole program's."""
    known = HEADER_EXTENSIONS["video"]
    if all(extension.uri != VIDEO_ORIENTATION for extension in known):
        known.append(RTCRtpHeaderExtensionParameters(id=NUMBER, uri=VIDEO_ORIENTATION))


class OrientedExtensions(HeaderExtensions):
    """The extensions of one packet; ``orientation`` is the octet of 3GPP TS 26.114 section 7.4.5,
    None where the packet has none."""

    orientation: int | None = None


class ExtensionsMap(HeaderExtensionsMap):
    """Reads what a transport's packets carry."""

    def __init__(self) -> None:
        super().__init__()
        self._orientation_id: int | None = None

    def configure(self, parameters: RTCRtpParameters) -> None:
        """Take over the numbers that were negotiated."""
        super().configure(parameters)
        for extension in parameters.headerExtensions:
            if extension.uri == VIDEO_ORIENTATION:
                self._orientation_id = extension.id

    def get(self, extension_profile: int, extension_value: bytes) -> HeaderExtensions:
        """Of one packet; what cannot be read is not there. Raises ValueError."""
        found = OrientedExtensions()
        try:
            found.__dict__.update(vars(super().get(extension_profile, extension_value)))
        except struct.error:
            return found
        if self._orientation_id is not None:
            for number, value in unpack_header_extensions(extension_profile, extension_value):
                if number == self._orientation_id and len(value) == 1:
                    found.orientation = value[0]
        return found


def orientation_of(packet: RtpPacket) -> int | None:
    """How the packet says that its picture is to be turned; None where it says nothing."""
    extensions = packet.extensions
    return extensions.orientation if isinstance(extensions, OrientedExtensions) else None
