"""Meetings that somebody ended at the chair's page; who gave the floor back."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this release."""
    op.create_table(
        "ended_meetings",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("instance", sa.Float(precision=53), nullable=False),
        sa.Column("begin", sa.Float(precision=53), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meetings.id"],
            name=op.f("fk_ended_meetings_meeting_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("meeting_id", "instance", name=op.f("pk_ended_meetings")),
    )
    with op.batch_alter_table("ended_meetings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ended_meetings_at"), ["at"], unique=False)
    with op.batch_alter_table("floors", schema=None) as batch_op:
        batch_op.add_column(sa.Column("returned_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("returned_at", sa.Float(precision=53), nullable=True))


def downgrade() -> None:
    """Back to the one before; a meeting that was ended goes on."""
    with op.batch_alter_table("floors", schema=None) as batch_op:
        batch_op.drop_column("returned_at")
        batch_op.drop_column("returned_by")
    op.drop_table("ended_meetings")
