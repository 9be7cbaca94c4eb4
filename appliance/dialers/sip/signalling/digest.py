"""Digest authentication: answers a server's challenges (RFC 7616, RFC 8760)."""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sipmessage import Request, Response

from appliance.dialers.sip.signalling.message_head import encoded

_HASHES: dict[str, Callable[[bytes], str]] = {
    # The strongest first.
    "sha-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
    "sha-256": lambda data: hashlib.sha256(data).hexdigest(),
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
_PAIR = re.compile(r'\s*([A-Za-z0-9_-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)\s*(?:,|$)')
_ESCAPED = re.compile(r"\\(.)")
MAX_CHALLENGE = 1024
MAX_REALMS = 8
"""Answers to all of them go with every request; a call has one or two."""
MAX_TRIES = 3
"""Challenges in a row to one request; a server that sends more does not take our password."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge that we can answer. ``qop`` is whether the answer counts (qop=auth)."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    opaque: str | None = None
    qop: bool = False
    stale: bool = False

    @classmethod
    def parse(cls, text: str) -> "Challenge | None":
        """Read a header's value; None for a challenge that we cannot answer."""
        scheme, _, rest = text.strip().partition(" ")
        if scheme.lower() != "digest" or len(rest) > MAX_CHALLENGE:
            return None
        found = {name.lower(): _plain(value) for name, value in _PAIR.findall(rest)}
        algorithm = found.get("algorithm", "MD5")
        known = algorithm.lower().removesuffix("-sess") in _HASHES
        words = {word.strip().lower() for word in found.get("qop", "").split(",")} - {""}
        if not known or not {"realm", "nonce"} <= found.keys() or (words and "auth" not in words):
            return None
        stale = found.get("stale", "").lower() == "true"
        opaque = found.get("opaque")
        return cls(found["realm"], found["nonce"], algorithm, opaque, "auth" in words, stale)

    @property
    def strength(self) -> int:
        """The rank of the algorithm: a smaller number is stronger."""
        return list(_HASHES).index(self.algorithm.lower().removesuffix("-sess"))


@dataclass
class _Realm:
    """One realm: its challenge, and how often its nonce was used."""

    challenge: Challenge
    header: str
    count: int = 0


@dataclass
class Authenticator:
    """Answers challenges as ``user``; its repr shows neither the password nor an answer."""

    user: str = ""
    password: str = field(default="", repr=False)
    _realms: dict[tuple[str, str], _Realm] = field(default_factory=dict, repr=False)

    @property
    def used(self) -> bool:
        """Whether a server has asked for the password, so that requests carry its answer."""
        return bool(self._realms)

    def challenged(self, response: Response, tries: int) -> bool:
        """Take a 401 or 407; False where another try cannot help: a wrong password, or none."""
        if not self.user or not self.password or tries >= MAX_TRIES:
            return False
        fresh = False
        for challenge_header, header in (
            ("WWW-Authenticate", "Authorization"),
            ("Proxy-Authenticate", "Proxy-Authorization"),
        ):
            read = (Challenge.parse(value) for value in response.headers.getlist(challenge_header))
            best: dict[str, Challenge] = {}
            for one in read:
                if one is not None:
                    best.setdefault(one.realm, one)
                    best[one.realm] = min(best[one.realm], one, key=lambda known: known.strength)
            for realm, challenge in best.items():
                fresh |= self._take(header, realm, challenge, tries)
        return fresh

    def _take(self, header: str, realm: str, challenge: Challenge, tries: int) -> bool:
        known = self._realms.get((header, realm))
        if known is None and len(self._realms) >= MAX_REALMS:
            return False
        self._realms[header, realm] = _Realm(challenge, header)
        # A second refusal of the same realm means a wrong password, unless the nonce was stale;
        # some servers only give another nonce without saying so, so one refusal is tried again.
        return known is None or challenge.stale or tries == 0

    def authorise(self, request: Request) -> None:
        """Put our answers to all challenges so far on a request, in place of older ones."""
        for header in ("Authorization", "Proxy-Authorization"):
            mine = [one for one in self._realms.values() if one.header == header]
            request.headers.remove(header)
            if mine:
                request.headers.setlist(header, [self._answer(one, request) for one in mine])

    def _answer(self, realm: _Realm, request: Request) -> str:
        challenge, uri = realm.challenge, str(request.uri)
        realm.count += 1
        digest = _HASHES[challenge.algorithm.lower().removesuffix("-sess")]
        cnonce, count = secrets.token_hex(8), f"{realm.count:08x}"
        # The realm and the nonce count as the bytes that came, which may be no UTF-8.
        secret = digest(encoded(f"{self.user}:{challenge.realm}:{self.password}"))
        if challenge.algorithm.lower().endswith("-sess"):
            secret = digest(encoded(f"{secret}:{challenge.nonce}:{cnonce}"))
        request_hash = digest(f"{request.method}:{uri}".encode())
        middle = f"{challenge.nonce}:{count}:{cnonce}:auth" if challenge.qop else challenge.nonce
        answer = digest(encoded(f"{secret}:{middle}:{request_hash}"))
        pairs = [
            f"username={_quoted(self.user)}",
            f"realm={_quoted(challenge.realm)}",
            f"nonce={_quoted(challenge.nonce)}",
            f"uri={_quoted(uri)}",
            f'response="{answer}"',
            f"algorithm={challenge.algorithm}",
        ]
        if challenge.opaque is not None:
            pairs.append(f"opaque={_quoted(challenge.opaque)}")
        if challenge.qop or challenge.algorithm.lower().endswith("-sess"):
            pairs.append(f'cnonce="{cnonce}"')
        if challenge.qop:
            pairs += ["qop=auth", f"nc={count}"]
        return "Digest " + ", ".join(pairs)


def _plain(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
