"""The configuration of the tests' Asterisk: who may call, and what answers at which number."""

import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOM = 1000
"""A conference in which the others see who talks."""
MIRROR = 1001
"""A conference in which everybody, the sender too, sees the first one."""
ECHO = 1002
"""Sound and picture straight back."""
LOBBY = 7000
"""An entry queue: asks for the number of a conference and its PIN by DTMF."""
BUSY, SILENT, DECLINED, NOBODY, BRIEF = 4860, 4080, 4030, 9999, 2000
"""Busy; rings for ever; declines; is unknown; answers and hangs up after two seconds."""
LOOPBACK = "127.0.0.1"
PIN = "2468"
PASSWORD = "correct horse"
PLAIN, ENCRYPTED, OPEN = "plain", "encrypted", "open"
DIGESTS = ("md5", "sha256")
COUNTED = "counted"
RTP_PORTS = 400
"""Four a call, those of calls whose far end died among them."""
SESSION_S = 90
"""The shortest session timer that RFC 4028 allows."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens: UDP and TCP share a number; RTP has a range of its own."""

    sip: int
    tls: int
    rtp: int

    @classmethod
    def free(cls, *, tls: bool) -> "Ports":
        """Ports that nobody has, below those that the kernel gives to whoever connects: one of
        these could be gone again before Asterisk has it. Of the RTP range it takes what is free."""
        while True:
            sip, other = random.sample(range(10_000, 16_000), 2)
            with (
                socket.socket() as tcp,
                socket.socket(type=socket.SOCK_DGRAM) as udp,
                socket.socket() as secure,
            ):
                try:
                    tcp.bind(("127.0.0.1", sip))
                    udp.bind(("127.0.0.1", sip))
                    secure.bind(("127.0.0.1", other))
                except OSError:
                    continue
            return cls(sip, other if tls else 0, random.randrange(20_000, 30_000, RTP_PORTS))


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who registers: the number in their address, and the name and password of digest."""

    number: str
    user: str
    password: str


def write(
    folder: Path,
    ports: Ports,
    data: Path,
    modules: Path,
    *,
    host: str = LOOPBACK,
    accounts: Sequence[Account] = (),
    silent_s: int = 0,
) -> None:
    """Write all files below ``folder``; ``data`` and ``modules`` are Asterisk's own.

    ``host`` is how callers reach it: from a guest of the emulator it is another than here. An open
    call without a packet for ``silent_s`` is ended, as an MCU does whose caller has no power; 0:
    never.
    """
    for name in ("etc", "run", "log", "spool", "db", "data/sounds"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, target in (
        ("documentation", data / "documentation"),
        ("sounds/en", data / "sounds/en_US_f_Allison"),
    ):
        (folder / "data" / name).symlink_to(target)
    etc = folder / "etc"
    (etc / "asterisk.conf").write_text(
        f"""[directories]
astetcdir => {etc}
astmoddir => {modules}
astvarlibdir => {folder}/db
astdbdir => {folder}/db
astkeydir => {folder}/db
astcachedir => {folder}/db
astdatadir => {folder}/data
astspooldir => {folder}/spool
astrundir => {folder}/run
astlogdir => {folder}/log
[options]
nocolor = yes
"""
    )
    (etc / "logger.conf").write_text("[logfiles]\nconsole => notice,warning,error\n")
    loads = "".join(f"load = {name}.so\n" for name in MODULES.split())
    (etc / "modules.conf").write_text(f"[modules]\nautoload = no\n{loads}")
    (etc / "rtp.conf").write_text(
        f"[general]\nrtpstart = {ports.rtp}\nrtpend = {ports.rtp + RTP_PORTS - 1}\n"
        "strictrtp = no\nicesupport = no\n"
    )
    (etc / "pjsip.conf").write_text(_pjsip(etc, ports, host, accounts, silent_s))
    (etc / "confbridge.conf").write_text(CONFBRIDGE)
    (etc / "extensions.conf").write_text(EXTENSIONS)
    for name in ("cdr.conf", "cel.conf"):
        (etc / name).write_text("[general]\nenable = no\n")


def _pjsip(etc: Path, ports: Ports, host: str, accounts: Sequence[Account], silent_s: int) -> str:
    parts = ["[global]\ntype = global\nendpoint_identifier_order = username,auth_username\n"]
    parts += [
        f"[{protocol}]\ntype = transport\nprotocol = {protocol}\nbind = 127.0.0.1:{ports.sip}\n"
        for protocol in ("udp", "tcp")
    ]
    if ports.tls:
        parts.append(
            f"[tls]\ntype = transport\nprotocol = tls\nbind = 127.0.0.1:{ports.tls}\n"
            f"cert_file = {etc}/server.pem\npriv_key_file = {etc}/server.key\n"
            "method = tlsv1_2\n"
            + (f"external_signaling_address = {host}\n" if host != LOOPBACK else "")
        )
    parts += [_endpoint(OPEN, encrypted=False, auth=""), f"rtp_timeout = {silent_s}\n"]
    for kind in (PLAIN, ENCRYPTED):
        for digest in DIGESTS:
            name = f"{kind}-{digest}"
            parts.append(_endpoint(name, encrypted=kind == ENCRYPTED, auth=name))
            algorithm = "SHA-256" if digest == "sha256" else "MD5"
            parts.append(
                f"[{name}]\ntype = auth\nauth_type = digest\nusername = {name}\n"
                f"password = {PASSWORD}\nsupported_algorithms_uas = {algorithm}\n"
            )
    for one in accounts:
        own = f"auth = {one.number}\naors = {one.number}\n"
        parts.append(_endpoint(one.number, encrypted=True, host=host, auth="") + own)
        parts.append(
            f"[{one.number}]\ntype = auth\nauth_type = digest\nusername = {one.user}\n"
            f"password = {one.password}\n"
            f"[{one.number}]\ntype = aor\nmax_contacts = 2\n"
        )
    return "\n".join(parts)


def _endpoint(name: str, *, encrypted: bool, auth: str, host: str = LOOPBACK) -> str:
    return f"""[{name}]
