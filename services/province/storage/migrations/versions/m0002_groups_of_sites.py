"""Groups of sites, which a meeting may invite."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAME = "ck_invitations_one_guest"
TWO = "(place_id IS NULL) <> (site_id IS NULL)"
THREE = (
    "CASE WHEN place_id IS NULL THEN 0 ELSE 1 END + CASE WHEN site_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN group_id IS NULL THEN 0 ELSE 1 END = 1"
)


def upgrade() -> None:
    """To this release."""
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_groups_name")),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(length=63), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_group_members_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name=op.f("fk_group_members_site_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "site_id", name=op.f("pk_group_members")),
    )
    with op.batch_alter_table("group_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_group_members_site_id"), ["site_id"], unique=False)

    _drop_check()
    with op.batch_alter_table(
        "invitations", copy_from=_before(), table_args=_check(THREE)
    ) as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_invitations_group_id"), "groups", ["group_id"], ["id"],
            ondelete="CASCADE",
        )  # fmt: skip
        batch_op.create_index(batch_op.f("ix_invitations_group_id"), ["group_id"], unique=False)
    _create_check(THREE)


def downgrade() -> None:
    """Back to the one before; what invited a group invites nobody."""
    op.execute("DELETE FROM invitations WHERE group_id IS NOT NULL")
    _drop_check()
    with op.batch_alter_table(
        "invitations", copy_from=_after(), table_args=_check(TWO)
    ) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitations_group_id"))
        batch_op.drop_constraint(batch_op.f("fk_invitations_group_id"), type_="foreignkey")
        batch_op.drop_column("group_id")
    _create_check(TWO)
    op.drop_table("group_members")
    op.drop_table("groups")


# SQLite makes the table anew, out of what is written here: it can drop no check, and whether one is
# read back from it depends on the release of SQLAlchemy.


def _before() -> sa.Table:
    return sa.Table(
        "invitations",
        sa.MetaData(),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("site_id", sa.String(length=63), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meetings.id"],
            name=op.f("fk_invitations_meeting_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_invitations_place_id")),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name=op.f("fk_invitations_site_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.Index(op.f("ix_invitations_meeting_id"), "meeting_id"),
        sa.Index(op.f("ix_invitations_place_id"), "place_id"),
        sa.Index(op.f("ix_invitations_site_id"), "site_id"),
    )


def _after() -> sa.Table:
    table = _before()
    table.append_column(sa.Column("group_id", sa.Integer(), nullable=True))
    table.append_constraint(
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_invitations_group_id"), ondelete="CASCADE"
        )
    )
    sa.Index(op.f("ix_invitations_group_id"), table.c.group_id)
    return table


def _check(rule: str) -> tuple[sa.CheckConstraint, ...]:
    return (sa.CheckConstraint(rule, name=op.f(NAME)),) if _sqlite() else ()


def _drop_check() -> None:
    if not _sqlite():
        op.drop_constraint(op.f(NAME), "invitations", type_="check")


def _create_check(rule: str) -> None:
    if not _sqlite():
        op.create_check_constraint(op.f(NAME), "invitations", rule)


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
