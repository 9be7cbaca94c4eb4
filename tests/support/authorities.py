"""Real authorities and signers, made by the image's recipe and by openssl; a grant for one box."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.support.grant import Grant

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
"""After the certificates were made."""
SERIAL, SITE = "10000000abcdef01", "ia-kly"
GRANT = Grant(
    id="0123456789abcdef",
    who='Nguyễn "Văn" A',
    issued=NOW,
    until=NOW + timedelta(days=1),
    hours=2,
    serial=SERIAL,
)


def authority(folder: Path, kind: str) -> Path:
    """One of `image/recipe/keys`."""
    subprocess.run(
        [ROOT / "image/recipe/keys", kind, folder], check=True, capture_output=True, timeout=100
    )
    return folder


def signer(folder: Path, name: str, extensions: str, *, days: int = 900) -> None:
    """One more certificate of the authority in `folder`: NAME.pem and NAME.key."""
    request, wanted = folder / f"{name}.csr", folder / f"{name}.ext"
    wanted.write_text(f"basicConstraints=CA:FALSE\n{extensions}\n")
    _openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
             "-keyout", folder / f"{name}.key", "-out", request)  # fmt: skip
    _openssl("x509", "-req", "-in", request, "-CA", folder / "keyring.pem",
             "-CAkey", folder / "authority.key", "-CAcreateserial", "-days", str(days),
             "-extfile", wanted, "-out", folder / f"{name}.pem")  # fmt: skip


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=100)
