"""The tables. Every time is POSIX seconds, UTC, as everywhere in this project.

The program keeps nothing in memory that a second copy of it would miss: what two copies must agree
on (sessions, wrong passwords, who is in a meeting's room) is kept here too.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
ONE_GUEST = (
    "CASE WHEN place_id IS NULL THEN 0 ELSE 1 END + CASE WHEN site_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN group_id IS NULL THEN 0 ELSE 1 END = 1"
)


class Base(DeclarativeBase):
    """All tables; constraints have names, so that a migration can take them back."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it so
        float: Float(53),
        dict[str, Any]: JSON,
    }


class Place(Base):
    """A branch of the tree: province, district, commune, hamlet group; of any depth."""

    __tablename__ = "places"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))


class Site(Base):
    """One điểm cầu; ``feed_token`` is what its feed's address carries as proof.

    ``sip_password`` is as secret as that token: it leaves the database in the site's own files and
    in a back-up alone. ``contact`` is the person there, with ``telephone``.
    """

    __tablename__ = "sites"

    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    feed_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float]
    sip_user: Mapped[str] = mapped_column(String(64), default="", server_default="")
    sip_password: Mapped[str] = mapped_column(String(128), default="", server_default="")
    extension: Mapped[str] = mapped_column(String(32), default="", server_default="")
    contact: Mapped[str] = mapped_column(String(120), default="", server_default="")
    telephone: Mapped[str] = mapped_column(String(40), default="", server_default="")
    helper: Mapped[str] = mapped_column(String(60), default="")  # account that sees to it
    helped_at: Mapped[float | None]


class LastReport(Base):
    """The newest report of each kind from each site; an older one never replaces it."""

    __tablename__ = "last_reports"

    site_id: Mapped[str] = mapped_column(
        ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[float]  # the site's clock
    boot_id: Mapped[str] = mapped_column(String(64))
    previous_boot: Mapped[str] = mapped_column(String(64), default="")
    seq: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[dict[str, Any]]
    received_at: Mapped[float] = mapped_column(index=True)  # the province's clock


class Meeting(Base):
    """A meeting or a series. ``begin`` is the first; ``rule`` is an RRULE's value or "".

    The keys of its room are made of ``secret`` (`schedule.room_keys`).
    """

    __tablename__ = "meetings"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(255), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    begin: Mapped[float] = mapped_column(index=True)
    length_s: Mapped[float]
    zone: Mapped[str] = mapped_column(String(60))
    rule: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(Text, default="")
    chair: Mapped[str] = mapped_column(String(120), default="")
    chair_pin: Mapped[str] = mapped_column(String(60), default="")
    conference_id: Mapped[str] = mapped_column(String(16), default="", server_default="")
    conference_pin: Mapped[str] = mapped_column(String(16), default="", server_default="")
    secret: Mapped[str] = mapped_column(String(64), default="", server_default="")
    free: Mapped[bool] = mapped_column(default=False)
    doors_s: Mapped[float | None]  # how long before its begin sites join; None: the default
    sequence: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[float]
    # Of the calendar that it was imported from: the version taken last, and whether that was off.
    source_sequence: Mapped[int | None] = mapped_column(BigInteger)
    source_stamp: Mapped[float | None]
    source_cancelled: Mapped[bool] = mapped_column(default=False, server_default=false())


class OccurrenceChange(Base):
    """One occurrence of a series that is cancelled (``begin`` is None) or changed.

    What is None of title, address, chair, ``free``, doors, ID and PIN is as in the series.
    ``imported``: by the calendar that the series comes from, and not by a person here.
    """

    __tablename__ = "occurrence_changes"

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True
    )
    instance: Mapped[float] = mapped_column(primary_key=True)  # when the rule has it begin
    begin: Mapped[float | None]
    length_s: Mapped[float | None]
    title: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(Text)
    chair: Mapped[str | None] = mapped_column(String(120))
    free: Mapped[bool | None]
    doors_s: Mapped[float | None]
    conference_id: Mapped[str | None] = mapped_column(String(16))
    conference_pin: Mapped[str | None] = mapped_column(String(16))
    imported: Mapped[bool] = mapped_column(default=False, server_default=false())


class Group(Base):
    """Sites from anywhere in the tree under one name, to be invited together."""

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)


