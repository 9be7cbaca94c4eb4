"""What a card has of its own site; the ID and PIN of a meeting's conference."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OF_SITES = {"sip_user": 64, "sip_password": 128, "extension": 32, "contact": 120, "telephone": 40}
CODES = {"conference_id": 16, "conference_pin": 16}


def upgrade() -> None:
    """To this release."""
    for table, columns in (("sites", OF_SITES), ("meetings", CODES)):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, length in columns.items():
                text = sa.String(length=length)
                batch_op.add_column(sa.Column(name, text, server_default="", nullable=False))
    with op.batch_alter_table("occurrence_changes", schema=None) as batch_op:
        for name, length in CODES.items():
            batch_op.add_column(sa.Column(name, sa.String(length=length), nullable=True))


def downgrade() -> None:
    """Back to the one before; users, passwords, IDs and PINs are gone."""
    tables = {"occurrence_changes": CODES, "meetings": CODES, "sites": OF_SITES}
    for table, columns in tables.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in columns:
                batch_op.drop_column(name)
