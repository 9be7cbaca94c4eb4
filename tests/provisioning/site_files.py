"""Site files as a technician writes them, and what a box that took one has on its disk."""

from services.provisioning.second_copy import (
    IDENTITY,
    MACHINE_ID,
    RECORD,
    SETTINGS,
    SETTLED,
)

SECRET = "Khong-ai-biet"


def site(name: str = "Xã Ia Kly", secret: str = SECRET, *, broken: bool = False) -> bytes:
    """A site file."""
    return f"""\
[site]
id = "{"Ia Kly" if broken else "ia-kly"}"
name = "{name}"
[agenda]
url = "https://tinh.example/ia-kly.ics"
[sip]
password_file = "/data/site/secrets/sip-password"
[secrets]
sip_password = "{secret}"
""".encode()


PASSWORD = "site/secrets/sip-password"
KEY = b"-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n"
NEW_KEY = KEY.replace(b"MIGH", b"MIGI")
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PAIR = KEY + CERTIFICATE


def members(name: str = "Xã Ia Kly", **more: bytes) -> dict[str, bytes]:
    """What a box in force has on its data partition."""
    return {
        SETTINGS: site(name),
        RECORD: b'{"digest": "abc"}',
        SETTLED: b"",
        PASSWORD: SECRET.encode(),
        IDENTITY: PAIR,
        MACHINE_ID: b"0123456789abcdef0123456789abcdef\n",
    } | more
