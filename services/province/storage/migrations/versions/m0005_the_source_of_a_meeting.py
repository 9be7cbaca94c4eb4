"""What an imported meeting was at its source; changed occurrences with words of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OF_MEETINGS = ("source_sequence", "source_stamp", "source_cancelled")
OF_CHANGES = ("title", "address", "chair", "free", "imported")


def upgrade() -> None:
    """To this release."""
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source_sequence", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("source_stamp", sa.Float(precision=53), nullable=True))
        batch_op.add_column(
            sa.Column("source_cancelled", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    with op.batch_alter_table("occurrence_changes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("title", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("address", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("chair", sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column("free", sa.Boolean(), nullable=True))
        batch_op.add_column(
            sa.Column("imported", sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    """Back to the one before; what a change had of its own is as in its series again."""
    for table, columns in (("occurrence_changes", OF_CHANGES), ("meetings", OF_MEETINGS)):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.drop_column(column)
