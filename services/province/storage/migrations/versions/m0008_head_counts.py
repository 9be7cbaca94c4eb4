"""How many people were in the hall of a site."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this release."""
    op.create_table(
        "head_counts",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("instance", sa.Float(precision=53), nullable=False),
        sa.Column("site_id", sa.String(length=63), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meetings.id"],
            name=op.f("fk_head_counts_meeting_id_meetings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.id"],
            name=op.f("fk_head_counts_site_id_sites"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("meeting_id", "instance", "site_id", name=op.f("pk_head_counts")),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("head_counts")
