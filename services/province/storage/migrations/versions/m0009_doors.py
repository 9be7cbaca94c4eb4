"""When the doors of a meeting open."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this release.

    A meeting that says nothing has the sites' own default.
    """
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("doors_s", sa.Float(precision=53), nullable=True))


def downgrade() -> None:
    """Back to the one before.

    Every meeting has the default again.
    """
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.drop_column("doors_s")
