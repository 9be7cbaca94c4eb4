"""The rules of enrolment: pending, approved, renewed, revoked. No sockets; `now` is an argument.

A device's key is its identity. A request is identified by its key's fingerprint, and its claim code
is made of that key (`appliance/wire/enrolment.py`); who approves confirms that the TV shows it.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.wire.enrolment import (
    EnrolAnswer,
    EnrolRequest,
    EnrolState,
    RenewRequest,
    claim_code,
    plain_claim,
)
from appliance.wire.topics import SITE
from services.province.bounds import origin
from services.province.ca.authority import SITE_DAYS, Authority, common_name, serial_of
from services.province.ca.keys import (
    der,
    fingerprint,
    is_client,
    is_signed_by,
    parse_certificate,
    requested_key,
)
from services.province.ca.ledger import Entry, EntryState, Ledger
from services.province.passed_over import Part, Tell, untold

log = logging.getLogger("diemcau.province.enrolment")

MAX_PENDING_S = 24 * 3600.0
"""A request that is neither approved nor repeated is deleted after this."""
MAX_PENDING = 1000
"""Requests that wait: enough for a whole province on its first day, and a bound for floods."""
MAX_PENDING_EACH = 100
"""Of one address: a bench on which an IT centre prepares its boxes."""
SEEN_INTERVAL_S = 30.0
"""A request that is repeated each ten seconds is written no more often."""
MAX_EXPIRED_S = 3 * 365 * 86_400.0
"""A certificate may be renewed so long after its end: a box may lie in a cupboard for years."""


class Refusal(StrEnum):
    """Why a request is refused; the value is the answer's ``detail``."""

    BAD_REQUEST = "bad-request"
    WRONG_CLAIM = "wrong-claim"
    REVOKED = "revoked"
    DECLINED = "declined"
    TOO_OLD = "too-old"
    CLONED = "cloned"
    SITE_TAKEN = "site-taken"


