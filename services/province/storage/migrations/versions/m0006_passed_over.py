"""What was passed over; and no report is kept any more that PostgreSQL cannot read."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ODD = (r"\u0000", r"\ud8", r"\ud9", r"\uda", r"\udb", r"\udc", r"\udd", r"\ude", r"\udf")
"""Escapes of the zero byte and of half a letter, as the program wrote them."""


def upgrade() -> None:
    """To this release. The next report of a site takes the place of one that is deleted."""
    op.create_table(
        "passed_over",
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("first_at", sa.Float(precision=53), nullable=False),
        sa.Column("last_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("part", "subject", name=op.f("pk_passed_over")),
    )
    with op.batch_alter_table("passed_over", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passed_over_last_at"), ["last_at"], unique=False)
    reports = sa.table("last_reports", sa.column("state", sa.JSON()))
    state = sa.cast(reports.c.state, sa.Text())
    odd = sa.or_(*(state.contains(escape, autoescape=True) for escape in ODD))
    op.execute(sa.delete(reports).where(odd))


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("passed_over")
