"""Alembic's entry: runs the migrations on the connection that `Database.upgrade` hands over."""

from alembic import context

from services.province.storage.history_tables import Minute
from services.province.storage.partitions import is_partition

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Minute.metadata,  # all tables': who imports these has imported the others
    include_name=lambda name, kind, _parents: kind != "table" or not is_partition(name),
    render_as_batch=True,
)
context.run_migrations()
