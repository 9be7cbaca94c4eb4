"""Signs the province's hour for boxes without a time server, with a key for nothing else."""

import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.wire.hour import SignedHour, signed_part


class HourSigner:
    """The key in `file`, as `BrokerFiles` makes and renews it; read anew when it has changed.

    Copies of the program share the folder, so any of them may have renewed it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._read: tuple[int, ec.EllipticCurvePrivateKey, bytes] | None = None

    def sign(self, nonce: str, now: float) -> SignedHour:
        """`nonce` and the hour `now` (POSIX s), signed. Raises `OSError` where there is no key."""
        key, certificate = self._pair()
        at = round(now, 3)
        signature = key.sign(signed_part(nonce, at), ec.ECDSA(hashes.SHA256()))
        return SignedHour(nonce, at, certificate, signature)

    def _pair(self) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
        with self._lock:
            changed = self._file.stat().st_mtime_ns
            if self._read is None or self._read[0] != changed:
                content = self._file.read_bytes()
                try:
                    key = serialization.load_pem_private_key(content, None)
                    certificate = x509.load_pem_x509_certificate(content)
                except (ValueError, TypeError) as error:
                    raise OSError(f"{self._file} holds no key: {error}") from error
                if not isinstance(key, ec.EllipticCurvePrivateKey):
                    raise OSError(f"{self._file} holds no elliptic curve key")
                der = certificate.public_bytes(serialization.Encoding.DER)
                self._read = changed, key, der
            return self._read[1], self._read[2]
