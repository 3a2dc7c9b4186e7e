"""Alembic's environment: the database comes from the caller or from the settings, never from a file."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, Engine

from webapp.settings import Settings
from webapp.wiring import metadata


def run(connection: Connection) -> None:
    """Run the migrations on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Connect as the caller wishes."""
    given: Engine | None = context.config.attributes.get("engine")
    if given is None:
        from webapp.db import Database

        given = Database(Settings.from_environment().database_url).engine
    with given.connect() as connection:
        run(connection)


main()
