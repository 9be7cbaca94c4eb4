"""When the doors of one occurrence of a series open."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this release.

    An occurrence that says nothing is as its series.
    """
    with op.batch_alter_table("occurrence_changes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("doors_s", sa.Float(precision=53), nullable=True))


def downgrade() -> None:
    """Back to the one before.

    Every occurrence is as its series again.
    """
    with op.batch_alter_table("occurrence_changes", schema=None) as batch_op:
        batch_op.drop_column("doors_s")
