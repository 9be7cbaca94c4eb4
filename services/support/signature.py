"""Signs and verifies a grant: CMS signed-data (RFC 5652), by openssl and by nothing of our own."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.support.errors import SignatureError

DEADLINE_S = 60.0
"""For a signature or its check; a token that asks for its PIN waits for a person."""
MAX_SIGNED_BYTES = 64 * 1024
"""A larger file is no signed grant and is not read."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose certificate vouches for a grant."""

    name: str
    begins: datetime
    ends: datetime
    signs_mail: bool
    """Extended key usage emailProtection, by which the provisioning authority marks its signers."""
    signs_code: bool
    """codeSigning: a signer of bundles, whose work this is not."""


def sign(content: bytes, certificate: Path, key: str) -> bytes:
    """`content` and its signature in one, as DER; `key` is a path, or a PKCS#11 address.

    openssl asks for a passphrase on the terminal. Raises `SignatureError`.
    """
    words = ("-sign", "-binary", "-nodetach", "-nosmimecap", "-md", "sha256", "-outform", "DER")
    return _cms(*words, "-signer", str(certificate), "-inkey", key, given=content)


def verify(signed: bytes, authority: Path) -> tuple[bytes, Signer]:
    """The content that `authority` vouches for, and by whose certificate. Raises `SignatureError`.

    When the certificate is valid is not looked at, since the box may not know the time:
    `grant_policy` does.
    """
    if len(signed) > MAX_SIGNED_BYTES:
        raise SignatureError(f"is larger than {MAX_SIGNED_BYTES} bytes")
    with tempfile.TemporaryDirectory() as folder:
        certificates = Path(folder) / "signers.pem"
        # Nobody but this authority: openssl would look at the machine's own, too.
        trust = ("-CAfile", str(authority), "-no-CApath", "-no-CAstore")
        words = ("-verify", "-binary", "-inform", "DER", "-purpose", "smimesign", "-no_check_time")
        content = _cms(*words, *trust, "-signer", str(certificates), given=signed)
        return content, _only(certificates.read_bytes())


def _cms(*words: str, given: bytes) -> bytes:
    try:
        done = subprocess.run(
            ("openssl", "cms", *words), input=given, capture_output=True, timeout=DEADLINE_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SignatureError(f"openssl cannot be asked: {error}") from error
    if done.returncode != 0:
        raise SignatureError(_reason(done.stderr.decode(errors="replace")))
    return done.stdout


def _reason(output: str) -> str:
    found = re.search(r"Verify error:\s*(.+)", output)
    lines = [line for line in output.splitlines() if line.strip()]
    return found[1].strip() if found else (lines[-1].strip() if lines else "openssl said nothing")


def _only(certificates: bytes) -> Signer:
    found = x509.load_pem_x509_certificates(certificates)
    if len(found) != 1:
        raise SignatureError(f"is signed by {len(found)}; one signature is wanted")
    one = found[0]
    names = one.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    try:
        usages = set(one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        usages = set()
    return Signer(
        name=str(names[0].value) if names else one.subject.rfc4514_string(),
        begins=one.not_valid_before_utc,
        ends=one.not_valid_after_utc,
        signs_mail=ExtendedKeyUsageOID.EMAIL_PROTECTION in usages,
        signs_code=ExtendedKeyUsageOID.CODE_SIGNING in usages,
    )
