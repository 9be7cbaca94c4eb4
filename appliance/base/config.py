"""What one site is: frozen values, with the defaults of a commune that has said nothing."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

MAX_MARGIN = 5
"""Percent of each side of a TV's picture; TVs cut 2 to 5 of them off."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this is, on the TV and to the province."""

    id: str
    """A short name for machines, letters, digits and hyphens."""
    name: str
    """What the far end reads, for example ``Xã Ia Kly``."""
    zone: str = "Asia/Ho_Chi_Minh"
    """The zone of floating times in the agenda and of the clock on the TV."""
    locale: str = "vi"

    @property
    def zoneinfo(self) -> ZoneInfo:
        """The zone as an object; the reader of the site file has checked that it exists."""
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class AgendaSource:
    """Where the agenda comes from and where its meetings may lead."""

    url: str
    hosts: tuple[str, ...] = ()
    """The only hosts that are ever dialled; none named: any."""
    ca: str = ""
    """A file with the province's own certificate authority."""


@dataclass(frozen=True, slots=True)
class CameraSource:
    """The camera: ``v4l2:/dev/video0``, ``file:PATH``, ``lavfi:GRAPH`` or ``none``."""

    source: str = "v4l2:/dev/video0"
    width: int = 1280
    height: int = 720
    fps: int = 30
    passthrough: bool = False
    """Send the H.264 that the camera itself delivers."""


@dataclass(frozen=True, slots=True)
class MicrophoneSource:
    """The microphone: ``alsa:DEVICE``, ``file:PATH``, ``lavfi:GRAPH`` or ``none``."""

    source: str = "alsa:default"


@dataclass(frozen=True, slots=True)
class TvOutput:
    """The canvas that is composed for the TV; the output scales it to the panel's size."""

    width: int = 1280
    height: int = 720
    margin: int = 0
    """Percent of each side that stay black, for a TV that cuts the edges off; the button at the TV
    has the last word (`services.endpoint.margin_setting`)."""
    cec: bool = True
    """Whether the TV is switched on and off by HDMI's control wire, and asked; false for a monitor
    that has none, of which nothing is told then."""


@dataclass(frozen=True, slots=True)
class CallChoices:
    """How this site calls."""

    bitrate: int = 1_500_000
    """The most that the picture may take, in bit/s."""
    spread: float = 0.0
    """Seconds over which the first dials of a large meeting are spread."""
    ca: str = ""
    """A file with the authority of the meeting servers, where it is a private one."""


@dataclass(frozen=True, slots=True)
class SipChoices:
    """How this site calls by SIP; the keys are a Polycom conference system's defaults."""

    user: str = ""
    """The name that the server knows this site by; "" where it asks for none."""
    password_file: str = ""
    """A file with the password alone, readable by the appliance only."""
    registrar: str = ""
    """``sip:host;transport=tls``: the domain of our address, and where to register."""
    register: bool = False
    outbound_proxy: str = ""
    """``sip:host;transport=tls``: every call goes this way."""
    encryption: str = "optional"
    """Of sound and picture: ``off``, ``optional`` or ``required``."""
    session: float = 1800
    """Seconds after which a call that nobody has refreshed counts as lost (RFC 4028)."""
    extension: str = ""
    """This site's number at the server, in its own address; "" where that is ``user``."""
    entry_queue: str = ""
    """What to press where a voice asks: ``wait 4, {id}#, wait 3, {pin}#``, with the codes of the
    meeting's conference; a step whose code the meeting has not is left out."""
    conference: str = ""
    """How a meeting's conference is called where it is not keyed in at an entry queue: what stands
    before the ``@``, such as ``{id}``, ``{queue}##{id}##{pin}`` or ``{id}$${pin}``; ``{queue}`` is
    what stands there in the meeting's address. "": the address is called as it is."""
    hand: str = "99"
    """Request to speak."""
    mic_off: str = ""
    """``*6`` also mutes in the conference system; "": silence from here is enough."""
    mic_on: str = ""
    """``#6`` with the above."""


@dataclass(frozen=True, slots=True)
class Province:
    """Whom this site reports to; none named: nobody."""

    broker: str = ""
    """``mqtts://host:8883``: MQTT 5 over TLS with the site's own certificate."""
    url: str = ""
    """``https://host``: where a certificate is asked for and renewed."""
    ca: str = ""
    """A file with the province's own certificate authority, which comes with the image."""
    releases: str = ""
    """``https://host/name.raucb``: where the newest release for this site lies; "" for none."""


@dataclass(frozen=True, slots=True)
class ClockChoice:
    """When the time is believed."""

    trust: str = "synchronised"
    """``synchronised``: once the kernel says so; ``always``: a machine that has a clock."""
    servers: tuple[str, ...] = ()
    """Time servers (NTP), beside those that DHCP names; a name or an address each."""


@dataclass(frozen=True, slots=True)
class Help:
    """Who helps the people of this site."""

    telephone: str = ""
    """As people dial it, with blanks or dots: ``0269 3 824 808``."""
    link: str = ""
    """``https://…``: the group in which one asks for help, for a QR code."""


@dataclass(frozen=True, slots=True)
class Network:
    """How this site reaches the network; nothing said: the cable, by DHCP.

    `services.provisioning.network_files` makes of it what the image's systemd-networkd reads.
    """

    address: str = ""
    """``10.20.30.40/24``; "": by DHCP. Of the wireless network where `wifi` names one."""
    gateway: str = ""
    """Where `address` is given; "": nothing beyond its own network is reached."""
    dns: tuple[str, ...] = ()
    """In place of those that DHCP names."""
    vlan: int = 0
    """Its number on the cable, whose untagged network is then not used; 0 for none."""
    proxy: str = ""
    """``http://host:port``, for what is asked by HTTP: agenda, certificate, hour and releases."""
    wifi: str = ""
    """The name of the wireless network (SSID); its password is in ``[secrets]`` of the card."""


@dataclass(frozen=True, slots=True)
class Site:
    """All that a site file says."""

    site: Identity
    agenda: AgendaSource
    camera: CameraSource = field(default_factory=CameraSource)
    microphone: MicrophoneSource = field(default_factory=MicrophoneSource)
    tv: TvOutput = field(default_factory=TvOutput)
    call: CallChoices = field(default_factory=CallChoices)
    sip: SipChoices = field(default_factory=SipChoices)
    province: Province = field(default_factory=Province)
    clock: ClockChoice = field(default_factory=ClockChoice)
    help: Help = field(default_factory=Help)
    network: Network = field(default_factory=Network)
