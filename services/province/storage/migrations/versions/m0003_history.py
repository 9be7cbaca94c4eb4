"""History: minutes, hours, alarms that were, and what happened once."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this release."""
    op.create_table(
        "minutes",
        sa.Column("site_id", sa.String(63), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("soc_c", sa.REAL()),
        sa.Column("loss_percent", sa.REAL()),
        sa.Column("rtt_ms", sa.REAL()),
        sa.PrimaryKeyConstraint("site_id", "at", name="pk_minutes"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_table(
        "hours",
        sa.Column("site_id", sa.String(63), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("heard", sa.SmallInteger(), nullable=False),
        sa.Column("late", sa.SmallInteger(), nullable=False),
        sa.Column("soc_c", sa.REAL()),
        sa.Column("loss_percent", sa.REAL()),
        sa.Column("rtt_ms", sa.REAL()),
        sa.PrimaryKeyConstraint("site_id", "at", name="pk_hours"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_table(
        "alarm_episodes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(63), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.Column("detail", sa.String(200), nullable=False),
        sa.Column("began_at", sa.Float(53), nullable=False),
        sa.Column("ended_at", sa.Float(53)),
        sa.Column("helper", sa.String(60), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name="fk_alarm_episodes_site_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_episodes"),
    )
    op.create_index("ix_alarm_episodes_site_ended", "alarm_episodes", ["site_id", "ended_at"])
    op.create_index("ix_alarm_episodes_ended_at", "alarm_episodes", ["ended_at"])
    op.create_table(
        "site_events",
        sa.Column("site_id", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("detail", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name="fk_site_events_site_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("site_id", "kind", "name", name="pk_site_events"),
    )
    op.create_index("ix_site_events_at", "site_events", ["at"])


def downgrade() -> None:
    """Back to the one before."""
    for table in ("site_events", "alarm_episodes", "hours", "minutes"):
        op.drop_table(table)