class EnrolmentError(Exception):
    """The console's request cannot be done; `reason` says why."""

    def __init__(self, reason: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Enrolment:
    """The rules. `alarm` is called with a site and a reason when two devices have one identity;
    `listed` gives the serial numbers of the broker's list, which outlives a ledger's loss."""

    def __init__(
        self,
        authority: Authority,
        ledger: Ledger,
        *,
        alarm: Callable[[str, str], None] = lambda _site, _reason: None,
        listed: Callable[[], set[int]] = set,
        tell: Tell = untold,
        days: float = SITE_DAYS,
        most: int = MAX_PENDING,
    ) -> None:
        self._most = most
        self._tell = tell
        self._origins: dict[str, str] = {}
        """Whence each request came, by the fingerprint; a restart forgets it."""
        self._authority = authority
        self._ledger = ledger
        self._alarm = alarm
        self._listed = listed
        self._days = days

    def ask(self, request: EnrolRequest, now: float, address: str = "") -> EnrolAnswer:
        """Answer a device without a certificate, which asks again and again, from `address`."""
        key = requested_key(request.csr)
        if key is None:
            return _refused(Refusal.BAD_REQUEST)
        entry = self._ledger.get(fingerprint(key))
        if entry is None:
            return self._add_request(request, key, now, origin(address))
        if entry.state is EntryState.APPROVED:
            return EnrolAnswer(EnrolState.APPROVED, entry.certificate)
        if entry.state is EntryState.PENDING:
            if entry.site != request.site or now - entry.seen_at > SEEN_INTERVAL_S:
                self._ledger.put(replace(entry, seen_at=now, site=request.site))
            self._origins[entry.fingerprint] = origin(address)
            return EnrolAnswer(EnrolState.PENDING)
        revoked = entry.state is EntryState.REVOKED
        return _refused(Refusal.REVOKED if revoked else Refusal.DECLINED)

    def pending(self, now: float) -> list[Entry]:
        """The requests that wait for a decision, the oldest first; old ones are deleted."""
        waiting: list[Entry] = []
        for entry in self.of(EntryState.PENDING):
            if now - entry.seen_at > MAX_PENDING_S:
                self._ledger.forget(entry.fingerprint)
            else:
                waiting.append(entry)
        return sorted(waiting, key=lambda entry: entry.asked_at)

    def approve(
        self, claim: str, now: float, *, by: str, site: str = "", instead: bool = False
    ) -> Entry:
        """Approve the device whose TV shows this code, as `site` or as it calls itself.

        Raises `EnrolmentError`: no such code waits, or the site has a device already and this one
        does not come `instead` of it (whose certificates are then revoked).
        """
        code = plain_claim(claim)
        entry = next((one for one in self.pending(now) if one.claim == code), None)
        if entry is None:
            raise EnrolmentError(
                Refusal.WRONG_CLAIM, f"no device waits with the code {code}; read it from the TV"
            )
        name = site or entry.site
        if not SITE.fullmatch(name):  # it becomes a user name that the access list is filled with
            raise EnrolmentError(
                Refusal.BAD_REQUEST, f"{name!r} is no site's id; one looks like ia-kly"
            )
        if any(one.site == name for one in self.of(EntryState.APPROVED)):
            if not instead:
                raise EnrolmentError(
                    Refusal.SITE_TAKEN, f"{name} has a device; approve this one in its place"
                )
            self.revoke(name, now, by=by)
        return self._sign(replace(entry, site=name), now, by)

    def decline(self, claim: str, now: float, *, by: str) -> None:
        """Refuse the device of this code; raises `EnrolmentError` where no such code waits."""
        code = plain_claim(claim)
        entry = next((one for one in self.pending(now) if one.claim == code), None)
        if entry is None:
            raise EnrolmentError(Refusal.WRONG_CLAIM, f"no device waits with the code {code}")
        self._ledger.put(replace(entry, state=EntryState.REFUSED, decided_at=now, decided_by=by))

    def renew(self, request: RenewRequest, now: float) -> EnrolAnswer:
        """Renew a certificate, also an expired one, for the device that signs with its key."""
        old, key = parse_certificate(request.certificate), requested_key(request.csr)
        if old is None or key is None:
            return _refused(Refusal.BAD_REQUEST)
        if not self._authority.signed(old) or not is_signed_by(old, request):
            return _refused(Refusal.BAD_REQUEST)
        return self._renew(old, request, key, now)

    def revoke(self, site: str, now: float, *, by: str) -> int:
        """Revoke the site's certificates; returns how many there were."""
        known = [entry for entry in self.of(EntryState.APPROVED) if entry.site == site]
        for entry in known:
            self._ledger.put(
                replace(entry, state=EntryState.REVOKED, decided_at=now, decided_by=by)
            )
        return len(known)

    def revoked(self) -> set[int]:
        """The serial numbers of revoked certificates."""
        return {int(entry.number) for entry in self.of(EntryState.REVOKED) if entry.number}

    def _add_request(
        self, request: EnrolRequest, key: ec.EllipticCurvePublicKey, now: float, whence: str
    ) -> EnrolAnswer:
        self._make_room(now, whence)
        self._origins[fingerprint(key)] = whence
        self._ledger.put(
            Entry(
                fingerprint=fingerprint(key),
                claim=claim_code(der(key)),
                site=request.site,
                csr=request.csr,
                state=EntryState.PENDING,
                serial=request.serial,
                model=request.model,
                asked_at=now,
                seen_at=now,
            )
        )
        return EnrolAnswer(EnrolState.PENDING)

    def _make_room(self, now: float, whence: str) -> None:
        """Forget the request that was not repeated for longest: of this address where it has its
        share, else of the one that has most where all are too many.

        A device asks again each ten seconds, so one that had to give way is back at once; one that
        was made up asks once. An address that is not known has no share of its own.
        """
        waiting: dict[str, list[Entry]] = {}
        for entry in self.pending(now):
            waiting.setdefault(self._origins.get(entry.fingerprint, ""), []).append(entry)
        known = {entry.fingerprint for entries in waiting.values() for entry in entries}
        self._origins = {key: value for key, value in self._origins.items() if key in known}
        crowded = whence
        if not whence or len(waiting.get(whence, ())) < MAX_PENDING_EACH:
            if len(known) < self._most:
                return
            crowded = max(waiting, key=lambda one: (len(waiting[one]), -_oldest(waiting[one])[0]))
        _, oldest = _oldest(waiting[crowded])
        self._ledger.forget(oldest.fingerprint)
        self._tell(Part.ENROLMENT, crowded or "?", "a request that was not repeated gave way")

    def _renew(
        self,
        old: x509.Certificate,
        request: RenewRequest,
        key: ec.EllipticCurvePublicKey,
        now: float,
    ) -> EnrolAnswer:
        entry = self._ledger.get(fingerprint(old.public_key())) or self._adopted(old, now)
        if entry is None:
            return _refused(Refusal.BAD_REQUEST)
        if entry.state is not EntryState.APPROVED:
            return _refused(Refusal.REVOKED)
        over_s = now - old.not_valid_after_utc.timestamp()
        if over_s > MAX_EXPIRED_S:
            return _refused(Refusal.TOO_OLD)
        if over_s > 0:
            log.warning("%s comes back %.0f days after its certificate's end", entry.site,
                        over_s / 86_400)  # fmt: skip
        if entry.serial and request.serial and entry.serial != request.serial:
            self._alarm(entry.site, f"renewal from board {request.serial}, not {entry.serial}")
            return _refused(Refusal.CLONED)
        return self._issue_successor(entry, request, key, now)

    def _adopted(self, old: x509.Certificate, now: float) -> Entry | None:
        """The entry for a site's certificate of this authority that the ledger does not know: it
        was issued after the backup from which the ledger was restored. None for another's."""
        site, key = common_name(old), old.public_key()
        if (
            not SITE.fullmatch(site)
            or not is_client(old)
            or not isinstance(key, ec.EllipticCurvePublicKey)
        ):
            return None
        revoked = old.serial_number in self._listed()
        entry = Entry(
            fingerprint=fingerprint(key),
            claim=claim_code(der(key)),
            site=site,
            csr="",
            state=EntryState.REVOKED if revoked else EntryState.APPROVED,
            serial=serial_of(old),
            asked_at=now,
            seen_at=now,
            certificate=old.public_bytes(serialization.Encoding.PEM).decode(),
            number=str(old.serial_number),
            ends_at=old.not_valid_after_utc.timestamp(),
            decided_at=now,
            decided_by="adopted",
        )
        log.warning("the ledger did not know a certificate of %s and takes it in", site)
        self._ledger.put(entry)
        return entry

    def _issue_successor(
        self, entry: Entry, request: RenewRequest, key: ec.EllipticCurvePublicKey, now: float
    ) -> EnrolAnswer:
        """One successor for each key: a second one for the same old key is a second device."""
        name = fingerprint(key)
        known = self._ledger.get(name)
        if known is not None and known.follows == entry.fingerprint:
            return EnrolAnswer(EnrolState.APPROVED, known.certificate)
        if known is not None:
            return _refused(Refusal.BAD_REQUEST)
        if any(one.follows == entry.fingerprint for one in self._ledger.entries()):
            self._alarm(entry.site, "a second device renews one certificate")
            return _refused(Refusal.CLONED)
        successor = Entry(
            fingerprint=name,
            claim=claim_code(der(key)),
            site=entry.site,
            csr=request.csr,
            state=EntryState.PENDING,
            serial=entry.serial or request.serial,
            model=entry.model,
            asked_at=now,
            seen_at=now,
            follows=entry.fingerprint,
        )
        made = self._sign(successor, now, "renewal")
        return EnrolAnswer(EnrolState.APPROVED, made.certificate)

    def _sign(self, entry: Entry, now: float, by: str) -> Entry:
        key = requested_key(entry.csr)
        if key is None:
            raise EnrolmentError(Refusal.BAD_REQUEST, f"the request of {entry.site} is broken")
        made = self._authority.site(key, entry.site, entry.serial, now, days=self._days)
        done = replace(
            entry,
            state=EntryState.APPROVED,
            certificate=made.public_bytes(serialization.Encoding.PEM).decode(),
            number=str(made.serial_number),
            ends_at=made.not_valid_after_utc.timestamp(),
            decided_at=now,
            decided_by=by,
        )
        self._ledger.put(done)
        return done

    def of(self, state: EntryState) -> Iterator[Entry]:
        """All entries in a state."""
        return (entry for entry in self._ledger.entries() if entry.state is state)


def _oldest(entries: list[Entry]) -> tuple[float, Entry]:
    """The one that was not repeated for longest, and when it was last."""
    entry = min(entries, key=lambda entry: entry.seen_at)
    return entry.seen_at, entry


def _refused(reason: Refusal) -> EnrolAnswer:
    return EnrolAnswer(EnrolState.REFUSED, detail=reason.value)