class GroupMember(Base):
    """A site of a group; one that left is kept as ``withdrawn``, as with an `Invitation`."""

    __tablename__ = "group_members"

    group_id: Mapped[int] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True
    )
    site_id: Mapped[str] = mapped_column(
        ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    withdrawn: Mapped[bool] = mapped_column(default=False)


class Invitation(Base):
    """A branch, a group or a single site that belongs to a meeting.

    One that was taken back is kept as ``withdrawn``: the site's feed has the meeting as cancelled,
    for a site doubts a feed that has merely lost a meeting.
    """

    __tablename__ = "invitations"
    __table_args__ = (CheckConstraint(ONE_GUEST, "one_guest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), index=True
    )
    place_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"), index=True)
    site_id: Mapped[str | None] = mapped_column(
        ForeignKey("sites.id", ondelete="CASCADE"), index=True
    )
    group_id: Mapped[int | None] = mapped_column(
        ForeignKey("groups.id", ondelete="CASCADE"), index=True
    )
    withdrawn: Mapped[bool] = mapped_column(default=False)


class Account(Base):
    """Somebody who may log in."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    password: Mapped[str] = mapped_column(String(200))  # argon2id, with its parameters
    role: Mapped[str] = mapped_column(String(20))
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float]


class LogIn(Base):
    """A session of the console; the cookie's token is kept only as its SHA-256."""

    __tablename__ = "log_ins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float]
    seen_at: Mapped[float]


class WrongPassword(Base):
    """One wrong password, under each key by which it is counted."""

    __tablename__ = "wrong_passwords"
    __table_args__ = (Index("ix_wrong_passwords_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    at: Mapped[float]


class AuditEntry(Base):
    """Who did what, and from where; nothing in the program changes or deletes one."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float] = mapped_column(index=True)
    account: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]]
    address: Mapped[str] = mapped_column(String(60))


class Rehearsal(Base):
    """A rehearsal of one occurrence that somebody asked for; the newest alone counts."""

    __tablename__ = "rehearsals"

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True
    )
    instance: Mapped[float] = mapped_column(primary_key=True)
    asked_at: Mapped[float] = mapped_column(index=True)


class EndedMeeting(Base):
    """One occurrence that somebody ended at the chair's page, `begin` as it stood then."""

    __tablename__ = "ended_meetings"

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True
    )
    instance: Mapped[float] = mapped_column(primary_key=True)
    begin: Mapped[float]
    at: Mapped[float] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(String(60))


class PassedOver(Base):
    """What a part of the program could not use, by subject (a site, a meeting), and how often."""

    __tablename__ = "passed_over"

    part: Mapped[str] = mapped_column(String(20), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(300))
    first_at: Mapped[float]
    last_at: Mapped[float] = mapped_column(index=True)


class Floor(Base):
    """The floor of one occurrence: whom the chair wants to have it, and what the room shows.

    It belongs to a participant, by the room's own id for it (`holder_number`), never to a name,
    which anybody may bear. A site that proved itself (`holder_site`) keeps it when it rejoins. The
    same for the person in the chair (`leader…`), whom all sites see. `returned_by` is the name of
    who gave it back last, at `returned_at`.

    One copy of the program is in the room, by a lease: `lease_holder` has it until `lease_end`, and
    when that copy dies another takes over. `problem` says why nobody is in the room, "" for none.
    """

    __tablename__ = "floors"

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True
    )
    instance: Mapped[float] = mapped_column(primary_key=True)
    wanted: Mapped[str] = mapped_column(String(200), default="")  # the holder's name
    holder_number: Mapped[int | None] = mapped_column(BigInteger)
    holder_site: Mapped[str | None] = mapped_column(String(63))
    leader: Mapped[str | None] = mapped_column(String(200))
    leader_number: Mapped[int | None] = mapped_column(BigInteger)
    leader_site: Mapped[str | None] = mapped_column(String(63))
    shown: Mapped[str] = mapped_column(String(200), default="")  # what the room confirmed
    returned_by: Mapped[str | None] = mapped_column(String(200))
    returned_at: Mapped[float | None]
    lease_holder: Mapped[str] = mapped_column("keeper", String(64), default="")
    lease_end: Mapped[float] = mapped_column("kept_until", default=0.0)
    problem: Mapped[str] = mapped_column("trouble", String(300), default="")
    wrong_pins: Mapped[int | None]  # in the last minutes, where the room counts them


class Participation(Base):
    """The time of one participant in a meeting, from joining to leaving; who rejoins has two."""

    __tablename__ = "stays"
    __table_args__ = (Index("ix_stays_occurrence", "meeting_id", "instance"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    instance: Mapped[float]
    number: Mapped[int] = mapped_column(BigInteger)  # the room's own for it
    name: Mapped[str] = mapped_column(String(200))
    site_id: Mapped[str | None] = mapped_column(ForeignKey("sites.id", ondelete="SET NULL"))
    came_at: Mapped[float]
    left_at: Mapped[float | None]
    hand_at: Mapped[float | None]  # since when the hand is up
    hands: Mapped[int] = mapped_column(default=0)
    mic: Mapped[bool | None]


class HeadCount(Base):
    """How many people are in a site's hall; `by` is the account that said so, "" the site."""

    __tablename__ = "head_counts"

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True
    )
    instance: Mapped[float] = mapped_column(primary_key=True)
    site_id: Mapped[str] = mapped_column(
        String(63), ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True
    )
    people: Mapped[int]
    at: Mapped[float]
    by: Mapped[str] = mapped_column(String(60), default="")