type = endpoint
context = meetings
disallow = all
allow = g722,alaw,ulaw,h264
direct_media = no
dtmf_mode = rfc4733
rtp_symmetric = yes
force_rport = yes
media_address = {host}
bind_rtp_to_media_address = {"yes" if host == LOOPBACK else "no"}
media_encryption = {"sdes" if encrypted else "no"}
timers = yes
timers_min_se = {SESSION_S}
timers_sess_expires = {SESSION_S}
{f"auth = {auth}" if auth else ""}
"""


CONFBRIDGE = """[general]

[meeting]
type = bridge
video_mode = follow_talker

[mirror]
type = bridge
video_mode = first_marked

[guest]
type = user
quiet = yes
announce_join_leave = no
startmuted = no
marked = yes

[keys]
type = menu
*6 = toggle_mute
99 = no_op
"""

# What was counted of both streams goes to the log when a call is over: the console has no word for
# the picture's.
EXTENSIONS = f"""[counts]
exten => s,1,Log(NOTICE,{COUNTED} audio ${{CHANNEL(endpoint)}} ${{CHANNEL(rtcp,all,audio)}})
 same => n,Log(NOTICE,{COUNTED} video ${{CHANNEL(endpoint)}} ${{CHANNEL(rtcp,all,video)}})
 same => n,Return()

[meetings]
exten => _[1-7]XXX!,1,Set(CHANNEL(hangup_handler_push)=counts,s,1)
 same => n,Goto(numbers,${{EXTEN}},1)

[numbers]
exten => {ROOM},1,Answer()
 same => n,ConfBridge({ROOM},meeting,guest,keys)
exten => {MIRROR},1,Answer()
 same => n,ConfBridge({MIRROR},mirror,guest,keys)
exten => {ECHO},1,Answer()
 same => n,Echo()
exten => {LOBBY},1,Answer()
 same => n,Read(ID,conf-getconfno,0,,1,10)
 same => n,Read(PIN,conf-getpin,0,,1,10)
 same => n,GotoIf($["${{PIN}}" = "{PIN}"]?:wrong)
 same => n,ConfBridge(${{ID}},meeting,guest,keys)
 same => n(wrong),Playback(conf-invalidpin)
 same => n,Hangup()
exten => _{LOBBY}##XXXX##X.,1,Answer()
 same => n,GotoIf($["${{EXTEN:12}}" = "{PIN}"]?:wrong)
 same => n,ConfBridge(${{EXTEN:6:4}},meeting,guest,keys)
 same => n(wrong),Hangup(21)
exten => {BUSY},1,Busy()
exten => {SILENT},1,Ringing()
 same => n,Wait(300)
exten => {DECLINED},1,Hangup(21)
exten => {BRIEF},1,Answer()
 same => n,Wait(2)
 same => n,Hangup()
"""

MODULES = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb
res_pjproject res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_authenticator_digest
res_pjsip_endpoint_identifier_user res_pjsip_caller_id res_pjsip_dtmf_info res_pjsip_nat
res_pjsip_rfc3326 res_pjsip_dlg_options res_pjsip_empty_info res_pjsip_pubsub res_pjsip_refer
res_pjsip_acl res_pjsip_logger res_rtp_asterisk res_srtp res_crypto
res_pjsip_registrar
res_format_attr_h264 res_format_attr_opus codec_g722 codec_alaw codec_ulaw codec_a_mu
codec_resample format_wav format_gsm format_pcm codec_gsm
chan_pjsip bridge_simple bridge_softmix bridge_builtin_features bridge_native_rtp
app_confbridge app_read app_playback app_echo app_stack app_verbose func_channel pbx_config
"""
