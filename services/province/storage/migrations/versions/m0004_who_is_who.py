"""Who is who in a room: each meeting's secret, and the floor by participant."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FLOOR_COLUMNS = (
    ("holder_number", sa.BigInteger()),
    ("holder_site", sa.String(63)),
    ("leader_number", sa.BigInteger()),
    ("leader_site", sa.String(63)),
    ("leader", sa.String(200)),
    ("wrong_pins", sa.Integer()),
)


def upgrade() -> None:
    """To this release. Each meeting gets a secret; a floor that was given to a name is nobody's."""
    op.add_column("meetings", sa.Column("secret", sa.String(64), server_default="", nullable=False))
    for name, kind in FLOOR_COLUMNS:
        op.add_column("floors", sa.Column(name, kind, nullable=True))
    op.execute("UPDATE floors SET wanted = '', shown = ''")
    meetings = sa.table("meetings", sa.column("id"), sa.column("secret"))
    bind = op.get_bind()
    for (number,) in bind.execute(sa.select(meetings.c.id)).all():
        made = meetings.update().where(meetings.c.id == number)
        bind.execute(made.values(secret=secrets.token_hex(32)))


def downgrade() -> None:
    """Back to the one before."""
    for name, _ in reversed(FLOOR_COLUMNS):
        op.drop_column("floors", name)
    op.drop_column("meetings", "secret")
